"""The rows: tables, units of work, and the stores that read and write them."""
