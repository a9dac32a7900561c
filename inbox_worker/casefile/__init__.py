"""A request's file: what was filed, what is doubtful in it, and what an answer would say."""
