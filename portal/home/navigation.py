"""The sidebar: its entries from the settings, with URLs, permissions and counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.urls import NoReverseMatch, reverse

from portal.accounts.models import User
from portal.accounts.permission import PLATFORM, can
from portal.hooks import load_entry


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    icon: str
    url: str
    key: str = ""  # pressed after "g"
    count: int = 0
    hot: bool = False  # the count needs attention
    current: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    entries: tuple[Entry, ...]


def navigation(user: User | AnonymousUser, path: str) -> list[Section]:
    """Sections with the entries that this user may open; without empty sections."""
    current = current_url(path, settings.NAVIGATION)
    sections = []
    for title, items in settings.NAVIGATION:
        entries = tuple(entry for item in items if (entry := make_entry(item, user, current)))
        if entries:
            sections.append(Section(title, entries))
    return sections


def make_entry(item: Mapping[str, Any], user: User | AnonymousUser, current: str) -> Entry | None:
    url = url_of(item)
    if not url or ("verb" in item and not can(user, item["verb"], PLATFORM)):
        return None
    count = counted(item["view"], user)
    return Entry(
        label=item["label"],
        icon=item["icon"],
        url=url,
        key=item.get("key", ""),
        count=count,
        hot=bool(item.get("hot")),
        current=url == current,
    )


def counted(view: str, user: User | AnonymousUser) -> int:
    count = load_entry("NAVIGATION_COUNTS", view)
    return int(count(user)) if count and user.is_authenticated else 0


def current_url(path: str, sections: Iterable[tuple[str, Iterable[Mapping[str, Any]]]]) -> str:
    """The URL of the entry that is the longest prefix of ``path``; the home page only matches exactly."""
    urls = [url_of(item) for _, items in sections for item in items]
    matching = [url for url in urls if url and (path == url or (url != "/" and path.startswith(url)))]
    return max(matching, key=len, default="")


def url_of(item: Mapping[str, Any]) -> str:
    """The URL of the entry, empty if the package has no such page."""
    try:
        return reverse(item["view"])
    except NoReverseMatch:
        return ""
