"""Sample data: the demo's people and teams, then whatever the rooms above bring."""

from __future__ import annotations

from portal.accounts import demo
from portal.hooks import hooks


def load() -> list[str]:
    """Make what is missing; returns the names of the loaders that ran. Safe to repeat."""
    demo.load()
    ran = ["portal.accounts.demo.load"]
    for dotted, loader in hooks("DEMO_LOADERS"):
        loader()
        ran.append(dotted)
    return ran
