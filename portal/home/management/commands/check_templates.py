"""``manage.py check_templates``: templates compile, and their icons exist. Part of ``make lint``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template import TemplateSyntaxError
from django.template.loader import get_template

ICON = re.compile(r"""{%\s*icon\s+["']([\w-]+)["']""")
# Scripts and styles that the content security policy would block.
FORBIDDEN = re.compile(r"""<script(?![^>]*\ssrc=)[^>]*>|\sstyle=["']|\son[a-z]+=["']|\shx-on""")


class Command(BaseCommand):
    help = "Compile every template; check for unknown icons, inline scripts and inline styles."
    requires_system_checks = ()

    def handle(self, **_: Any) -> None:
        folder = settings.BASE_DIR / "templates"
        problems = [
            problem for path in sorted(folder.rglob("*.html")) for problem in problems_of(path, folder)
        ]
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write("Every template compiles.")


def problems_of(path: Path, folder: Path) -> Iterator[str]:
    name = str(path.relative_to(folder))
    try:
        get_template(name)
    except TemplateSyntaxError as problem:
        yield f"{name}: {problem}"
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for icon in ICON.findall(line):
            if icon not in icon_names():
                yield f"{name}:{number}: unknown icon {icon}; add it to static/icons/names.txt"
        if found := FORBIDDEN.search(line):
            yield f"{name}:{number}: {found.group().strip()} is blocked by the content security policy"


def icon_names() -> set[str]:
    lines = (settings.BASE_DIR / "static" / "icons" / "names.txt").read_text().splitlines()
    return {name for line in lines if not line.startswith("#") for name in line.split()}
