"""The parts of an apiVersion: ``apps/v1`` is the version ``v1`` of the group ``apps``."""

from __future__ import annotations


def group_of(api_version: str) -> str:
    """The group; empty for the core group."""
    return api_version.rpartition("/")[0]


def version_of(api_version: str) -> str:
    return api_version.rpartition("/")[2]
