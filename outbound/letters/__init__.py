"""Every letter: its words from one template, its parts as plain text and HTML, its bytes."""
