"""Letters composed from rows and put into the outbox, and how many may leave."""
