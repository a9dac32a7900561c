"""Request Forms that leave: the blank one, filled and drawn."""
