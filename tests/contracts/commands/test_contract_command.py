"""``manage.py contract …`` as a pipeline uses it: output and exit codes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from contracts.models import Contract
from contracts.publishing import publish
from portal.audit.models import Entry
from tests.contracts.conftest import Users
from tests.contracts.definitions import existing

REPOSITORY = Path(__file__).resolve().parents[3]
SAMPLES = REPOSITORY / "contracts" / "samples"


class Ended:
    """The result of a command: ``code`` 0 or 1, and everything that it printed."""

    def __init__(self, *arguments: object) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.code = 0
        try:
            call_command("contract", *map(str, arguments), stdout=out, stderr=err)
        except CommandError as error:
            self.code = error.returncode
            err.write(str(error))
        self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path, small: str) -> Path:
    path = tmp_path / "note.yaml"
    path.write_text(small, encoding="utf-8")
    return path


@pytest.fixture
def wrong(tmp_path: Path, small: str) -> Path:
    path = tmp_path / "wrong.yaml"
    path.write_text(small.replace("schema.spec.message", "schema.spec.mesage"), encoding="utf-8")
    return path


class TestWithoutADatabase:
    """These tests request no database, so a query would fail them."""

    def test_a_valid_file(self, file: Path) -> None:
        ended = Ended("check", file)
        assert (ended.code, ended.out) == (0, f"{file}: no problems.\n")

    def test_an_invalid_file_is_reported_with_line_column_path_and_hint(
        self, file: Path, wrong: Path
    ) -> None:
        ended = Ended("check", file, wrong)
        assert ended.code == 1
        first, second = ended.out.splitlines()
        assert first == f"{file}: no problems."
        assert second.startswith(f"{wrong}:22:34 spec.resources[settings].template.data.message: ")
        assert second.endswith("Did you mean “message”?")

    def test_the_reach_is_listed_and_does_not_fail(self) -> None:
        sample = SAMPLES / "team-namespace.yaml"
        ended = Ended("check", sample)
        first, second, *more = ended.out.splitlines()
        assert (ended.code, first) == (0, f"{sample}: no problems.")
        name = "${schema.metadata.namespace}-${schema.metadata.name}"
        assert second == f"{sample}:45:9: needs a grant: creates the Namespace {name}"
        assert len(more) == 4
        entries = [json.loads(line) for line in Ended("check", sample, "--json").out.splitlines()]
        assert [entry["what"] for entry in entries] == ["create"] * 4 + ["bind"]
        assert {entry["file"] for entry in entries} == {str(sample)}

    def test_problems_as_json_one_object_per_line(self, wrong: Path) -> None:
        ended = Ended("check", "--json", wrong)
        (line,) = ended.out.splitlines()
        assert list(json.loads(line)) == [
            "file",
            "line",
            "column",
            "path",
            "display_path",
            "node",
            "code",
            "severity",
            "message",
            "hint",
        ]
        assert ended.code == 1

    @pytest.mark.parametrize("verb", ["check", "crd", "graph", "test"])
    def test_a_missing_file(self, tmp_path: Path, verb: str) -> None:
        ended = Ended(verb, tmp_path / "nothing.yaml")
        assert ended.code == 1
        assert "cannot be read" in ended.out + ended.err

    @pytest.mark.parametrize("verb", ["crd", "graph", "test"])
    def test_an_invalid_file_is_refused_by_every_verb(self, wrong: Path, verb: str) -> None:
        ended = Ended(verb, wrong)
        assert ended.code == 1
        assert f"{wrong}:22:34" in ended.err

    def test_the_generated_definition(self, file: Path) -> None:
        crd = yaml.safe_load(Ended("crd", file).out)
        assert crd["metadata"]["name"] == "notes.platform.example.com"
        assert json.loads(Ended("crd", "--json", file).out) == crd

    def test_the_graph_in_order_with_reasons(self) -> None:
        lines = Ended("graph", SAMPLES / "stateless-service.yaml").out.splitlines()
        assert lines[0] == "1. deployment: Deployment (apps/v1)"
        assert lines[1] == "2. service: Service (v1)"
        assert lines[2].startswith("     needs deployment for deployment.metadata.name")

    def test_the_graph_as_json(self) -> None:
        graph = json.loads(Ended("graph", "--json", SAMPLES / "stateless-service.yaml").out)
        assert graph["order"] == ["deployment", "service"]
        assert graph["edges"][0]["needs"] == "deployment"

    @pytest.mark.parametrize(
        "given",
        ["message: hi\n", "apiVersion: platform.example.com/v1alpha1\nkind: Note\nspec: {message: hi}\n"],
        ids=["only-the-spec", "a-whole-instance"],
    )  # fmt: skip
    def test_rendering_an_input(self, file: Path, tmp_path: Path, given: str) -> None:
        source = tmp_path / "input.yaml"
        source.write_text(given)
        ended = Ended("render", file, "--input", source, "--json")
        result = json.loads(ended.out)
        (node,) = result["nodes"]
        assert (ended.code, node["id"], node["state"], result["order"]) == (
            0,
            "settings",
            "desired",
            ["settings"],
        )
        assert node["manifests"][0]["data"] == {"message": "hi"}
        assert set(result) == {"nodes", "status", "conditions", "order"}
        assert set(node) == {"id", "state", "reason", "manifests"}

    def test_rendering_with_observed_objects(self, file: Path, tmp_path: Path) -> None:
        source, observed = tmp_path / "input.yaml", tmp_path / "observed.yaml"
        source.write_text("message: hi\n")
        observed.write_text(
            "settings: {apiVersion: v1, kind: ConfigMap, metadata: {name: example}, data: {message: hi}}\n"
        )
        result = yaml.safe_load(Ended("render", file, "--input", source, "--observed", observed).out)
        assert result["status"] == {"configMap": "example"}
        assert (result["nodes"][0]["state"], result["nodes"][0]["reason"]) == ("desired", "")

    def test_an_invalid_input_is_reported_at_its_line(self, file: Path, tmp_path: Path) -> None:
        source = tmp_path / "input.yaml"
        source.write_text("# what it says\nmesage: hi\n")
        ended = Ended("render", file, "--input", source)
        assert ended.code == 1
        assert f"{source}:2:" in ended.err
        assert "Did you mean “message”?" in ended.err

    def test_kinds_of_custom_definitions(self, tmp_path: Path, file: Path, small: str) -> None:
        mine = tmp_path / "mine.yaml"
        mine.write_text(
            small.replace("name: note", "name: memo").replace("kind: Note", "kind: Memo")
            .replace("apiVersion: v1\n", "apiVersion: platform.example.com/v1alpha1\n")
            .replace("kind: ConfigMap", "kind: Note")
            .replace("        data:\n          message", "        spec:\n          mesage")
        )  # fmt: skip
        assert "checked without" in Ended("check", mine).out
        folder = tmp_path / "crds"
        folder.mkdir()
        (folder / "notes.yaml").write_text(Ended("crd", file).out)
        ended = Ended("check", mine, "--crds", folder)
        assert ended.code == 1
        assert "Did you mean “message”?" in ended.out

    @pytest.mark.parametrize(
        ("observed", "expected"),
        [
            ("setings: {kind: A}", ":1:1 setings: There is no node “setings”. Did you mean “settings”?"),
            ("settings: []", ":1:1 settings: “settings” should be one object, but it is []."),
            ("- settings", ":1:1: The file must contain exactly one YAML map."),
        ],
        ids=["unknown-node", "list-for-one", "no-map"],
    )  # fmt: skip
    def test_observed_objects_without_a_node_are_refused(
        self, file: Path, tmp_path: Path, observed: str, expected: str
    ) -> None:
        source, seen = tmp_path / "input.yaml", tmp_path / "observed.yaml"
        source.write_text("message: hi\n")
        seen.write_text(observed)
        ended = Ended("render", file, "--input", source, "--observed", seen)
        assert ended.code == 1
        assert ended.err.startswith(f"{seen}{expected}\n")

    def test_an_invalid_file_of_custom_definitions_is_named(self, file: Path, tmp_path: Path) -> None:
        (tmp_path / "crds").mkdir()
        broken = tmp_path / "crds" / "broken.yaml"
        broken.write_text("a: [")
        ended = Ended("check", file, "--crds", broken.parent)
        assert ended.code == 1
        assert ended.err.startswith(f"{broken}:")

    def test_problems_of_several_files_as_json(self, file: Path, wrong: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.yaml"
        other.write_text("kind: Contract\n")
        ended = Ended("check", "--json", wrong, file, other)
        found = [json.loads(line) for line in ended.out.splitlines()]
        assert (ended.code, {problem["file"] for problem in found}) == (1, {str(wrong), str(other)})

    def test_warnings_alone_do_not_fail(self, file: Path) -> None:
        file.write_text(file.read_text().replace("spec.message}", "spec.message} ${"))
        ended = Ended("check", "--json", file)
        (problem,) = map(json.loads, ended.out.splitlines())
        assert (ended.code, problem["code"], problem["severity"]) == (0, "unclosed-expression", "warning")

    def test_an_instance_that_can_never_be_created_fails(self, file: Path, tmp_path: Path) -> None:
        file.write_text(
            file.read_text().replace("${schema.spec.message}", "${string(int(schema.spec.message))}")
        )
        source = tmp_path / "input.yaml"
        source.write_text("message: hi\n")
        ended = Ended("render", file, "--input", source, "--json")
        (node,) = json.loads(ended.out)["nodes"]
        assert (ended.code, node["state"], node["manifests"]) == (1, "failed", [])
        assert ended.err.startswith(f"{file}:22:20 ")

    def test_problems_are_json_for_every_verb(self, wrong: Path) -> None:
        for verb in ("crd", "graph", "test"):
            ended = Ended(verb, "--json", wrong)
            assert (ended.code, json.loads(ended.out)["code"]) == (1, "unknown-field")

    def test_tests_as_json(self) -> None:
        ended = Ended("test", "--json", SAMPLES / "stateless-service.yaml")
        found = [json.loads(line) for line in ended.out.splitlines()]
        assert {tuple(trial) for trial in found} == {("name", "passed", "failures")}
        assert all(trial["passed"] for trial in found)

    def test_neither_database_nor_cluster_is_needed(self) -> None:
        nowhere = {"DATABASE_URL": "postgres://user@127.0.0.1:1/none", "KUBECONFIG": "/nonexistent"}
        command = [sys.executable, str(REPOSITORY / "manage.py"), "contract", "check"]
        sample = str(SAMPLES / "stateless-service.yaml")
        ended = subprocess.run(
            [*command, sample], env={**os.environ, **nowhere}, capture_output=True, text=True
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout

    def test_a_closed_output_pipe_is_no_error(self) -> None:
        command = [sys.executable, str(REPOSITORY / "manage.py"), "contract", "crd"]
        command.append(str(SAMPLES / "stateless-service.yaml"))
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        existing(running.stdout).close()
        assert (existing(running.stderr).read(), running.wait(timeout=60)) == (b"", 0)

    def test_tests_of_a_contract(self) -> None:
        ended = Ended("test", SAMPLES / "stateless-service.yaml")
        assert ended.code == 0
        assert ended.out.splitlines()[-1] == "6 of 6 tests passed."

    def test_a_failing_test_fails_the_command(self, file: Path) -> None:
        claim = "['settings.data.message == \"HI\"']"
        case = f"  tests:\n    - {{name: loud, input: {{message: hi}}, expect: {{assert: {claim}}}}}\n"
        file.write_text(file.read_text() + case)
        ended = Ended("test", file)
        assert ended.code == 1
        assert "FAILED  loud" in ended.out
        assert (
            '“settings.data.message == "HI"” should be true, but settings.data.message is "hi".' in ended.out
        )
        assert Ended("check", file).code == 1


@pytest.mark.django_db
class TestPublish:
    def test_revision_one_then_two_then_nothing(self, file: Path, small: str) -> None:
        assert Ended("publish", file, "--note", "The first").out == "note: revision 1 published.\n"
        file.write_text(small.replace("A note", "Another"))
        assert Ended("publish", file).out == "note: revision 2 published.\n"
        assert Ended("publish", file).out == "note: unchanged since revision 2.\n"
        first = Contract.objects.get().revisions.get(number=1)
        assert (first.note, first.author_name, first.text) == ("The first", "slipway", small)

    @pytest.fixture(autouse=True)
    def teams(self, users: Users) -> Users:
        return users

    def test_a_refused_file_is_reported_and_the_others_are_published(
        self, file: Path, wrong: Path, tmp_path: Path, small: str
    ) -> None:
        other = tmp_path / "other.yaml"
        other.write_text(small.replace("name: note", "name: memo").replace("kind: Note", "kind: Memo"))
        ended = Ended("publish", wrong, other)
        assert ended.code == 1
        assert ended.out == "memo: revision 1 published.\n"
        assert f"{wrong}:22:34" in ended.err

    def test_publishing_as_a_user(self, file: Path) -> None:
        Ended("publish", file, "--as", "engineer")
        revision = existing(Contract.objects.get().revision)
        assert existing(revision.author).username == "engineer"

    def test_publishing_as_a_user_without_permission(self, file: Path) -> None:
        ended = Ended("publish", file, "--as", "developer")
        assert ended.code == 1
        assert "belongs to the team Platform" in ended.err

    def test_publishing_as_an_unknown_user(self, file: Path) -> None:
        ended = Ended("publish", file, "--as", "ghost")
        assert (ended.code, ended.err) == (1, "There is no active user “ghost”.")

    def test_schema_changes_need_a_reason(self, file: Path, small: str, users: Users) -> None:
        publish(small, by=None)
        text = small.replace('message: string | default=hello description="What it says"', "other: string")
        file.write_text(text.replace("schema.spec.message", "schema.spec.other"))
        ended = Ended("publish", file)
        assert ended.code == 1
        assert "--allow-breaking" in ended.err
        assert Ended("publish", file, "--allow-breaking", "Nobody uses it").code == 0

    def test_the_definition_can_allow_schema_changes(self, file: Path, small: str, users: Users) -> None:
        publish(small, by=None)
        text = small.replace('message: string | default=hello description="What it says"', "other: string")
        annotation = 'annotations: {kro.run/allow-breaking-changes: "true"}'
        text = text.replace("schema.spec.message", "schema.spec.other")
        file.write_text(text.replace("\nspec:", f"\n  {annotation}\nspec:", 1))
        assert Ended("publish", file).code == 0

    def test_withdraw_and_offer_again(self, file: Path) -> None:
        Ended("publish", file)
        assert Ended("withdraw", "note", "--reason", "It is replaced").out == "note: withdrawn.\n"
        assert Contract.objects.get().withdrawn
        assert Ended("reinstate", "note").out == "note: reinstated.\n"
        assert [entry.reason for entry in Entry.objects.filter(verb__startswith="contract.")[:2]] == [
            "",  # an operator need not give a reason, and none is invented
            "It is replaced",
        ]

    def test_a_user_gives_a_reason(self, file: Path) -> None:
        Ended("publish", file)
        ended = Ended("withdraw", "note", "--as", "root")
        assert (ended.code, "Enter a reason" in ended.err) == (1, True)
        assert not Contract.objects.get().withdrawn

    def test_withdrawing_a_missing_contract(self, file: Path) -> None:
        Ended("publish", file)
        ended = Ended("withdraw", "nothing")
        assert (ended.code, ended.err) == (1, "There is no contract “nothing”. Contracts: note.")


@pytest.mark.slow
def test_concurrent_publications_get_different_numbers(tmp_path: Path, small: str) -> None:
    """Four processes, one database file: each number is used once, no publication is lost."""
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}"}
    manage = [sys.executable, str(REPOSITORY / "manage.py")]
    subprocess.run([*manage, "migrate", "-v", "0"], env=environment, check=True)
    team = "from portal.accounts.models import Team; Team.objects.create(slug='platform', name='Platform')"
    subprocess.run([*manage, "shell", "-v", "0", "-c", team], env=environment, check=True)
    files = [tmp_path / f"{number}.yaml" for number in range(4)]
    for number, path in enumerate(files):
        path.write_text(small.replace("A note", f"Note {number}"))
    running = [
        subprocess.Popen(
            [*manage, "contract", "publish", str(path)], env=environment, stdout=subprocess.PIPE, text=True
        )
        for path in files
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0]
    assert sorted(said) == [f"note: revision {number} published.\n" for number in range(1, 5)]
