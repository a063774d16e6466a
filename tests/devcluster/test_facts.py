"""Kinds, defaults and columns compared with those of a real server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from devcluster.http.printers import printer
from devcluster.kinds.kinds import Kinds
from tests.clusters import DevCluster
from tests.devcluster.http import Http

FOLDER = Path(__file__).parent / "recorded" / "openapi"


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def test_kinds_are_those_of_a_real_server_in_the_order_of_discovery() -> None:
    kinds = Kinds()
    ours = [
        {
            "group": group,
            "version": version,
            "resources": [_described(kind) for kind in kinds.resources(group, version)],
        }
        for group, versions in kinds.group_versions().items()
        for version in versions
    ]
    assert ours == [_filled(entry) for entry in read("resources.json")]


def _filled(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {"resources": [{"subresources": {}} | one for one in entry["resources"]]}


def _described(kind: Any) -> dict[str, Any]:
    subresources = {}
    for sub in kind.subresources.values():
        subresources[sub.name] = {"kind": sub.kind, "verbs": list(sub.verbs)}
    return {
        "plural": kind.plural,
        "singular": kind.singular,
        "kind": kind.kind,
        "namespaced": kind.namespaced,
        "shortNames": list(kind.short_names),
        "categories": list(kind.categories),
        "verbs": list(kind.verbs),
        "subresources": subresources,
    }


def test_printed_columns_have_the_names_and_types_of_a_real_server() -> None:
    recorded = read("columns.json")
    for kind in Kinds():
        name = f"{kind.group}/{kind.version}/{kind.plural}".lstrip("/")
        definitions, _ = printer(kind)
        if (len(definitions) == 2 and definitions[1]["name"] == "Created At") or name not in recorded:
            continue
        ours = [(one["name"], one["type"], one["priority"]) for one in definitions]
        assert ours == [(one["name"], one["type"], one.get("priority", 0)) for one in recorded[name]], name


def defaults() -> list[Any]:
    return [
        pytest.param(entry, id=f"{index}-{entry['sent']['kind']}")
        for index, entry in enumerate(read("defaults.json"))
    ]


@pytest.mark.parametrize("entry", defaults())
def test_defaults_are_those_of_a_real_server(entry: dict[str, Any], clusters: dict[str, DevCluster]) -> None:
    http = Http(clusters["alone"])
    answer = http.post(f"{entry['path']}?dryRun=All", entry["sent"])
    assert answer.status == 201, answer.body
    wanted = dict(entry["filled"])
    assert _plain(_additions(entry["sent"], answer.body)) == _plain(wanted)


IGNORED = ("managedFields", "uid", "resourceVersion", "creationTimestamp", "generation")


def _additions(sent: Any, got: Any, path: str = "") -> dict[str, Any]:
    """The fields of the answer that were not sent: path → value."""
    if isinstance(sent, dict) and isinstance(got, dict):
        found: dict[str, Any] = {}
        for key, value in got.items():
            if path == ".metadata" and key in IGNORED:
                continue
            where = f"{path}.{key}"
            if key in sent:
                found |= _additions(sent[key], value, where)
            else:
                found[where] = value
        return found
    if isinstance(sent, list) and isinstance(got, list) and len(sent) == len(got):
        found = {}
        for index, (one, other) in enumerate(zip(sent, got, strict=True)):
            found |= _additions(one, other, f"{path}[{index}]")
        return found
    return {}


def _plain(found: dict[str, Any]) -> str:
    text = json.dumps(found, sort_keys=True)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "$uid", text)
    text = re.sub(r"10\.96\.\d+\.\d+", "$ip", text)
    text = re.sub(r'"nodePort": \d+', '"nodePort": "$nodePort"', text)
    text = re.sub(r'nodePort": 3\d{4}', 'nodePort": "$nodePort"', text)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "$time", text)
