"""The server's side of the job: rounds of fetching and moving, renumbering, reconciling."""
