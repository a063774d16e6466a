"""Types, their signatures, unification and assignability."""
