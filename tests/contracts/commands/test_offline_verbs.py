"""``manage.py contract check|render|crd|graph|test``: what they read, how they refuse, what they need."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.contracts.commands.test_contract_command import REPOSITORY, SAMPLES, Ended
from tests.contracts.definitions import config_map, definition_text

VERBS = ("check", "render", "crd", "graph", "test")
TEXT = definition_text(
    config_map("a", "data: {k: '${schema.spec.name}'}"), status="name: ${a.metadata.name}", types=""
).replace('      rows: "[]Row"\n', "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "example.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def given(tmp_path: Path) -> Path:
    path = tmp_path / "input.yaml"
    path.write_text("name: shop\n", encoding="utf-8")
    return path


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a command this standard input."""

    def put(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return put


def run(verb: str, file: object, given: object, *more: object) -> Ended:
    return Ended(verb, file, *(("--input", given) if verb == "render" else ()), *more)


@pytest.mark.parametrize("verb", VERBS)
def test_a_definition_from_standard_input(
    verb: str, file: Path, given: Path, typed: Callable[[str], None]
) -> None:
    typed(TEXT)
    piped, read = run(verb, "-", given), run(verb, file, given)
    assert (piped.code, piped.out) == (0, read.out.replace(str(file), "-"))


def test_an_input_or_observed_objects_from_standard_input(
    file: Path, given: Path, typed: Callable[[str], None]
) -> None:
    typed("name: typed\n")
    result = json.loads(Ended("render", file, "--input", "-", "--json").out)
    assert result["nodes"][0]["manifests"][0]["data"] == {"k": "typed"}
    typed("a: {apiVersion: v1, kind: ConfigMap, metadata: {name: seen}}\n")
    result = json.loads(Ended("render", file, "--input", given, "--observed", "-", "--json").out)
    assert result["status"] == {"name": "seen"}


@pytest.mark.parametrize("arguments", [("check", "-", "-"), ("render", "-", "--input", "-")])
def test_standard_input_is_read_once(arguments: tuple[str, ...], typed: Callable[[str], None]) -> None:
    typed(TEXT)
    ended = Ended(*arguments)
    assert (ended.code, "-: Standard input (“-”) can be read only once." in ended.err) == (1, True)


UNREADABLE = {
    "missing": ("nothing.yaml", None, "The file cannot be read: No such file or directory."),
    "a folder": ("", None, "The file cannot be read: Is a directory."),
    "no-text": ("a.yaml", b"\x89PNG\xff\xfe", "The file is not UTF-8 text."),
    "no YAML": ("a.yaml", b"a: [\n", "This is not valid YAML"),
}


PLACES = [
    (place, reason)
    for place in (*VERBS, "--input", "--observed", "--crds")
    for reason in UNREADABLE
    if (place, reason) != ("--crds", "a folder")
]


@pytest.mark.parametrize(("place", "reason"), PLACES)
def test_an_unreadable_file_is_named(
    place: str, reason: str, file: Path, given: Path, tmp_path: Path
) -> None:
    name, content, message = UNREADABLE[reason]
    folder = tmp_path / "folder"
    folder.mkdir()
    wrong = folder / name
    if content is not None:
        wrong.write_bytes(content)
    if place in VERBS:
        ended = run(place, wrong, given)
    elif place == "--input":
        ended = Ended("render", file, place, wrong)
    else:
        ended = Ended("render", file, "--input", given, place, wrong)
    assert ended.code == 1
    assert f"{wrong}:" in ended.out + ended.err
    assert message in ended.out + ended.err
    assert "Traceback" not in ended.err


NO_DEFINITION = {
    "an empty file": "",
    "a comment": "# nothing\n",
    "a list": "- a\n",
    "a string": "just words\n",
    "another kind": "apiVersion: v1\nkind: ConfigMap\n",
    "only a Contract": "apiVersion: slipway.dev/v1alpha1\nkind: Contract\n",
    "two definitions": TEXT + "---\n" + TEXT,
}


@pytest.mark.parametrize("text", NO_DEFINITION.values(), ids=NO_DEFINITION.keys())
@pytest.mark.parametrize("verb", VERBS)
def test_other_documents_are_refused(verb: str, text: str, file: Path, given: Path) -> None:
    file.write_text(text)
    ended = run(verb, file, given, "--json")
    problems = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 1
    assert {problem["file"] for problem in problems} == {str(file)}
    assert {problem["severity"] for problem in problems} == {"error"}


def test_one_refused_file_hides_no_other(file: Path, tmp_path: Path) -> None:
    ended = Ended("check", tmp_path / "nothing.yaml", file, tmp_path)
    lines = [line.partition(": ")[0] for line in ended.out.splitlines()]
    assert (ended.code, sorted(lines)) == (
        1,
        sorted([str(file), str(tmp_path / "nothing.yaml"), str(tmp_path)]),
    )
    assert ended.err == "2 errors."


def test_a_problem_of_a_multiline_expression_is_one_line(file: Path) -> None:
    file.write_text(
        TEXT.replace(
            "k: ${schema.spec.name}", "k: |-\n          a-${schema.spec.size +\n            1}-b"
        ).replace("{k: '${schema.spec.name}'}", "{k: 'a-${schema.spec.size +\n\n            1}-b'}")
    )
    ended = Ended("check", file)
    (line,) = ended.out.splitlines()
    assert "“schema.spec.size + 1” returns int" in line


def test_a_file_without_tests_is_reported(file: Path) -> None:
    ended = Ended("test", file)
    assert (ended.code, ended.out) == (
        0,
        "No tests. Add them under spec.tests of a Contract document.\n",
    )
    assert Ended("test", "--json", file).out == ""


def test_the_json_output_of_each_verb(file: Path, given: Path) -> None:
    shapes = {verb: run(verb, file, given, "--json").out for verb in ("render", "crd", "graph")}
    answers = {verb: json.loads(text) for verb, text in shapes.items()}
    assert list(answers["render"]) == ["nodes", "status", "conditions", "order"]
    assert [list(node) for node in answers["render"]["nodes"]] == [["id", "state", "reason", "manifests"]]
    assert list(answers["crd"]) == ["apiVersion", "kind", "metadata", "spec"]
    assert list(answers["graph"]) == ["nodes", "edges", "order", "layers"]
    assert yaml.safe_load(run("render", file, given).out) == answers["render"]


ALL = """
import django
django.setup()
from django.core.management import call_command
file, given = SAMPLE, GIVEN
for verb in ("check", "crd", "graph", "test"):
    call_command("contract", verb, file)
    call_command("contract", verb, file, "--json")
call_command("contract", "render", file, "--input", given)
"""


def test_no_verb_needs_a_database_a_cluster_or_a_writable_directory(tmp_path: Path) -> None:
    given = tmp_path / "input.yaml"
    given.write_text("image: nginx\n")
    sample = str(SAMPLES / "stateless-service.yaml")
    nowhere = {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": "postgres://user@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "KUBECONFIG": "/nonexistent",
        "SLIPWAY_STATE_DIR": "/proc/nowhere",
    }
    script = ALL.replace("SAMPLE", repr(sample)).replace("GIVEN", repr(str(given)))
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **nowhere},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
