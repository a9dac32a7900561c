"""Handing letters to the relay: the port to the outbox, the dispatcher, and SMTP."""
