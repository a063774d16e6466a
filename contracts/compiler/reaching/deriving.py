"""The whole reach of a definition."""

from __future__ import annotations

from dataclasses import replace

from contracts.cel.typecheck.taint import Level
from contracts.compiler.definition import Definition
from contracts.compiler.reach import Reach
from contracts.compiler.reaching.objects import object_entries
from contracts.compiler.reaching.places import Places
from contracts.compiler.reaching.secret_flow import flow_entry, report_implicit, secret_uses
from contracts.compiler.reporter import Reporter


def with_reach(definition: Definition, reporter: Reporter) -> Definition:
    """The definition with its reach.

    Values that a Secret only decides are reported as warnings; entries of the reach are no problems.
    """
    places = Places(definition)
    uses = secret_uses(places)
    flows = [use for use in uses if use.level is Level.FLOW]
    for use in uses:
        if use.level is not Level.FLOW:
            report_implicit(use, places, reporter)
    entries = [*object_entries(places, reporter), *(flow_entry(use, places, reporter) for use in flows)]
    entries.sort(key=lambda entry: (entry.line, entry.column))
    return replace(definition, reach=Reach(tuple(entries)))
