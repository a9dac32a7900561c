"""What a mail is and what it is about: ordered tables of rules, of which the first decides."""
