"""When an apply is due: desired and live fields, and those that our manager owns."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.plan.compare import FieldDifference, field_differences

DESIRED: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Thing",
    "metadata": {"name": "a"},
    "spec": {"size": 3, "tags": {"a": "b"}},
}
OWNED: dict[str, Any] = {"f:spec": {"f:size": {}, "f:tags": {"f:a": {}}}}


def live(spec: dict[str, Any], owned: dict[str, Any], manager: str = "slipway/children") -> dict[str, Any]:
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": owned}
    return {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {"name": "a", "uid": "1", "managedFields": [entry]},
        "spec": spec,
    }


def desired_body(spec: dict[str, Any]) -> dict[str, Any]:
    return {**DESIRED, "spec": spec}


def owned_list(*items: str) -> dict[str, Any]:
    return {"f:spec": {"f:set": {item: {} for item in items}}}


CONTAINER = 'k:{"name":"app"}'
PORT = 'k:{"containerPort":80,"protocol":"TCP"}'


@pytest.mark.parametrize(
    ("want", "spec", "owned", "expected"),
    [
        pytest.param(DESIRED["spec"], {"size": 3, "tags": {"a": "b"}}, OWNED, [], id="as-desired"),
        pytest.param(
            {"set": ["a", "b"]}, {"set": ["b", "a", "c"]}, owned_list('v:"a"', 'v:"b"'), [], id="a-set"
        ),
        pytest.param(
            {"set": ["a"]},
            {"set": ["a", "b"]},
            owned_list('v:"a"', 'v:"b"'),
            [FieldDifference("spec.set", "differs")],
            id="a-set-with-an-undesired-member",
        ),
        pytest.param({"set": [1, 2]}, {"set": [1, 2]}, owned_list("i:0", "i:1"), [], id="by-position"),
        pytest.param(
            {"set": [1, 3]},
            {"set": [1, 2]},
            owned_list("i:0", "i:1"),
            [FieldDifference("spec.set", "differs")],
            id="by-position-and-another-value",
        ),
        pytest.param(
            {"set": "text"},
            {"set": ["a"]},
            owned_list('v:"a"'),
            [FieldDifference("spec.set", "differs")],
            id="a-string-instead-of-a-list",
        ),
        pytest.param(
            DESIRED["spec"],
            {"size": 3, "tags": {"a": "b", "x": "y"}, "more": 1},
            OWNED,
            [],
            id="fields-of-other-managers",
        ),
        pytest.param(
            DESIRED["spec"],
            {"size": 4, "tags": {"a": "b"}},
            OWNED,
            [FieldDifference("spec.size", "differs")],
            id="a-value-differs",
        ),
        pytest.param(
            DESIRED["spec"],
            {"size": 3, "tags": {"a": "b"}},
            {"f:spec": {"f:tags": {"f:a": {}}}},
            [FieldDifference("spec.size", "unowned")],
            id="another-manager-took-a-field",
        ),
        pytest.param(
            {"size": 3},
            {"size": 3, "tags": {"a": "b"}},
            OWNED,
            [FieldDifference("spec.tags", "undesired")],
            id="a-field-left-the-template",
        ),
        pytest.param(
            {"size": 3, "tags": {"a": "b"}, "extra": {}, "none": None},
            {"size": 3, "tags": {"a": "b"}},
            OWNED,
            [],
            id="the-server-omits-empty-values",
        ),
        pytest.param(
            {"cpu": "1000m", "label": "1k", "share": 1},
            {"cpu": "1", "label": "1000", "share": 1.0},
            {"f:spec": {"f:cpu": {}, "f:label": {}, "f:share": {}}},
            [FieldDifference("spec.cpu", "differs"), FieldDifference("spec.label", "differs")],
            id="only-the-server-knows-what-is-a-quantity",
        ),
        pytest.param(
            {"size": 3, "none": None},
            {"size": 3, "none": None},
            {"f:spec": {"f:size": {}, "f:none": {}}},
            [],
            id="a-null-is-owned-and-has-no-value",
        ),
        pytest.param(
            {"on": True},
            {"on": 1},
            {"f:spec": {"f:on": {}}},
            [FieldDifference("spec.on", "differs")],
            id="true-is-not-1",
        ),
        pytest.param(
            {"containers": [{"name": "app", "image": "a", "ports": [{"containerPort": 80}]}]},
            {
                "containers": [
                    {"name": "injected"},
                    {
                        "name": "app",
                        "image": "a",
                        "imagePullPolicy": "Always",
                        "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    },
                ]
            },
            {
                "f:spec": {
                    "f:containers": {
                        CONTAINER: {
                            ".": {},
                            "f:name": {},
                            "f:image": {},
                            "f:ports": {PORT: {".": {}, "f:containerPort": {}}},
                        }
                    }
                }
            },
            [],
            id="list-items-by-key-with-defaults",
        ),
        pytest.param(
            {"containers": [{"name": "app", "image": "b"}]},
            {"containers": [{"name": "app", "image": "a"}, {"name": "old", "image": "c"}]},
            {
                "f:spec": {
                    "f:containers": {
                        CONTAINER: {".": {}, "f:name": {}, "f:image": {}},
                        'k:{"name":"old"}': {".": {}, "f:name": {}, "f:image": {}},
                    }
                }
            },
            [
                FieldDifference("spec.containers[0].image", "differs"),
                FieldDifference("spec.containers[name=old]", "undesired"),
            ],
            id="an-item-changed-and-one-removed",
        ),
        pytest.param(
            {"rules": [{"port": 80}]},
            {"rules": [{"port": 80, "protocol": "TCP"}]},
            {"f:spec": {"f:rules": {}}},
            [],
            id="defaults-inside-an-atomic-list",
        ),
        pytest.param(
            {"rules": [{"port": 80}]},
            {"rules": [{"port": 80}, {"port": 81}]},
            {"f:spec": {"f:rules": {}}},
            [FieldDifference("spec.rules", "differs")],
            id="an-atomic-list",
        ),
        pytest.param(
            {"names": ["a", "b"]},
            {"names": ["x", "a", "b"]},
            {"f:spec": {"f:names": {'v:"a"': {}, 'v:"b"': {}}}},
            [],
            id="a-set-may-have-members-of-others",
        ),
        pytest.param(
            {"names": ["a"]},
            {"names": ["a", "b"]},
            {"f:spec": {"f:names": {'v:"a"': {}, 'v:"b"': {}}}},
            [FieldDifference("spec.names", "differs")],
            id="an-owned-and-undesired-member",
        ),
        pytest.param({"dir": {}}, {"dir": {}}, {"f:spec": {"f:dir": {}}}, [], id="an-empty-map-that-is-kept"),
    ],
)
def test_differences(
    want: dict[str, Any], spec: dict[str, Any], owned: dict[str, Any], expected: list[FieldDifference]
) -> None:
    assert field_differences(desired_body(want), live(spec, owned)) == expected


def test_an_object_that_we_never_applied_differs_in_every_field() -> None:
    found = field_differences(DESIRED, live(dict(DESIRED["spec"]), OWNED, manager="kubectl"))
    assert found == [FieldDifference("spec.size", "unowned"), FieldDifference("spec.tags.a", "unowned")]


def test_a_key_with_dots_is_printed_in_quotes() -> None:
    labels = {"labels": {"app.kubernetes.io/name": "x"}}
    found = field_differences(
        {**DESIRED, "metadata": {"name": "a", **labels}}, live(dict(DESIRED["spec"]), OWNED)
    )
    assert found == [FieldDifference('metadata.labels["app.kubernetes.io/name"]', "unowned")]
