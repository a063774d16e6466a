"""Previews that higher layers render: the generated form and the graph, found by dotted name."""

from __future__ import annotations

import logging

from django.utils.safestring import SafeString

from contracts.compiler import Compilation
from portal.hooks import load_one

log = logging.getLogger("slipway.contracts")


def form_preview(compilation: Compilation) -> SafeString:
    """The form that developers would get, as HTML; empty while the spec cannot be parsed."""
    if compilation.form_schema is None:
        return SafeString("")
    return render_hook("CONTRACT_FORM_PREVIEW", compilation)


def graph_preview(compilation: Compilation) -> SafeString:
    """The resources and their dependencies, as HTML; empty while none are known."""
    if compilation.outline is None or not compilation.outline.nodes:
        return SafeString("")
    return render_hook("CONTRACT_GRAPH_PREVIEW", compilation)


def render_hook(setting: str, compilation: Compilation) -> SafeString:
    """A preview that fails is left out; the page that the author is writing on still works."""
    render = load_one(setting)
    if render is None:
        return SafeString("")
    try:
        return SafeString(render(compilation))
    except Exception:
        log.exception("%s failed", setting)
        return SafeString("")
