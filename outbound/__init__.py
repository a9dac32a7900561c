"""Everything that leaves: letters, certifications, and their submission over SMTP.

It knows nothing of requests as the store keeps them, of IMAP or of SQLAlchemy: it composes from
frozen values it is handed, and reaches the outbox through the port in `outbound.submission.outbox`.
"""
