"""What replies may say: the keywords of staff, and the questions that may be put to requesters."""
