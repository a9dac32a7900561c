"""The contact directory: where people are sent whose question is not for this mailbox."""
