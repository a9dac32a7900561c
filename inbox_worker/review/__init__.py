"""Review by reply: notices, who may command what, decisions, and their issue."""
