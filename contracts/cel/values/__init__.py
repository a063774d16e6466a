"""Run-time values, and the operations on them."""
