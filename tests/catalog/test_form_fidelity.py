"""What is untouched arrives unchanged: from object to form to object, for any schema and any values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from django.template.loader import render_to_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.forms.instance_form import FormInput, InstanceForm, UsableContract, from_post, from_text
from catalog.forms.yaml_text import to_yaml
from contracts.compiler import Definition, FieldHint, FormHints, Presentation, compile_text
from contracts.documents.paths import MISSING, get
from contracts.schema import apply_defaults
from portal.input_limits import LIMITS
from tests.catalog.form_browser import Control, controls, posted

Json = Any
Schema = dict[str, Any]

CONTRACT = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: anything}
spec:
  schema: {apiVersion: v1alpha1, kind: Anything}
"""


@cache
def definition() -> Definition:
    compilation = compile_text(CONTRACT)
    assert compilation.definition is not None
    return compilation.definition


def usable(schema: Schema, hints: FormHints) -> UsableContract:
    presentation = Presentation(name="anything", form=hints)
    return UsableContract(replace(definition(), spec_schema=schema), presentation)


NAMES = ("text", "a.b", "a/b", "a~1b", "@0", "#key", "ключ", "two words", "n")
STRINGS = (
    *("yes", "no", "on", "y", "~", "null", "true", "1e3", "0o7", "012", "0x1f", "1_000", "12:30"),
    *("2001-01-01", "<<", "=", ".inf", "-1", "+1", "-", "?", "---", "..."),
)
TRICKY = (
    *STRINGS,
    "",
    " ",
    " padded ",
    "a\nb\n",
    "a\r\nb\r\n",
    "a\rb",
    "\n",
    "\na",
    "a\n\n",
    "a\n b",
    "\ta\tb",
    "a\u0085b",
    "a\u2028b\u2029",
    "\ufeffa\ufeff",
    "😀 é",
    "{a: 1",
    "[1]",
    "${schema.spec.x}",
    "a: b # c",
    '"1"',
    "'",
    "<b>&amp;</b>",
    "</textarea>",
    "x" * 5000,
    "word " * 1000,
    "# a\nb",
)
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
strings = st.one_of(
    st.sampled_from(TRICKY),
    st.text(
        st.one_of(st.sampled_from("\r\n\t\x85\u2028\ufeff \"'#:{}&<>a1\x7f\x1b😀"), CHARACTERS), max_size=9
    ),
)
keys = st.one_of(strings, st.sampled_from(("a.b/c", "LOG.LEVEL", "app.kubernetes.io/name", "<<"))).filter(
    lambda key: len(key.encode()) <= LIMITS.key
)
integers = st.integers(-(2**63), 2**64 - 1)
numbers = st.one_of(integers, st.floats(allow_nan=False, allow_infinity=False))
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, strings),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


def values(schema: Schema) -> st.SearchStrategy[Json]:
    """Values that the schema allows."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return st.one_of(integers, strings)
    kind = schema.get("type")
    if kind == "array":
        return st.lists(values(schema["items"]), max_size=3)
    if kind == "object" and "additionalProperties" in schema:
        return st.dictionaries(keys, values(schema["additionalProperties"]), max_size=3)
    if kind == "object" and "properties" in schema:
        return objects(schema)
    plain = {"string": strings, "integer": integers, "number": numbers, "boolean": st.booleans()}
    return plain.get(str(kind), st.dictionaries(keys, anything, max_size=3))


@st.composite
def objects(draw: st.DrawFn, schema: Schema) -> dict[str, Json]:
    """Absent, null and set fields, in any order."""
    found = {}
    for name in draw(st.permutations(list(schema["properties"]))):
        child = schema["properties"][name]
        is_required = name in schema.get("required", ()) and "default" not in child
        state = "set" if is_required else draw(st.sampled_from(("set", "set", "absent", "null")))
        if state != "absent":
            found[name] = None if state == "null" else draw(values(child))
    return found


leaves = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "string", "format": "password"}),
    st.just({"type": "integer", "enum": [1, 2]}),
    st.sampled_from((["a", "b "], ["small", "large", "", "a\nb"], [str(n) for n in range(20)])).map(
        lambda options: {"type": "string", "enum": options}
    ),
    st.sampled_from(("integer", "number", "boolean")).map(lambda kind: {"type": kind}),
    st.just({"x-kubernetes-int-or-string": True}),
    st.just({"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
)


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3) -> Schema:
    kind = draw(st.sampled_from(("leaf", "leaf", "array", "map", "object"))) if depth else "leaf"
    if kind == "leaf":
        schema = dict(draw(leaves))
    elif kind == "array":
        schema = {"type": "array", "items": draw(schemas(depth - 1))}
    elif kind == "map":
        schema = {"type": "object", "additionalProperties": draw(schemas(depth - 1))}
    else:
        schema = draw(object_schemas(depth - 1))
    if draw(st.integers(0, 3)) == 0:
        schema["default"] = draw(values(schema))
    if draw(st.integers(0, 9)) == 0:
        schema["x-kubernetes-validations"] = [{"rule": "self == oldSelf"}]
    return schema


@st.composite
def object_schemas(draw: st.DrawFn, depth: int = 3) -> Schema:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    required = [name for name in names if draw(st.booleans())]
    return {
        "type": "object",
        "properties": {name: draw(schemas(depth)) for name in names},
        **({"required": required} if required else {}),
    }


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schema, FormHints, dict[str, Json]]:
    schema = draw(object_schemas())
    widgets = st.sampled_from(("", "", "textarea", "mono", "quantity", "secret"))
    hints = {name: FieldHint(name, widget=draw(widgets)) for name in schema["properties"]}
    return schema, FormHints(hints), draw(objects(schema))


def manifest_of(spec: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "apiVersion": "kro.run/v1alpha1",
        "kind": "Anything",
        "metadata": {"name": "one", "namespace": "checkout", "annotations": {"a": "x\r\ny "}},
        "spec": dict(spec),
    }


def opened(contract: UsableContract, spec: Mapping[str, Json]) -> InstanceForm:
    before = manifest_of(spec)
    return from_text(contract, to_yaml(before), before=before)


def rendered(form: InstanceForm) -> list[Control]:
    context = {"tree": form.tree, "opened_text": form.opened_text}
    return controls(render_to_string("catalog/_fields.html", context))


def saved(
    contract: UsableContract, spec: Mapping[str, Json], found: list[Control], operation: str = ""
) -> InstanceForm:
    pairs = posted(found)
    text = dict(pairs)["_text"].replace("\r\n", "\n")
    return from_post(contract, FormInput(pairs, text, "one", "checkout", operation), before=manifest_of(spec))


several = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@several
@given(cases())
def test_an_untouched_form_changes_nothing(case: tuple[Schema, FormHints, dict[str, Json]]) -> None:
    schema, hints, spec = case
    contract = usable(schema, hints)
    form = opened(contract, spec)
    after = saved(contract, spec, rendered(form))
    assert exactly(after.manifest) == exactly(manifest_of(spec))
    again = saved(contract, spec, rendered(after))
    assert exactly(again.manifest) == exactly(manifest_of(spec))
    as_yaml = from_text(contract, after.text, before=manifest_of(spec))
    assert exactly(saved(contract, spec, rendered(as_yaml)).manifest) == exactly(manifest_of(spec))


@several
@given(cases(), st.data())
def test_a_changed_field_is_the_only_change(
    case: tuple[Schema, FormHints, dict[str, Json]], data: st.DataObject
) -> None:
    """Compared with defaults: a changed item of a list that had its default makes the list explicit."""
    schema, hints, spec = case
    contract = usable(schema, hints)
    form = opened(contract, spec)
    found = rendered(form)
    fields = {one.name: one for one in form.tree.root.walk()}
    choices = [one for one in found if one.name in fields and not one.locked and one.kind != "hidden"]
    if not choices:
        return
    chosen = data.draw(st.sampled_from(choices))
    before = posted(found)
    is_blank = change(chosen, found, data.draw(st.sampled_from(("changed", "7", "", "[a]", " b\nc "))))
    after = apply_defaults(schema, saved(contract, spec, found).spec)
    if posted(found) == before:  # such as the chosen one of several radio buttons
        assert exactly(apply_defaults(schema, spec)) == exactly(after)
        return
    path = fields[chosen.name].path
    expected = with_parents(schema, spec, path)
    if is_blank and isinstance(path[-1], int):
        del get(expected, path[:-1])[path[-1]]
    else:
        parent, new = get(expected, path[:-1]), get(after, path, MISSING)
        if new is MISSING:
            parent.pop(path[-1], None)
        else:
            parent[path[-1]] = new
    assert exactly(apply_defaults(schema, expected)) == exactly(after)


def change(chosen: Control, found: list[Control], text: str) -> bool:
    """Use a control as a person does. Returns whether that made it blank."""
    before = posted(found)
    _use(chosen, found, text)
    now = [text for name, text in posted(found) if name == chosen.name]
    return before != posted(found) and not "".join(now).strip()


def _use(chosen: Control, found: list[Control], text: str) -> None:
    if chosen.kind == "select":
        wanted = len(text) % len(chosen.options)
        chosen.options = [(one, index == wanted) for index, (one, _) in enumerate(chosen.options)]
    elif chosen.kind == "checkbox":
        chosen.checked = not chosen.checked
    elif chosen.kind == "radio":
        for one in found:
            one.checked = one is chosen if one.name == chosen.name else one.checked
    else:
        chosen.text = text.replace("\n", "") if chosen.kind == "text" else text


def with_parents(schema: Schema, spec: Mapping[str, Json], path: Sequence[str | int]) -> dict[str, Json]:
    """``spec`` with its defaults, and with the objects that the form shows around ``path``."""
    full: dict[str, Json] = apply_defaults(schema, spec)
    at = schema
    for length in range(1, len(path)):
        step = path[length - 1]
        at = at["properties"][step] if "properties" in at else at.get("items") or at["additionalProperties"]
        if get(full, path[:length]) is None:
            get(full, path[: length - 1])[step] = smallest(at)
            full = apply_defaults(schema, full)
    return full


def smallest(schema: Schema) -> dict[str, Json]:
    """An object with the objects that it must contain."""
    children = {name: schema["properties"][name] for name in schema.get("required", ())}
    return {
        name: smallest(child)
        for name, child in children.items()
        if "properties" in child and "default" not in child
    }


@several
@given(cases(), st.data())
def test_a_renamed_key_keeps_its_value(
    case: tuple[Schema, FormHints, dict[str, Json]], data: st.DataObject
) -> None:
    schema, hints, spec = case
    contract = usable(schema, hints)
    form = opened(contract, spec)
    found = rendered(form)
    entries = {one.key_name: one.path for one in form.tree.root.walk() if one.is_entry and not one.locked}
    renamed = [one for one in found if one.name in entries]
    if not renamed:
        return
    chosen = data.draw(st.sampled_from(renamed))
    chosen.text = "new.key/of it"
    path = entries[chosen.name]
    before = with_parents(schema, spec, path)
    after = apply_defaults(schema, saved(contract, spec, found).spec)
    here = get(after, path[:-1])
    assert exactly(here.pop("new.key/of it")) == exactly(get(before, path[:-1]).pop(path[-1]))
    assert after == before


def exactly(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
