"""The IMAP server: a connection, its mailbox, waiting for mail; no database."""
