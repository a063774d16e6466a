"""What a parsed contract must satisfy: dependencies, types of expressions, status, rules, defaults."""
