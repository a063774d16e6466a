"""Adds, removes and moves rows of a list or map, in the posted tree of tokens."""

from __future__ import annotations

from typing import Any

from catalog.forms.fields.input_names import SOURCE, is_row, unused_row

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
        token = unused_row([*filter(is_row, rows), *_original_rows(rows)])
        rows[token] = {}
        return f"{name}/{token}"
    rows = _find(tree, tokens[:-1])
    if rows is not None and tokens[-1] in rows and is_row(tokens[-1]):
        if verb == "remove":
            del rows[tokens[-1]]
        elif verb in ("up", "down"):
            _move(rows, tokens[-1], -1 if verb == "up" else 1)
    return ""


def _original_rows(rows: Raw) -> list[str]:
    """The last token that the form was rendered with; a removed row's token is never used again."""
    _, _, count = str(rows.get(SOURCE, "")).partition(":")
    return [f"@{int(count) - 1}"] if count.isdecimal() and len(count) < 10 and int(count) else []


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
    order = [name for name in rows if is_row(name)]
    here = order.index(token)
    there = min(max(here + by, 0), len(order) - 1)
    order[here], order[there] = order[there], order[here]
    entries = dict(rows)
    rows.clear()
    rows.update({name: entries[name] for name in entries if not is_row(name)})
    rows.update({name: entries[name] for name in order})
