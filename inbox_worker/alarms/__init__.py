"""What is wrong with the service itself, judged from facts, raised once and told to people."""
