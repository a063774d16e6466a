"""Small definitions for tests: a test writes only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import dedent, indent
from typing import Any, TypeVar

from contracts.compiler import Compilation, Definition, compile_text
from contracts.problems import Problem
from contracts.runtime import instance_of

T = TypeVar("T")

# Codes that warn; every other one refuses the definition.
WARNINGS = frozenset(
    {
        "expression-in-key",
        "kro-would-refuse",
        "optional-field-needed",
        "unclosed-expression",
        "unknown-kind",
    }
)
HEAD = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: example}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Example
"""
SPEC = """
name: string | default=demo
n: integer
size: integer | default=3
flag: boolean | default=true
items: "[]string"
rows: "[]Row"
labels: map[string]string
free: object
ratio: float
"""
TYPES = """
Row: {key: string, count: integer}
"""

DEPLOYMENT = """
- id: web
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      selector: {matchLabels: {app: web}}
      template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx}]}}
"""


READ_ONLY = "- id: NAME\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: e}}\n"


def definition_text(
    resources: str = "", *, status: str = "", spec: str = SPEC, types: str = TYPES, schema: str = ""
) -> str:
    """A whole file. Each part is YAML at any indentation."""
    text = HEAD
    for line in dedent(schema).strip().splitlines():
        text += f"    {line}\n"
    for name, part in (("spec", spec), ("types", types), ("status", status)):
        if part.strip():
            # "n" is a boolean for Kubernetes; as a key it needs quotes.
            body = indent(dedent(part).strip("\n"), "      ").replace("      n: ", '      "n": ')
            text += f"    {name}:\n{body}\n"
    text += (
        "  resources:\n" + indent(dedent(resources).strip("\n"), "    ")
        if resources.strip()
        else "  resources: []"
    )
    return text + "\n"


def config_map(node_id: str, body: str = "", extra: str = "", *, name: str = "") -> str:
    """A ConfigMap node; ``body`` continues the template, ``extra`` the node."""
    text = f"- id: {node_id}\n"
    text += indent(dedent(extra).strip("\n"), "  ") + "\n" if extra.strip() else ""
    text += "  template:\n    apiVersion: v1\n    kind: ConfigMap\n    metadata:\n"
    text += f"      name: {name or node_id.lower()}\n"
    return text + (indent(dedent(body).strip("\n"), "    ") + "\n" if body.strip() else "")


def wired(names: str, edges: str) -> str:
    """Nodes in this order; “a>b”: b needs a. A capital is an object that is only read."""
    text = ""
    for name in names.split():
        needed = [a.lower() for a, _, b in (edge.partition(">") for edge in edges.split()) if b == name]
        values = "".join(f"\n  {need}: ${{{need}.metadata.name}}" for need in needed)
        own = config_map(name, f"data:{values}" if values else "")
        text += READ_ONLY.replace("NAME", name.lower()) if name.isupper() else own
    return text


def with_value(value: str, extra: str = "") -> str:
    """A ConfigMap “a” with one value, as YAML."""
    return config_map("a", f"data:\n  k: {value}", extra)


def unrelated_to_optional_fields(problems: Iterable[Problem]) -> list[Problem]:
    """Without the warnings about fields that ``SPEC`` leaves optional, for tests of something else."""
    return [problem for problem in problems if problem.code != "optional-field-needed"]


def existing(value: T | None) -> T:
    """The value; fails when it is None."""
    assert value is not None
    return value


def compiled(resources: str = "", **parts: str) -> Compilation:
    return compile_text(definition_text(resources, **parts))


def defined(resources: str = "", **parts: str) -> Definition:
    """The definition; fails with all problems when there is none."""
    compilation = compiled(resources, **parts)
    assert compilation.definition is not None, "\n".join(map(str, compilation.problems))
    return compilation.definition


def complaints(resources: str = "", **parts: str) -> list[str]:
    """Errors and warnings as ``code: message hint``, in reading order, but none about optional fields."""
    found = unrelated_to_optional_fields(compiled(resources, **parts).problems)
    return [f"{p.code}: {p.message} {p.hint}".strip() for p in found]


def instance(definition: Definition, **spec: Any) -> dict[str, Any]:
    """“shop” in the namespace “team”."""
    return instance_of(definition, spec, {"name": "shop", "namespace": "team"})
