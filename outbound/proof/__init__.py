"""What proves a case to others: the readable index of a bundle."""
