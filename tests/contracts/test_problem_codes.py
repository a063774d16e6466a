"""Every problem code is explained, and every explained code exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("documents", "schema", "compiler", "runtime", "cel")
ONE_WORD = {
    "cycle",
    "duplicate",
    "excluded",
    "namespace",
    "omit",
    "pattern",
    "required",
    "rule",
    "terminating",
}
CODE = re.compile(r"[a-z]+(-[a-z]+)+\Z")
# Strings that look like codes: types of nodes and of reach, formats, suffixes, codes of changes of revisions.
NOT_PROBLEMS = {
    "external-collection",
    "secret-flow",
    "int-or-string",
    "date-time",
    "utf-8",
    "kubernetes-json-schema",
    "kubernetes-validate",
}


def explained() -> set[str]:
    return set(re.findall(r"^### `([a-z-]+)`$", (ROOT / "docs/reference/problems.md").read_text(), re.M))


def used() -> set[str]:
    alone = ("name_conflicts", "publishing", "management/results")
    files = [ROOT / f"contracts/{name}.py" for name in alone]
    files += [path for package in PACKAGES for path in (ROOT / "contracts" / package).rglob("*.py")]
    found = set()
    for path in files:
        if path.name == "compatibility.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                if text in ONE_WORD or (CODE.match(text) and not text.startswith("x-kubernetes-")):
                    found.add(text)
    return found - NOT_PROBLEMS


def test_every_code_is_explained() -> None:
    assert used() - explained() == set()


def test_only_codes_are_explained() -> None:
    assert explained() - used() == set()
