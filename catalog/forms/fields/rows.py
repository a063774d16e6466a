"""Adds, removes and moves rows of a list or map, in the posted tree of tokens."""

from __future__ import annotations

from typing import Any

from catalog.forms.fields.input_names import is_row, unused_row

Raw = dict[str, Any]


def apply_operation(tree: Raw, operation: str) -> str:
    """Apply a button's operation to ``tree``. Returns the name of an added row.

    ``add:/ports``, ``remove:/ports/@1``, ``up:/ports/@1``, ``down:/ports/@1``. Unknown names change nothing.
    """
    verb, _, name = operation.partition(":")
    tokens = name.split("/")[1:]
    if not tokens:
        return ""
    if verb == "add":
        rows = _find(tree, tokens, make=True)
        if rows is None:
            return ""
        token = unused_row(filter(is_row, rows))
        rows[token] = {}
        return f"{name}/{token}"
    rows = _find(tree, tokens[:-1])
    if rows is not None and tokens[-1] in rows and is_row(tokens[-1]):
        if verb == "remove":
            del rows[tokens[-1]]
        elif verb in ("up", "down"):
            _move(rows, tokens[-1], -1 if verb == "up" else 1)
    return ""


def _find(tree: Raw, tokens: list[str], *, make: bool = False) -> Raw | None:
    at = tree
    for token in tokens:
        deeper = at.get(token)
        if not isinstance(deeper, dict):
            if not make:
                return None
            deeper = at[token] = {}
        at = deeper
    return at


def _move(rows: Raw, token: str, by: int) -> None:
    order = list(rows)
    here = order.index(token)
    there = min(max(here + by, 0), len(order) - 1)
    order[here], order[there] = order[there], order[here]
    entries = dict(rows)
    rows.clear()
    rows.update({name: entries[name] for name in order})
