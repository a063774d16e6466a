"""Small parts of every page: ``{% load ui %}``. docs/explanation/pages.md shows each in use."""

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

from portal.home.age import ago_words, short_age
from portal.home.kind_icons import kind_icon_name
from portal.home.states import state_word

register = template.Library()

# After a mark between two letters or digits; an entity such as &amp; has none inside.
_MARKS = re.compile(r"([./:@_=?]+)(?=\w)")
TINTS = ("iris", "blue", "jade", "orange", "red", "violet")


@register.simple_tag
@cache
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """``{% icon "box" %}``; ``css`` is "small", "tiny" or "spin"; with a label it is an image that speaks."""
    speaks = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    use = f"{static('dist/icons.svg')}#{name}"
    return format_html('<svg class="icon {}" {}><use href="{}"></use></svg>', css, speaks, use)


@register.simple_tag
def kind_icon(kind: str, css: str = "") -> SafeString:
    """The icon of a Kubernetes kind: ``{% kind_icon resource.kind %}``."""
    return icon(kind_icon_name(kind), css)


@register.simple_tag
def state_icon(state: str) -> SafeString:
    """Only the icon of a state, for a place that carries ``data-state`` itself."""
    return icon(state_word(state).icon, "spin" if state == "progressing" else "")


@register.simple_tag
@cache
def state_badge(state: str, css: str = "") -> SafeString:
    """The word of a state with its icon and colour; what it means is shown on hover. ``css="plain"``: no
    ground."""
    word = state_word(str(state))
    return format_html(
        '<span class="badge {}" data-state="{}" title="{}">{}{}</span>',
        css, str(state), word.meaning, state_icon(str(state)), word.label,
    )  # fmt: skip


@register.simple_tag
def ago(when: datetime | str | None, style: str = "long") -> SafeString:
    """How long ago, with the full time on hover. Takes a datetime or Kubernetes' text; ``style="short"`` is
    "5m"."""
    if isinstance(when, str):
        when = parse_time(when)
    if when is None:
        return SafeString("")
    words = short_age(when, timezone.now()) if style == "short" else ago_words(when, timezone.now())
    full = timezone.localtime(when).strftime("%d %B %Y, %H:%M:%S %Z")
    return SafeString(f'<time datetime="{when.isoformat()}" title="{full}">{words}</time>')


def parse_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@register.simple_tag
def copy_button(text: str, label: str = "Copy") -> SafeString:
    """A button that copies the text, e.g. beside a name or a command."""
    return format_html(
        '<button class="icon-button" type="button" data-copy="{}" aria-label="{}" title="{}">{}</button>',
        text, label, label, icon("copy", "small"),
    )  # fmt: skip


@register.filter
def initials(name: str) -> str:
    """Two letters of a name: "Ada Lovelace" gives AL, "checkout-api" gives C."""
    words = str(name).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def breakable(text: Any) -> SafeString:
    """A long address or path may break after its marks, and not within a word: ``{{ url|breakable }}``."""
    return SafeString(_MARKS.sub(r"\1<wbr>", escape(text)))


@register.filter
def tint(name: str) -> str:
    """One of the tile tints, the same for the same name: ``<span class="tile {{ contract.category|tint
    }}">``."""
    return TINTS[sum(str(name).encode()) % len(TINTS)]


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """``{{ table|get:key }}`` where the key is a variable; nothing when there is none."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.inclusion_tag("home/_problem_list.html")
def problem_list(problems: Iterable[Any], editor: str = "") -> dict[str, Any]:
    """Every problem as a line. ``editor`` is the id of a code editor in which a click shows the place."""
    return {"problems": list(problems), "editor": editor}
