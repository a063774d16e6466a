"""Queue, watches → key, one pass, conditions, back-off, and the projection into the database."""
