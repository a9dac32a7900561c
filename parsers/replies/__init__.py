"""What a person wrote in a reply: the new text, and the one command in it or why there is none."""
