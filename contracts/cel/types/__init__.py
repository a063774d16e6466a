"""Types: what they are, how they are written, and how they match."""
