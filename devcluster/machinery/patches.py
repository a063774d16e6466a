"""JSON patch (RFC 6902), merge patch (RFC 7386) and strategic merge patch, as functions of values."""

from __future__ import annotations

import copy
from typing import Any

from devcluster.machinery.errors import ApiError, bad_request
from devcluster.machinery.schema import Shape, deduced
from devcluster.machinery.typed import go_format

DIRECTIVE = "$patch"


class PatchFailed(Exception):
    """A JSON patch that cannot be applied to this object."""


def merge_patch(value: Any, patch: Any) -> Any:
    """RFC 7386: null removes, mappings are merged, everything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(value) if isinstance(value, dict) else {}
    for key, part in patch.items():
        if part is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), part)
    return merged


# ---- JSON patch


def json_patch(document: Any, operations: Any) -> Any:
    """Apply the operations in order to a copy.

    Raises ApiError 400 for a malformed patch, PatchFailed for an operation that fails.
    """
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    if len(operations) > 10_000:
        raise ApiError(
            413, "RequestEntityTooLarge", "The allowed maximum operations in a JSON patch is 10000"
        )
    document = copy.deepcopy(document)
    for operation in operations:
        document = _operate(document, operation)
    return document


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation.get("op"), operation.get("path")
    if not isinstance(path, str):
        raise PatchFailed("missing path")
    if kind == "add":
        return _put(document, path, operation.get("value"), insert=True)
    if kind == "replace":
        return _put(document, path, operation.get("value"), insert=False)
    if kind == "remove":
        return _remove(document, path)
    if kind == "test":
        if not _equal(_get(document, path, "", absent=None), operation.get("value")):
            raise PatchFailed(f"testing value {path} failed: test failed")
        return document
    if kind in ("copy", "move"):
        source = str(operation.get("from"))
        value = copy.deepcopy(
            _get(document, source, "{} operation does not apply: doc is missing from path: {}: missing value")
        )
        if kind == "move":
            document = _remove(document, source)
        return _put(document, path, value, insert=True)
    raise PatchFailed(f"Unexpected kind: {kind}")


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


MISSING: Any = object()


def _child(node: Any, step: str) -> Any:
    if isinstance(node, dict):
        return node.get(step, MISSING)
    if isinstance(node, list) and step.lstrip("-").isdigit() and -len(node) <= int(step) < len(node):
        return node[int(step)]
    return MISSING


def _get(document: Any, path: str, message: str, absent: Any = MISSING) -> Any:
    for step in _steps(path):
        document = _child(document, step)
        if document is MISSING:
            if absent is not MISSING:
                return absent
            raise PatchFailed(message.format(path, path))
    return document


def _parent(document: Any, path: str, verb: str) -> tuple[Any, str]:
    *before, last = _steps(path)
    for step in before:
        document = _child(document, step)
        if document is MISSING:
            raise PatchFailed(
                f'{verb} operation does not apply: doc is missing path: "{path}": missing value'
            )
    return document, last


def _put(document: Any, path: str, value: Any, *, insert: bool) -> Any:
    if not path:
        return copy.deepcopy(value)
    parent, last = _parent(document, path, "add" if insert else "replace")
    if isinstance(parent, list):
        index = len(parent) if last == "-" else int(last) if last.isdigit() else -1
        if not 0 <= index <= len(parent):
            raise PatchFailed(
                f'add operation does not apply: doc is missing path: "{path}": Unable to access invalid '
                f"index: {last}: invalid index referenced"
            )
        if insert:
            parent.insert(index, copy.deepcopy(value))
        else:
            parent[index] = copy.deepcopy(value)
    elif isinstance(parent, dict):
        parent[last] = copy.deepcopy(value)
    return document


def _remove(document: Any, path: str) -> Any:
    parent, last = _parent(document, path, "remove")
    if _child(parent, last) is MISSING:
        raise PatchFailed(f"Unable to remove nonexistent key: {last}: missing value")
    if isinstance(parent, list):
        parent.pop(int(last))
    else:
        del parent[last]
    return document


# ---- strategic merge patch


def strategic_patch(value: Any, patch: Any, shape: Shape | None) -> Any:
    """Merge by the rules of the kind.

    Lists are merged by their merge key; `$patch`, `$deleteFromPrimitiveList`, `$retainKeys` and
    `$setElementOrder` are supported.
    """
    shape = deduced(shape, patch)
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    return _merge_mapping(value if isinstance(value, dict) else {}, patch, shape)


def _merge_mapping(value: dict[str, Any], patch: dict[str, Any], shape: Shape) -> dict[str, Any]:
    directive = patch.get(DIRECTIVE)
    if directive == "replace":
        return copy.deepcopy({key: part for key, part in patch.items() if key != DIRECTIVE})
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f"unknown patch type found: {directive}")
    merged = dict(value)
    retained = patch.get("$retainKeys")
    if isinstance(retained, list):
        merged = {key: part for key, part in merged.items() if key in retained}
    for key, part in patch.items():
        if key.startswith("$"):
            _list_directive(merged, key, part, shape)
        elif part is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge_field(merged.get(key), part, shape.child(key))
    for key, part in patch.items():
        if key.startswith("$setElementOrder/"):
            _order(merged, key.partition("/")[2], part, shape)
    return merged


def _list_directive(merged: dict[str, Any], key: str, part: Any, shape: Shape) -> None:
    if key.startswith("$deleteFromPrimitiveList/"):
        name = key.partition("/")[2]
        if isinstance(merged.get(name), list):
            merged[name] = [item for item in merged[name] if item not in part]


def _order(merged: dict[str, Any], name: str, wanted: Any, shape: Shape) -> None:
    items = merged.get(name)
    inner = shape.child(name)
    if not isinstance(items, list) or not isinstance(wanted, list):
        return
    merge_key = _merge_key(inner)

    def key_of(item: Any) -> str:
        return str(item.get(merge_key) if merge_key and isinstance(item, dict) else item)

    order = {key_of(item): index for index, item in enumerate(wanted)}
    positions = [index for index, item in enumerate(items) if key_of(item) in order]
    named = sorted((items[index] for index in positions), key=lambda item: order[key_of(item)])
    arranged = list(items)
    for index, item in zip(positions, named, strict=True):
        arranged[index] = item
    merged[name] = arranged


def _merge_field(value: Any, part: Any, shape: Shape | None) -> Any:
    shape = deduced(shape, part)
    if isinstance(part, dict):
        if "replace" in shape.strategies and "merge" not in shape.strategies:
            return copy.deepcopy(part)
        return _merge_mapping(value if isinstance(value, dict) else {}, part, shape)
    if isinstance(part, list) and "merge" in shape.strategies:
        items = value if isinstance(value, list) else []
        return _merge_items(items, part, shape) if _merge_key(shape) else _merge_primitives(items, part)
    return copy.deepcopy(part)


def _merge_key(shape: Shape | None) -> str:
    return shape.merge_key if shape is not None else ""


def _merge_primitives(value: list[Any], part: list[Any]) -> list[Any]:
    only = [item for item in value if item not in part]
    return _interleaved(only, list(part), value)


def _merge_items(value: list[Any], part: list[Any], shape: Shape) -> list[Any]:
    """Merge items by their merge key. Patched items keep their place; new items come first."""
    if any(isinstance(item, dict) and item.get(DIRECTIVE) == "replace" for item in part):
        return [copy.deepcopy(item) for item in part if item.get(DIRECTIVE) != "replace"]
    key = shape.merge_key
    present = {str(item[key]): item for item in value if isinstance(item, dict) and key in item}
    patched: dict[str, Any] = {}
    deleted: set[str] = set()
    for item in part:
        if not isinstance(item, dict) or key not in item:
            raise ApiError(500, "", f"map: {go_format(item)} does not contain declared merge key: {key}")
        name = str(item[key])
        if item.get(DIRECTIVE) == "delete":
            deleted.add(name)
        else:
            patched[name] = strategic_patch(patched.get(name) or present.get(name) or {}, item, shape.items)
    rest = [item for item in value if str(item.get(key)) not in deleted | patched.keys()]
    order = [patched.get(str(item.get(key)), item) for item in value]
    return _interleaved(rest, list(patched.values()), order)


def _interleaved(rest: list[Any], named: list[Any], before: list[Any]) -> list[Any]:
    """The unnamed and the named items in the order of `before`; new items in the order of the patch."""

    def position(item: Any) -> int:
        return next((index for index, one in enumerate(before) if one is item or one == item), -1)

    order = []
    rest, named = list(rest), list(named)
    while rest and named:
        order.append(rest.pop(0) if position(named[0]) > position(rest[0]) else named.pop(0))
    return order + rest + named
