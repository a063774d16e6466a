"""Options of list and watch requests, checked as a server checks them."""

from __future__ import annotations

from collections.abc import Mapping

from devcluster.http.options import is_true, unreadable_version
from devcluster.machinery.errors import ApiError, Cause, invalid
from devcluster.registry.lists import Selection
from devcluster.registry.watches import MAX_SECONDS, WatchRequest


def watch_request(selection: Selection, query: Mapping[str, str]) -> WatchRequest:
    """Parses the query of a watch. Raises 422 for conflicting options, 500 for a malformed version."""
    check_options(query, watching=True)
    version = query.get("resourceVersion", "")
    send = query.get("sendInitialEvents", "")
    bookmarks = is_true(query.get("allowWatchBookmarks", ""))
    number = number_of(version)
    initial = is_true(send) if send else version in ("", "0")
    seconds = float(query.get("timeoutSeconds") or 0) or MAX_SECONDS
    return WatchRequest(selection, number, initial, bookmarks, initial and bookmarks, seconds)


def number_of(version: str) -> int:
    if version and not version.isdigit():
        raise ApiError(500, "", unreadable_version(version))
    return int(version or 0)


def check_options(query: Mapping[str, str], *, watching: bool) -> None:
    """Rejects combinations of list options that a server rejects."""
    match, send = query.get("resourceVersionMatch", ""), query.get("sendInitialEvents")
    version = query.get("resourceVersion", "")
    found: list[Cause] = []

    def forbid(field: str, why: str) -> None:
        found.append(Cause("FieldValueForbidden", f"Forbidden: {why}", field))

    if send is not None and not watching:
        forbid("sendInitialEvents", "sendInitialEvents is forbidden for list")
    elif send is not None and match != "NotOlderThan":
        forbid(
            "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        )
        if match:
            found.append(
                Cause(
                    "FieldValueNotSupported",
                    f'Unsupported value: "{match}": supported values: "NotOlderThan"',
                    "resourceVersionMatch",
                )
            )
    elif watching and match and send is None:
        forbid(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        )
    elif not watching and match:
        found += _list_match_problems(match, version, bool(query.get("continue")))
    if found:
        raise invalid("ListOptions", "meta.k8s.io", "", found)


def _list_match_problems(match: str, version: str, continued: bool) -> list[Cause]:
    field = "resourceVersionMatch"
    found = []
    if not version:
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        found.append(Cause("FieldValueForbidden", f"Forbidden: {why}", field))
    if continued:
        why = "resourceVersionMatch is forbidden when continue is provided"
        found.append(Cause("FieldValueForbidden", f"Forbidden: {why}", field))
    if match not in ("Exact", "NotOlderThan"):
        listed = '"Exact", "NotOlderThan", ""'
        found.append(
            Cause(
                "FieldValueNotSupported", f'Unsupported value: "{match}": supported values: {listed}', field
            )
        )
    if match == "Exact" and version == "0":
        why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        found.append(Cause("FieldValueForbidden", f"Forbidden: {why}", field))
    return found
