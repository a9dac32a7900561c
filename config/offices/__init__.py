"""Field offices: which of them a court's state and county point to."""
