"""The running service: how it is put together, its jobs, and when each runs."""
