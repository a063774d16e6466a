"""The framework of the controllers: cache, actions, clock and reconcile loop."""
