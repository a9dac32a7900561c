"""The worker: mailbox, journal, filing, review, issuing, scheduling and the command line."""
