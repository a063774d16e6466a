"""What a new revision of a contract changes for the instances that exist (kro §6.9).

The whole schemas are compared, including what kro ignores (quirk 24): maps, rules, list types, formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.compiler.definition import Definition

Schema = Mapping[str, Any]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference. ``code`` is kro's name in lowercase; ``breaking``: instances may become invalid."""

    code: str
    path: str
    message: str
    breaking: bool


_LOWER = ("minimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "maxLength", "maxItems", "maxProperties")
_LIMIT_NAMES = {
    "minimum": "minimum",
    "maximum": "maximum",
    "minLength": "minimum length",
    "maxLength": "maximum length",
    "minItems": "minimum number of items",
    "maxItems": "maximum number of items",
    "minProperties": "minimum number of entries",
    "maxProperties": "maximum number of entries",
}


def schema_changes(old: Definition, new: Definition) -> list[SchemaChange]:
    """Every difference that affects instances or their owners, breaking ones first."""
    changes = [
        *_identity(old, new),
        *_schema(old.spec_schema, new.spec_schema, ("spec",)),
        *_schema(old.status_schema, new.status_schema, ("status",)),
        *_nodes(old, new),
    ]
    return sorted(changes, key=lambda change: not change.breaking)


def _identity(old: Definition, new: Definition) -> Iterator[SchemaChange]:
    """kind, version, group and scope can never change (kro §1.1)."""
    for name, label in (("kind", "kind"), ("group", "API group"), ("version", "version"), ("scope", "scope")):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            message = f"The {label} changes from {before} to {after}; existing instances would be orphaned."
            yield SchemaChange(f"{name}-changed", f"schema.{name}", message, True)


def _schema(old: Schema, new: Schema, path: Path) -> Iterator[SchemaChange]:
    at = ".".join(map(str, path))
    before, after = _type(old), _type(new)
    if before == "map" and _is_free_object(new):
        yield SchemaChange("unknown-fields-kept", at, "Values of any type are accepted now.", False)
        return
    if before != after:
        yield SchemaChange("type-changed", at, f"The type changes from {before} to {after}.", True)
        return
    yield from _properties(old, new, path)
    yield from _limits(old, new, at)
    yield from _default(old, new, at)
    yield from _rules(old, new, at)
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        inner, other = old.get(key), new.get(key)
        below = (*path[:-1], f"{path[-1]}{mark}")
        if isinstance(inner, Mapping) and isinstance(other, Mapping):
            yield from _schema(inner, other, below)
        elif isinstance(inner, Mapping):
            yield SchemaChange("items-removed", at, "The item schema is removed.", True)


def _is_free_object(schema: Schema) -> bool:
    """Whether it is a free ``object``."""
    free = schema.get("type") == "object" and schema.get("x-kubernetes-preserve-unknown-fields")
    return bool(free) and not schema.get("properties")


def _type(schema: Schema) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    kind = str(schema.get("type", "anything"))
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return "map"
    return kind


def _properties(old: Schema, new: Schema, path: Path) -> Iterator[SchemaChange]:
    before: Mapping[str, Schema] = old.get("properties") or {}
    after: Mapping[str, Schema] = new.get("properties") or {}
    required_before, required_after = set(old.get("required") or ()), set(new.get("required") or ())
    for name, child in before.items():
        at = ".".join((*path, name))
        if name not in after:
            message = "The field is removed; its values in instances are dropped."
            yield SchemaChange("property-removed", at, message, True)
            continue
        other = after[name]
        if name in required_after and name not in required_before:
            yield SchemaChange("required-added", at, "The field becomes required.", True)
        elif name in required_before and name not in required_after:
            yield SchemaChange("required-removed", at, "The field is no longer required.", False)
        elif name in required_after and "default" in child and "default" not in other:
            yield SchemaChange("required-default-removed", at, "A required field loses its default.", True)
        yield from _schema(child, other, (*path, name))
    for name, child in after.items():
        if name not in before:
            at = ".".join((*path, name))
            needed = name in required_after and "default" not in child
            message = "A required field without a default is added." if needed else "A field is added."
            yield SchemaChange("property-added", at, message, needed)
    yield from _unknown_fields(old, new, ".".join(path))


def _unknown_fields(old: Schema, new: Schema, at: str) -> Iterator[SchemaChange]:
    before = bool(old.get("x-kubernetes-preserve-unknown-fields"))
    after = bool(new.get("x-kubernetes-preserve-unknown-fields"))
    if before and not after:
        yield SchemaChange(
            "unknown-fields-dropped", at, "Fields that are not in the schema are now dropped.", True
        )
    elif after and not before:
        yield SchemaChange(
            "unknown-fields-kept", at, "Fields that are not in the schema are now kept.", False
        )


def _limits(old: Schema, new: Schema, at: str) -> Iterator[SchemaChange]:
    yield from _enum(old.get("enum"), new.get("enum"), at)
    yield from _pattern(old.get("pattern"), new.get("pattern"), at)
    for name in (*_LOWER, *_UPPER):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        limit = _LIMIT_NAMES[name]
        if before is None:
            yield SchemaChange(f"{_kebab(name)}-added", at, f"A {limit} is added: {after}.", True)
        elif after is None:
            yield SchemaChange(f"{_kebab(name)}-removed", at, f"The {limit} ({before}) is removed.", False)
        else:
            raised = after > before
            direction = "increased" if raised else "decreased"
            message = f"The {limit} changes from {before} to {after}."
            yield SchemaChange(f"{_kebab(name)}-{direction}", at, message, raised == (name in _LOWER))
    if old.get("format") != new.get("format"):
        yield SchemaChange("format-changed", at, "The format changes.", bool(new.get("format")))
    if bool(old.get("nullable")) != bool(new.get("nullable")):
        yield SchemaChange(
            "nullable-changed", at, "Whether null is allowed changes.", bool(old.get("nullable"))
        )


def _kebab(name: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name)


def _enum(before: Any, after: Any, at: str) -> Iterator[SchemaChange]:
    if before == after:
        return
    if before is None:
        yield SchemaChange("enum-added", at, f"Only these values are allowed now: {_joined(after)}.", True)
    elif after is None:
        yield SchemaChange("enum-removed", at, "Any value is allowed now.", False)
    else:
        removed = [value for value in before if value not in after]
        added = [value for value in after if value not in before]
        if removed:
            yield SchemaChange("enum-restricted", at, f"No longer allowed: {_joined(removed)}.", True)
        if added:
            yield SchemaChange("enum-expanded", at, f"Also allowed: {_joined(added)}.", False)


def _joined(values: Any) -> str:
    return ", ".join(map(str, values))


def _pattern(before: Any, after: Any, at: str) -> Iterator[SchemaChange]:
    if before == after:
        return
    if before is None:
        yield SchemaChange("pattern-added", at, f"The value must match {after} now.", True)
    elif after is None:
        yield SchemaChange("pattern-removed", at, "The value no longer needs to match a pattern.", False)
    else:
        yield SchemaChange("pattern-changed", at, f"The pattern changes from {before} to {after}.", True)


def _default(old: Schema, new: Schema, at: str) -> Iterator[SchemaChange]:
    missing = object()
    before, after = old.get("default", missing), new.get("default", missing)
    if before != after and not (before in ({}, missing) and after in ({}, missing)):
        message = "The default changes; instances without a value get the new one when they are next written."
        yield SchemaChange("default-changed", at, message, False)


def _rules(old: Schema, new: Schema, at: str) -> Iterator[SchemaChange]:
    before = [rule["rule"] for rule in old.get("x-kubernetes-validations") or ()]
    after = [rule["rule"] for rule in new.get("x-kubernetes-validations") or ()]
    for rule in after:
        if rule not in before:
            message = (
                "The field can no longer be changed."
                if rule == "self == oldSelf"
                else f"A rule is added: {rule}."
            )
            yield SchemaChange("rule-added", at, message, True)
    for rule in before:
        if rule not in after:
            yield SchemaChange("rule-removed", at, f"A rule is removed: {rule}.", False)
    for key in ("x-kubernetes-list-type", "x-kubernetes-list-map-keys"):
        if old.get(key) != new.get(key):
            unique = new.get("x-kubernetes-list-type") in ("set", "map")
            yield SchemaChange("list-type-changed", at, "The list's merge keys change.", unique)
            break


def _nodes(old: Definition, new: Definition) -> Iterator[SchemaChange]:
    """Nodes are not part of the API, but owners of instances notice when resources are deleted."""
    before = {node.id: node for node in old.nodes}
    after = {node.id: node for node in new.nodes}
    for node_id, node in before.items():
        at = f"resources.{node_id}"
        if node_id not in after:
            message = f"The {node.kind} of node “{node_id}” is deleted from every instance."
            yield SchemaChange("node-removed", at, message, False)
        elif (node.group, node.kind) != (after[node_id].group, after[node_id].kind):
            message = f"Node “{node_id}” becomes a {after[node_id].kind}; its {node.kind} is deleted."
            yield SchemaChange("node-kind-changed", at, message, False)
    for node_id, node in after.items():
        if node_id not in before:
            message = f"Every instance gets an additional {node.kind}."
            yield SchemaChange("node-added", f"resources.{node_id}", message, False)
