"""Form definitions and the blank forms built from them, one pair per revision."""
