"""Sample data: users and teams of the demo, then the data of ``DEMO_LOADERS``."""

from __future__ import annotations

from portal.accounts import demo
from portal.hooks import hooks


def load() -> list[str]:
    """Create what is missing. Returns the names of the loaders that ran. Safe to repeat."""
    demo.load()
    ran = ["portal.accounts.demo.load"]
    for dotted, loader in hooks("DEMO_LOADERS"):
        loader()
        ran.append(dotted)
    return ran
