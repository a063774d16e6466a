"""What a browser posts: the controls of a page with their text (HTML, 4.10.22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Control:
    """``text`` is what the control holds, with LF; ``kind`` is the type of an input, or the element."""

    kind: str
    name: str
    text: str = ""
    checked: bool = True
    options: list[tuple[str, bool]] = field(default_factory=list)
    locked: bool = False

    @property
    def is_typed(self) -> bool:
        return self.kind in ("text", "textarea") and not self.locked and not self.name.startswith("_")


def controls(html: str) -> list[Control]:
    reader = _Reader(convert_charrefs=True)
    reader.feed(html.replace("\r\n", "\n").replace("\r", "\n"))
    reader.close()
    return reader.found


def posted(found: list[Control]) -> list[tuple[str, str]]:
    """The names and texts of a POST, in order."""
    return [(one.name, text.replace("\n", "\r\n")) for one in found for text in _submitted(one) if one.name]


def _submitted(one: Control) -> Iterator[str]:
    if one.kind == "select":
        chosen = [text for text, selected in one.options if selected]
        yield from chosen[-1:] or [text for text, _ in one.options[:1]]
    elif one.checked:
        yield one.text


class _Reader(HTMLParser):
    def __init__(self, *, convert_charrefs: bool) -> None:
        super().__init__(convert_charrefs=convert_charrefs)
        self.found: list[Control] = []
        self._area: Control | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, text = given.get("name", ""), given.get("value", "")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if tag == "input":
            kind = given.get("type", "text")
            checked = kind not in ("checkbox", "radio") or "checked" in given
            if kind == "text":
                text = text.replace("\n", "")
            self.found.append(Control(kind, name, text, checked, locked="readonly" in given))
        elif tag == "select":
            self.found.append(Control("select", name))
        elif tag == "option" and self.found and self.found[-1].kind == "select":
            self.found[-1].options.append((text, "selected" in given))
        elif tag == "textarea":
            self._area = Control("textarea", name, locked="readonly" in given)
            self.found.append(self._area)

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            text = self._area.text.removeprefix("\n")
            self._area.text = text.replace("\r\n", "\n").replace("\r", "\n")
            self._area = None
