"""The functions that Kubernetes adds to CEL."""

from __future__ import annotations

from contracts.cel.library.kubernetes import lists, network, quantity, regex, semver, urls

__all__ = ["lists", "network", "quantity", "regex", "semver", "urls"]
