"""Template files; loaded as package data, never from the working directory."""
