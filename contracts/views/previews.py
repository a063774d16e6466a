"""Pictures of a contract that other rooms draw: its generated form and its graph, found by dotted name."""

from __future__ import annotations

import logging

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from contracts.compiler import Compilation

log = logging.getLogger("slipway.contracts")


def form_preview(compilation: Compilation) -> SafeString:
    """The form that developers would get, as HTML; empty while the spec cannot be understood."""
    if compilation.form_schema is None:
        return SafeString("")
    return drawn("CONTRACT_FORM_PREVIEW", compilation)


def graph_preview(compilation: Compilation) -> SafeString:
    """The resources and what needs what, as HTML; empty when nothing is known of them."""
    if compilation.outline is None or not compilation.outline.nodes:
        return SafeString("")
    return drawn("CONTRACT_GRAPH_PREVIEW", compilation)


def drawn(setting: str, compilation: Compilation) -> SafeString:
    """A picture that cannot be drawn costs the picture, never the page that the author is writing on."""
    dotted = getattr(settings, setting, "")
    if not dotted:
        return SafeString("")
    try:
        return SafeString(import_string(dotted.replace(":", "."))(compilation))
    except Exception:
        log.exception("%s failed", setting)
        return SafeString("")
