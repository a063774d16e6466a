"""The graph of a contract or an instance: its layout, pure, and what a template draws."""
