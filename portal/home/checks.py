"""System checks: hooks that cannot be imported, and assets that are not built."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from portal.hooks import dotted_names, load


@register()
def hooks_can_be_imported(**_: Any) -> list[CheckMessage]:
    return [
        Error(problem, id="portal.E001")
        for setting, dotted in dotted_names()
        if (problem := import_problem(setting, dotted))
    ]


def import_problem(setting: str, dotted: str) -> str:
    try:
        load(setting, dotted)
    except ImproperlyConfigured as error:
        return str(error)
    return ""


@register()
def assets_are_built(**_: Any) -> list[CheckMessage]:
    if settings.STATIC_ROOT_IS_BUILT or (settings.BASE_DIR / "static" / "dist" / "app.css").exists():
        return []
    return [Warning("The front-end assets are not built.", hint="Run `make setup`.", id="portal.W002")]
