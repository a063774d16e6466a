"""System checks: hooks that cannot be imported, and assets that are not built."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from portal.hooks import dotted_names, load


@register()
def hooks_can_be_loaded(**_: Any) -> list[CheckMessage]:
    return [
        Warning(f"{setting} names {dotted}, which cannot be imported.", id="portal.W001")
        for setting, dotted in dotted_names()
        if load(dotted) is None
    ]


@register()
def assets_are_built(**_: Any) -> list[CheckMessage]:
    if settings.STATIC_ROOT_IS_BUILT or (settings.BASE_DIR / "static" / "dist" / "app.css").exists():
        return []
    return [Warning("The front-end assets are not built.", hint="Run `make setup`.", id="portal.W002")]
