"""The demonstration: invented people, servers inside the program, and the whole job once."""
