"""Validates the defaults in a CustomResourceDefinition against their own schema and rules.

A default is validated as written: defaults below it are not filled in first. Source: the CRD documentation on
defaulting, and the answers of a real API server.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from devcluster.kinds.validation_rules import RuleEvaluator, rule_problems
from devcluster.machinery.errors import Cause
from devcluster.machinery.schema import Shape, custom_shape
from devcluster.machinery.structural import prune, value_problems

Manifest = dict[str, Any]


def default_problems(definition: Manifest, evaluator: RuleEvaluator | None) -> list[Cause]:
    """Without an evaluator, rules are not evaluated."""
    versions = definition["spec"]["versions"]
    found: list[Cause] = []
    for index, version in enumerate(versions):
        schema = copy.deepcopy(version["schema"]["openAPIV3Schema"])
        place = "spec.validation" if len(versions) == 1 else f"spec.versions[{index}].schema"
        for path, shape in _with_default(custom_shape(schema), f"{place}.openAPIV3Schema"):
            found += _problems(shape, f"{path}.default", evaluator)
    return found


def _with_default(shape: Shape, path: str) -> Iterator[tuple[str, Shape]]:
    if shape.default is not None:
        yield path, shape
    for name in shape.raw.get("properties") or ():
        inner = shape.fields.get(name)
        if inner is not None and inner.raw:
            yield from _with_default(inner, f"{path}.properties[{name}]")
    if shape.items is not None and shape.items.raw:
        yield from _with_default(shape.items, f"{path}.items")
    if shape.values is not None and shape.values.raw:
        yield from _with_default(shape.values, f"{path}.additionalProperties")


def _problems(shape: Shape, path: str, evaluator: RuleEvaluator | None) -> list[Cause]:
    unknown: list[str] = []
    prune(shape.default, shape, unknown)
    if unknown:
        shown = json.dumps(shape.default, separators=(",", ":"))
        return [Cause("FieldValueInvalid", f"Invalid value: {shown}: must not have unknown fields", path)]
    found = value_problems(shape.default, shape)
    if found or evaluator is None:
        return [replace(one, field=f"{path}.{one.field}" if one.field else path) for one in found]
    return rule_problems(evaluator, shape, shape.default, None, path)
