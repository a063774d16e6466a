"""The examples of docs/reference/problems.md: invalid ones have the problem, valid ones have none."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from contracts.compiler import compile_text, schema_changes, validate_spec
from contracts.name_conflicts import reserved_names
from contracts.problems import Problem
from contracts.runtime import cli_operations, instance_of, render

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/problems.md"
FENCE = re.compile(r"```yaml\n# (wrong|right)[^\n]*\n(.*?)```", re.S)

HEAD = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
"""
SPEC = """\
spec:
  name: string | default=shop
  replicas: integer | default=1
  version: integer | default=1
  debug: boolean
  free: object
  names: "[]string"
  regions: "[]string"
  zones: "[]string"
"""
SCHEMA = "apiVersion: v1alpha1\nkind: WebApp\n"
DEPLOYMENT = """\
replicas: 1
selector: {matchLabels: {app: web}}
template:
  metadata: {labels: {app: web}}
  spec: {containers: [{name: web, image: nginx}]}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"


def whole(*, schema: str = SCHEMA + SPEC, nodes: str = "", head: str = HEAD) -> str:
    """A whole file; every part is unindented."""
    resources = f"  resources:\n{indent(nodes, '    ')}" if nodes else "  resources: []"
    return f"{head}metadata: {{name: web-app}}\nspec:\n  schema:\n{indent(schema, '    ')}{resources}\n"


def node(template: str, more: str = "", *, name: str = "settings") -> str:
    return f"- id: {name}\n{indent(more, '  ')}  template:\n{indent(template, '    ')}"


def deployment(spec: str = DEPLOYMENT, more: str = "") -> str:
    head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
    return node(f"{head}spec:\n{indent(spec, '  ')}", more, name="web")


WEB = deployment()


def instance(schema: str) -> Callable[[str], list[Problem]]:
    """Validate the example as the spec of an instance of a contract with these fields."""

    def problems(text: str) -> list[Problem]:
        definition = compile_text(whole(schema=f"{SCHEMA}spec:\n  {schema}\n")).definition
        assert definition is not None
        return validate_spec(definition, yaml.safe_load(text))

    return problems


def compiled(build: Callable[[str], str]) -> Callable[[str], list[Problem]]:
    """Compile the example; every problem of a compilation has a position and a message."""

    def problems(text: str) -> list[Problem]:
        found = compile_text(build(f"{text}\n")).problems
        assert all(problem.line and problem.column and problem.message for problem in found)
        return list(found)

    return problems


FILE = compiled(lambda text: text)
SCHEMA_PART = compiled(
    lambda text: whole(schema=SCHEMA + (text if "spec:" in text else SPEC + text), nodes=WEB)
)
NODES = compiled(lambda text: whole(nodes=text))
OF_WEB = compiled(lambda text: whole(nodes=deployment(more=text)))
DATA = compiled(lambda text: whole(nodes=WEB + node(f"{CONFIG}data:\n{indent(text, '  ')}")))
SIZE = compiled(lambda text: whole(nodes=deployment(DEPLOYMENT.replace("replicas: 1\n", text))))
TEMPLATE = compiled(lambda text: whole(nodes=node(text)))
METADATA = compiled(lambda text: whole(nodes=node(f"apiVersion: v1\nkind: ConfigMap\n{text}")))
CONTRACT = compiled(
    lambda text: whole(nodes=WEB) + "---\napiVersion: slipway.dev/v1alpha1\nkind: Contract\n" + text
)


def with_its_tests(text: str) -> list[Problem]:
    file = whole(nodes=WEB) + "---\napiVersion: slipway.dev/v1alpha1\nkind: Contract\n" + text
    return cli_operations.check(cli_operations.TextFile(file, "web.yaml"))


def published(build: Callable[[str], str]) -> Callable[[str], list[Problem]]:
    """The conflicts of a definition's names in every portal."""

    def problems(text: str) -> list[Problem]:
        definition = compile_text(build(text)).definition
        assert definition is not None
        return list(reserved_names(definition))

    return problems


SCHEMA_NAMES = published(lambda text: whole(schema=text))
NAMED = published(
    lambda text: whole(schema=f"{SCHEMA}group: platform.example.com\n").replace(
        "metadata: {name: web-app}\n", text
    )
)


def next_revision(schema: str) -> Callable[[str], list[Problem]]:
    """Validate the example as the schema that follows ``schema``."""

    def problems(text: str) -> list[Problem]:
        old, new = (compile_text(whole(schema=each)).definition for each in (schema, text))
        assert old is not None
        assert new is not None
        changes = [change for change in schema_changes(old, new) if change.breaking]
        codes = {
            "identity-changed" if change.path.startswith("schema.") else "breaking-change"
            for change in changes
        }
        return [Problem(code, "") for code in codes]

    return problems


def ungranted(build: Callable[[str], str]) -> Callable[[str], list[Problem]]:
    """What the reach of the example needs a grant for."""

    def problems(text: str) -> list[Problem]:
        definition = compile_text(build(text)).definition
        assert definition is not None
        return list(definition.reach.problems())

    return problems


def rendered(build: Callable[[str], str]) -> Callable[[str], list[Problem]]:
    """Render an instance that has no replicas; a problem for each code of a node, too."""

    def problems(text: str) -> list[Problem]:
        definition = compile_text(build(text)).definition
        assert definition is not None
        given = {"name": "shop", "replicas": 0, "free": {"owner": "me"}}
        web = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "status": {"replicas": 0},
        }
        answer = render(definition, instance_of(definition, given), {"web": web})
        codes = {node.code for node in answer.nodes.values()} & {"field-missing"}
        return [*answer.problems, *(Problem(code, "") for code in codes)]

    return problems


REACH = ungranted(lambda text: whole(nodes=text))
CREDENTIALS = "- id: credentials\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: db}}\n"
WITH_SECRET = compiled(lambda text: whole(schema=SCHEMA + SPEC + text, nodes=CREDENTIALS))
LIVE_NODES = rendered(lambda text: whole(nodes=WEB + text))
LIVE_DATA = rendered(lambda text: whole(nodes=WEB + node(CONFIG + text)))
LIVE_STATUS = rendered(lambda text: whole(schema=SCHEMA + SPEC + text, nodes=WEB))


# Where the example of a code is inserted into an otherwise valid definition.
PLACES = {
    FILE: "no-definition wrong-document",
    DATA: "yaml-syntax yaml-duplicate-key yaml-surprise yaml-key yaml-merge yaml-tag cel-syntax cel-type"
    " not-iterable unknown-name unknown-function gated-function unclosed-expression",
    SCHEMA_PART: "duplicate schema-field schema-type schema-unknown-type schema-type-cycle"
    " schema-shadowed-type schema-marker schema-marker-syntax schema-default schema-bounds schema-rule"
    " kro-would-refuse status-literal status-constant status-state"
    " condition-type condition-twice condition-unknown",
    NODES: "bad-name reserved-name duplicate-id template-or-reference name-or-selector self-reference cycle"
    " foreach-entry foreach-external foreach-dimensions foreach-identity contested-field"
    " endless-instances",
    OF_WEB: "unknown-field not-an-expression",
    TEMPLATE: "required bad-kind unknown-kind namespace expression-in-crd expression-not-allowed"
    " time-to-live optional-field-needed",
    METADATA: "no-name bad-label reserved-label expression-in-key omit",
    SIZE: "wrong-type no-overload",
    CONTRACT: "contract-name unknown-group when-field when-value unsafe-link",
    with_its_tests: "test-failed",
    SCHEMA_NAMES: "group-reserved kind-reserved",
    NAMED: "name-reserved",
    REACH: "needs-grant",
    WITH_SECRET: "secret-condition",
    next_revision(f"{SCHEMA}spec: {{size: integer}}\n"): "identity-changed breaking-change",
    LIVE_NODES: "schema-field-missing identity-collision foreach-too-many",
    LIVE_DATA: "expression-failed field-missing",
    LIVE_STATUS: "status-failed condition-failed",
    instance("replicas: integer | maximum=10 minimum=1"): "too-large too-small",
    instance("size: string | enum=small,large"): "not-allowed",
    instance('name: string | pattern="^[a-z-]+$" minLength=1 maxLength=10'): "pattern too-short too-long",
    instance('zones: "[]string | minItems=1 maxItems=2"'): "too-few too-many",
    instance('replicas: integer | validation="self % 2 == 1"'): "rule",
}
CODES = {code: place for place, codes in PLACES.items() for code in codes.split()}
# A part of a file, of which other parts are missing.
ALONE = {"no-definition", "wrong-document"}
# Without a short example: they need other contracts, a cluster or a long document, or are no errors.
UNSHOWN = {
    *("yaml-alias-bomb", "too-deep", "unreadable-file", "lone-surrogate", "number-too-large"),
    *(
        "owner-unknown",
        "owner-missing",
        "kind-taken",
        "name-taken",
        "kind-installed",
        "kind-foreign",
    ),
    *("dependency-not-ready", "dependency-ignored", "excluded", "not-observed", "terminating"),
    *("ready-when", "ready-when-failed", "external-missing", "no-namespace", "foreach-not-a-list"),
}


def examples() -> dict[str, dict[str, str]]:
    sections = re.split(r"^### `([a-z-]+)`$", PAGE.read_text(), flags=re.M)
    return {
        code: dict(FENCE.findall(body)) for code, body in zip(sections[1::2], sections[2::2], strict=True)
    }


EXAMPLES = examples()


@pytest.mark.parametrize("code", CODES)
def test_the_invalid_example_has_the_problem_and_the_valid_one_has_none(code: str) -> None:
    problems_of, example = CODES[code], EXAMPLES[code]
    assert code in {problem.code for problem in problems_of(example["wrong"])}
    after = problems_of(example["right"])
    assert code not in {problem.code for problem in after}
    assert code in ALONE or [str(problem) for problem in after if problem.is_error] == []


def test_codes_without_an_example_are_listed() -> None:
    assert set(EXAMPLES) - set(CODES) == UNSHOWN
