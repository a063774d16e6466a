"""Instances over the API: the same validation and permissions as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog.models import Change, Destination, Instance
from contracts.models import Contract
from portal.accounts.models import APIToken, User

ALL = "/api/v1/instances/"
MANIFEST: dict[str, Any] = {
    "contract": "service",
    "namespace": "checkout",
    "name": "shop",
    "spec": {"image": "shop:1", "env": {"BIG": "9007199254740993"}},
}


@pytest.fixture
def call(users: dict[str, User], contract: Contract, cluster: Destination) -> Callable[..., Any]:
    """``call("developer", "post", path, body)`` with that user's token; ``""``: without one."""

    def send(who: str, method: str, path: str, body: Any = None) -> Any:
        headers = {}
        if who:
            _, text = APIToken.issue(users[who], "test")
            headers["Authorization"] = f"Bearer {text}"
        more = {"data": body, "content_type": "application/json"} if body is not None else {}
        return getattr(Client(headers=headers), method)(path, **more)

    return send


def test_an_instance_is_created_read_changed_and_deleted(call: Callable[..., Any]) -> None:
    made = call("developer", "post", ALL, MANIFEST)
    assert made.status_code == 202
    assert made.json()["change"]["state"] == "approved"
    path = f"{ALL}{made.json()['instance']['id']}/"
    read = call("developer", "get", path).json()
    assert (read["spec"], read["state"], read["team"]) == (MANIFEST["spec"], "waiting", "checkout")
    assert read["pending_change"] == made.json()["change"]["id"]
    changed = call("developer", "put", path, {"spec": {"image": "shop:2"}})
    assert changed.status_code == 202
    change = Change.objects.first()
    assert change is not None
    assert change.manifest["spec"] == {"image": "shop:2"}
    assert call("developer", "delete", path).status_code == 202
    assert [one["action"] for one in call("developer", "get", f"{path}changes/").json()["results"]] == [
        "delete",
        "update",
        "create",
    ]
    assert call("developer", "get", "/api/v1/changes/").json()["count"] == 3
    change_url = f"/api/v1/changes/{made.json()['change']['id']}/"
    assert call("teammate", "get", change_url).json()["instance_name"] == "checkout/shop"
    assert call("other", "get", change_url).status_code == 404


def test_every_problem_is_reported_with_its_path(call: Callable[..., Any]) -> None:
    wrong = {**MANIFEST, "name": "Shop", "spec": {"imagee": "x", "replicas": 99, "ports": [{"port": "80"}]}}
    answer = call("developer", "post", ALL, wrong)
    assert answer.status_code == 422
    assert answer.json()["message"] == "The instance is invalid."
    assert {problem["path"] for problem in answer.json()["problems"]} == {
        "metadata.name",
        "spec.image",
        "spec.imagee",
        "spec.replicas",
        "spec.ports[0].name",
        "spec.ports[0].port",
    }


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"contract": "nothing"}, 422),
        ({"namespace": "search"}, 403),
        ({"namespace": ""}, 400),
        ({"spec": "text"}, 422),
        ({"spec": [1]}, 422),
        ({"name": ""}, 400),
        ({"lables": {"a": "b"}}, 400),
    ],
)
def test_invalid_requests_are_refused(call: Callable[..., Any], changed: dict[str, Any], code: int) -> None:
    assert call("developer", "post", ALL, {**MANIFEST, **changed}).status_code == code
    assert not Instance.objects.exists()


def test_a_name_in_use_and_an_old_generation_are_conflicts(
    call: Callable[..., Any], instance: Instance
) -> None:
    assert call("developer", "post", ALL, MANIFEST).status_code == 409
    old = {"spec": {"image": "shop:2"}, "generation": 0}
    assert call("developer", "put", f"{ALL}{instance.pk}/", old).status_code == 409


@pytest.mark.parametrize(
    ("who", "method", "code"),
    [
        ("engineer", "get", 200),
        ("teammate", "get", 200),
        ("viewer", "get", 200),
        ("other", "get", 404),
        ("outsider", "get", 404),
        ("", "get", 401),
        ("teammate", "put", 202),
        ("viewer", "put", 403),
        ("other", "put", 404),
        ("", "put", 401),
        ("teammate", "delete", 202),
        ("viewer", "delete", 403),
        ("other", "delete", 404),
        ("developer", "post", 405),
    ],
)
def test_permissions_are_those_of_the_pages(
    call: Callable[..., Any], instance: Instance, who: str, method: str, code: int
) -> None:
    body = {"spec": {"image": "shop:2"}} if method in ("put", "post") else None
    assert call(who, method, f"{ALL}{instance.pk}/", body).status_code == code


def test_the_list_contains_what_the_caller_may_see(
    call: Callable[..., Any], make_instance: Callable[..., Instance]
) -> None:
    make_instance("shop")
    make_instance("index", "search")
    for who, names in (
        ("developer", ["shop"]),
        ("other", ["index"]),
        ("engineer", ["index", "shop"]),
        ("outsider", []),
    ):
        assert [one["name"] for one in call(who, "get", ALL).json()["results"]] == names
    assert call("engineer", "get", f"{ALL}?namespace=search").json()["count"] == 1


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("state=redy", "state", "Unknown value “redy”. Allowed: waiting, progressing, ready"),
        ("sort=size", "sort", "Unknown value “size”. Allowed: name, state"),
        ("stat=ready", "stat", "Unknown parameter “stat”. Did you mean “state”?"),
    ],
)
def test_an_unknown_filter_is_refused(call: Callable[..., Any], query: str, path: str, message: str) -> None:
    answer = call("developer", "get", f"{ALL}?{query}")
    assert answer.status_code == 400
    [problem] = answer.json()["problems"]
    assert (problem["path"], problem["message"][: len(message)]) == (path, message)


@pytest.mark.parametrize("query", ["state=nonsense", "stat=delivered"])
def test_every_list_refuses_unknown_parameters(
    call: Callable[..., Any], contract: Contract, instance: Instance, query: str
) -> None:
    """A filter that is ignored would answer with everything."""
    api = "/api/v1"
    lists = [ALL, f"{ALL}{instance.pk}/changes/", f"{api}/changes/", f"{api}/contracts/"]
    lists.append(f"{api}/contracts/{contract.name}/revisions/")
    assert {path: call("developer", "get", f"{path}?{query}").status_code for path in lists} == dict.fromkeys(
        lists, 400
    )


def test_changes_are_filtered_by_state(call: Callable[..., Any]) -> None:
    assert call("developer", "post", ALL, MANIFEST).status_code == 202
    for state, count in (("approved", 1), ("delivered", 0), ("", 1)):
        assert call("developer", "get", f"/api/v1/changes/?state={state}").json()["count"] == count


def test_a_withdrawn_contract_has_no_new_instances(
    call: Callable[..., Any], contract: Contract, users: dict[str, User]
) -> None:
    contract.withdraw(by=None, reason="It is replaced")
    answer = call("developer", "post", ALL, {**MANIFEST, "spec": {}})
    assert answer.status_code == 409
    assert "was withdrawn" in answer.json()["message"]


EXACT = [
    "a\r\nb\r\n",
    " padded\t",
    "a\u0085b\u2028c\ufeff",
    "😀",
    "1e3",
    "yes",
    "",
    "\n",
    "{a: 1",
    "x" * 300_000,
]


@pytest.mark.parametrize("text", EXACT, ids=range(len(EXACT)))
def test_a_string_arrives_as_it_was_sent(call: Callable[..., Any], text: str) -> None:
    spec = {"image": "shop:1", "env": {"A": text, "<<": text, "a.b/c": text}}
    made = call("developer", "post", ALL, {**MANIFEST, "spec": spec})
    assert made.status_code == 202
    assert Instance.objects.get().spec == Change.objects.get().manifest["spec"] == spec
    path = f"{ALL}{made.json()['instance']['id']}/"
    assert call("developer", "put", path, {"spec": {**spec, "replicas": 3}}).status_code == 202
    touched = call("developer", "get", f"{path}changes/").json()["results"][0]["touched"]
    assert [one["path"] for one in touched] == [["spec", "replicas"]]


def body(spec: str) -> str:
    return f'{{"contract": "service", "namespace": "checkout", "name": "shop", "spec": {spec}}}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n"name": "a",\n"name": "b"}', "Duplicate key “name” in line 3; the first one is in line 2."),
        (body('{"env": {"A": "1",\n"A": "2"}}'), "Duplicate key “A” in line 2; the first one is in line 1."),
        (body('{"image": "\\ud83d"}'), "half of a surrogate pair"),
        (body('{"\\ude00\\ud83d": 1}'), "half of a surrogate pair"),
        (body('{"replicas": NaN}'), "NaN is not a number in JSON."),
        (body('{"replicas": 1e999}'), "a number is too large"),
        (body(f'{{"replicas": {2**64}}}'), "below 2^64"),
        ("{", "is not JSON"),
        ("\udcff", "is not JSON"),
    ],
)
def test_a_body_that_would_lose_something_is_refused(
    call: Callable[..., Any], text: str, message: str
) -> None:
    answer = call("developer", "post", ALL, text.encode(errors="surrogateescape"))
    assert answer.status_code == 400
    assert message in answer.content.decode()
    assert not Instance.objects.exists()


def test_a_surrogate_pair_is_one_character(call: Callable[..., Any]) -> None:
    assert call("developer", "post", ALL, body('{"image": "\\ud83d\\ude00:1"}')).status_code == 202
    assert Instance.objects.get().spec == {"image": "😀:1"}


@pytest.mark.parametrize("spec", ["null", "[]", '""', '"x"', "0", "false"])
def test_a_spec_that_is_no_object_changes_nothing(
    call: Callable[..., Any], instance: Instance, spec: str
) -> None:
    assert call("developer", "post", ALL, body(spec)).status_code in (400, 422)
    assert call("developer", "put", f"{ALL}{instance.pk}/", f'{{"spec": {spec}}}').status_code in (400, 422)
    for text in ("", "null", "[]", "{}"):
        assert call("developer", "put", f"{ALL}{instance.pk}/", text).status_code in (400, 422)
    assert not Change.objects.exists()
