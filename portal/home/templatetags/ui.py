"""Components of the pages: ``{% load ui %}`` (docs/explanation/pages.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from portal.home.age import long_age, short_age
from portal.home.kind_icons import kind_icon_name
from portal.home.states import state_info

register = template.Library()

# After punctuation before a letter or digit; entities such as &amp; contain none.
_PUNCTUATION = re.compile(r"([./:@_=?]+)(?=\w)")
TINTS = ("iris", "blue", "jade", "orange", "red", "violet")


@register.simple_tag
@cache
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """``{% icon "box" %}``; ``css`` is "small", "tiny" or "spin"; with a label, an image with that name."""
    accessibility = (
        format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    )
    use = f"{static('dist/icons.svg')}#{name}"
    return format_html('<svg class="icon {}" {}><use href="{}"></use></svg>', css, accessibility, use)


@register.simple_tag
def kind_icon(kind: str, css: str = "") -> SafeString:
    """The icon of a Kubernetes kind: ``{% kind_icon resource.kind %}``."""
    return icon(kind_icon_name(kind), css)


@register.simple_tag
def state_icon(state: str) -> SafeString:
    """The icon of a state, inside an element with ``data-state``."""
    return icon(state_info(state).icon, "spin" if state == "progressing" else "")


@register.simple_tag
@cache
def state_badge(state: str, css: str = "") -> SafeString:
    """A state with icon and colour, explained on hover. ``css="plain"``: without background."""
    info = state_info(str(state))
    return format_html(
        '<span class="badge {}" data-state="{}" title="{}">{}{}</span>',
        css, str(state), info.meaning, state_icon(str(state)), info.label,
    )  # fmt: skip


@register.simple_tag
def ago(when: datetime | str | None, style: str = "long") -> SafeString:
    """The age of a datetime or Kubernetes timestamp, with the full time on hover. ``style="short"``: "5m"."""
    if isinstance(when, str):
        when = parse_time(when)
    if when is None:
        return SafeString("")
    age = short_age(when, timezone.now()) if style == "short" else long_age(when, timezone.now())
    full = timezone.localtime(when).strftime("%d %B %Y, %H:%M:%S %Z")
    return SafeString(f'<time datetime="{when.isoformat()}" title="{full}">{age}</time>')


def parse_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@register.simple_tag
def copy_button(text: str, label: str = "Copy") -> SafeString:
    """A button that copies the text."""
    return format_html(
        '<button class="icon-button" type="button" data-copy="{}" aria-label="{}" title="{}">{}</button>',
        text, label, label, icon("copy", "small"),
    )  # fmt: skip


@register.filter
def initials(name: str) -> str:
    """ "Ada Lovelace" → AL, "checkout-api" → C."""
    words = str(name).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def breakable(text: Any) -> SafeString:
    """Lets a long URL or path break after punctuation: ``{{ url|breakable }}``."""
    return SafeString(_PUNCTUATION.sub(r"\1<wbr>", escape(text)))


@register.filter
def tint(name: str) -> str:
    """A tile tint, always the same for a name: ``<span class="tile {{ contract.category|tint }}">``."""
    return TINTS[sum(str(name).encode()) % len(TINTS)]


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """``{{ table|get:key }}`` where the key is a variable; None if missing."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.inclusion_tag("home/_problem_list.html")
def problem_list(problems: Iterable[Any], editor: str = "") -> dict[str, Any]:
    """Every problem as a line. ``editor`` is the id of the code editor that a click moves to the problem."""
    return {"problems": list(problems), "editor": editor}
