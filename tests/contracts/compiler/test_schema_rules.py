# ruff: noqa: E501
"""CEL rules in a schema, as the API server validates them in a CustomResourceDefinition (kro §2.4).

What the API server would reject is a problem of the contract, because such a definition cannot be installed.
"""

from __future__ import annotations

import pytest

from tests.contracts.definitions import compiled

TYPES = """
Zone: {name: string | required=true, place: string | immutable=true}
Range: {low: integer | default=1, high: integer | default=9}
Needy: {low: integer | required=true default=1}
Fixed: string | immutable=true
Positive: integer | validation="self > 0"
Grows: integer | validation="self >= oldSelf"
Outer: {name: string | required=true, zones: "[]Zone"}
"""

RULES = {
    "a default that satisfies the rule": ('integer | default=1 validation="self > 0"', ""),
    "a default that violates it": ('integer | default=0 validation="self > 0"', "schema-default"),
    "a default that violates the rule of its type": ("Positive | default=0", "schema-default"),
    "a nested default that violates it": ('map[string]integer | default={"a": 0} validation="self.all(k, self[k] > 0)"', "schema-default"),
    "the derived default of a struct is checked": ('Range | validation="self.low <= self.high"', "schema-default"),
    "a rule with has()": ('Range | validation="!has(self.low) || self.low > 0"', ""),
    "a default with the field that the rule reads": ('Range | default={"low": 1, "high": 2} validation="self.low <= self.high"', ""),
    "a default that lacks a required field with a default": ("Needy | default={}", "schema-default"),
    "an immutable default": ("string | default=a immutable=true", ""),
    "a default against its old self": ('integer | default=1 validation="self > oldSelf"', "schema-default"),
    "immutable": ("Fixed", ""),
    "immutable in a struct": ("Zone", ""),
    "immutable below a map": ("map[string]Zone", ""),
    "immutable below a list": ("'[]Zone'", "schema-rule"),
    "immutable items of a list": ("'[]Fixed'", "schema-rule"),
    "immutable items of a set": ("'[]Fixed | listType=set'", "schema-rule"),
    "immutable below a list with keys": ("'[]Zone | listType=map listMapKey=name'", ""),
    "immutable below a list below a list with keys": ("'[]Outer | listType=map listMapKey=name'", "schema-rule"),
    "an immutable list": ("'[]string | immutable=true'", ""),
    "oldSelf in a rule below a list": ("'[]Grows'", "schema-rule"),
    "self in a rule below a list": ("'[]Positive'", ""),
    "a float compared with an integer": ('float | validation="self > 0 && self <= 1"', ""),
    "a float that equals an integer": ('float | validation="self == 1"', "schema-rule"),
    "a function of templates": ('string | validation="json.unmarshal(self).a > 1"', "schema-rule"),
    "a binding": ('string | validation="cel.bind(x, self, x == \'a\')"', "schema-rule"),
    "the math library": ('integer | validation="math.abs(self) > 1"', "schema-rule"),
    "the sets library": ('[]string | validation="sets.contains(self, [\'a\'])"', ""),
    "quantities": ('string | validation="quantity(self).isGreaterThan(quantity(\'1\'))"', ""),
    "two variables": ('map[string]integer | validation="self.all(k, v, v > 1)"', ""),
    "the inside of a free object": ('object | validation="has(self.a)"', "schema-rule"),
    "a free object as a whole": ('object | validation="self == oldSelf"', ""),
    "a field that does not exist": ('Range | validation="!has(self.middle)"', "schema-rule"),
    "a rule that returns no boolean": ('integer | validation="self + 1"', "schema-rule"),
    "a rule with a syntax error": ('integer | validation="self >"', "schema-rule"),
    "a rule on the wrong type": ("string | validation=\"self > 1\"", "schema-rule"),
}  # fmt: skip


@pytest.mark.parametrize(("field", "code"), RULES.values(), ids=RULES.keys())
def test_a_rule_of_a_schema(field: str, code: str) -> None:
    text = field if field.startswith("'") or '"' not in field else "'" + field.replace("'", "''") + "'"
    found = [problem.code for problem in compiled(spec=f"f: {text}", types=TYPES).problems]
    assert found == ([code] if code else [])


def test_a_revision_from_before_a_check_was_added_can_still_be_run() -> None:
    compilation = compiled(spec='f: Range | default={} validation="self.low <= self.high"', types=TYPES)
    assert compilation.definition is None
    assert compilation.runnable is not None
    assert compilation.runnable.spec_schema["properties"]["f"]["default"] == {}


def test_an_incomplete_definition_is_not_run() -> None:
    node = '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.spec.}"}}'
    assert compiled(node).runnable is None
