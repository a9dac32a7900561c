"""A certification read back: its signature, the facts attached to it, the number on its page."""
