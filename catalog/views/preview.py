"""Previews for the contract editor: the form that developers would get, and the graph of its resources.

Loaded by dotted name (``CONTRACT_FORM_PREVIEW``, ``CONTRACT_GRAPH_PREVIEW``), as contracts never import the
catalog.
"""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog.forms.fields import build
from catalog.graph.view import graph_of_definition, graph_of_outline
from contracts.compiler import Compilation


def form_for(compilation: Compilation) -> SafeString:
    """Every field with its defaults, disabled."""
    if compilation.form_schema is None:
        return SafeString("")
    tree = build(compilation.form_schema, compilation.presentation.form, {})
    if tree.is_long:
        return SafeString("")
    return render_to_string("catalog/_form_sample.html", {"tree": tree})


def graph_for(compilation: Compilation) -> SafeString:
    if compilation.definition is not None:
        graph = graph_of_definition(compilation.definition)
    elif compilation.outline is not None:
        graph = graph_of_outline(compilation.outline)
    else:
        return SafeString("")
    if not graph.drawable:
        return SafeString("")
    return render_to_string("catalog/_graph.html", {"graph": graph, "plain": True})
