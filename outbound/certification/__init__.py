"""The Certification Form: facts computed from findings, the closed wording, and the document."""
