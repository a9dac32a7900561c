"""From a recorded mail to its disposition: `ingest`, and a handler for each kind of mail."""
