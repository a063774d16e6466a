"""The author's documents → nodes, expressions and presentation; every fault is reported at its position."""
