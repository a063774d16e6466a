"""The author's documents → nodes, expressions and presentation; every problem is reported at its position."""
