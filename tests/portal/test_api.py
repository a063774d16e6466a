"""The conventions of the API in every app: errors are JSON, say what is wrong and what to do."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from portal.accounts.models import APIToken, User
from portal.api.exceptions import flatten
from portal.api.strict_serializers import StrictSerializer, suggestion
from portal.log_filters import ClientErrorsWithoutTraceback

WHOAMI = "/api/v1/whoami/"
CHECK = "/api/v1/contracts/check/"


@pytest.fixture
def call(users: dict[str, User]) -> Callable[..., tuple[int, dict[str, Any]]]:
    """``call("engineer", "post", path, …)`` with that user's token: status and JSON."""

    def send(who: str, method: str, path: str, data: object = None, kind: str = "application/json") -> Any:
        _, text = APIToken.issue(users[who], "test")
        client = Client(headers={"Authorization": f"Bearer {text}"})
        body = {} if data is None else {"data": data, "content_type": kind}
        answer = getattr(client, method)(path, **body)
        assert answer["Content-Type"] == "application/json"
        return answer.status_code, answer.json()

    return send


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (("get", "/api/v1/nothing/", None, ""), 404, "No endpoint /api/v1/nothing/."),
        (("get", "/api/v1/contracts/?page=9", None, ""), 404, "Page 9 not found."),
        (("delete", WHOAMI, None, ""), 405, "DELETE is not allowed here. Allowed: GET, HEAD, OPTIONS."),
        (("post", CHECK, "text: a", "text/yaml"), 415, "Send JSON, with the header"),
        (("post", CHECK, "{text: a}", "application/json"), 400, "The body is not JSON"),
        (
            ("post", CHECK, b"x" * (9 << 20), "application/json"),
            413,
            "The request body has more than 1,572,864 bytes.",
        ),
    ],
)
def test_errors_are_json(
    call: Any, settings: Settings, request_: tuple[Any, ...], code: int, message: str
) -> None:
    status, answer = call("engineer", *request_)
    assert status == code
    assert answer["message"].startswith(message)
    assert answer["problems"] == []


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("page_size=many", "page_size", "Enter an integer from 1 to 500."),
        ("page_size=-1", "page_size", "Enter an integer from 1 to 500."),
    ],
)
def test_an_unknown_parameter_is_named(call: Any, query: str, path: str, message: str) -> None:
    status, answer = call("engineer", "get", f"/api/v1/contracts/?{query}")
    assert status == 400
    assert {"path": path, "message": message} in answer["problems"]


def test_without_a_token_the_response_explains_where_to_create_one() -> None:
    answer = Client().get(WHOAMI)
    assert answer.status_code == 401
    assert "Create a token on your account page." in answer.json()["message"]


def test_the_root_links_to_every_endpoint(call: Any) -> None:
    _, places = call("developer", "get", "/api/v1/")
    assert {"contracts", "instances", "changes", "whoami", "schema", "docs"} == places.keys()


def test_a_redirect_to_the_slash_keeps_method_and_body() -> None:
    answer = Client().post("/api/v1/contracts/check", {}, content_type="application/json")
    assert (answer.status_code, answer["Location"]) == (308, "/api/v1/contracts/check/")


def test_the_openapi_document_needs_an_account(sign_in: Callable[[str], Client]) -> None:
    assert Client().get("/api/schema/").status_code == 401
    assert sign_in("outsider").get("/api/schema/").status_code == 200


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the configured handler writes."""
    (handler,) = (
        one
        for one in logging.getLogger().handlers
        if any(isinstance(f, ClientErrorsWithoutTraceback) for f in one.filters)
    )
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.mark.parametrize(
    "path", ["/users/", "/audit/", "/teams/new/", "/nothing/", "/api/v1/nothing/", "/api/v1/instances/?a=b"]
)
def test_a_refusal_is_one_line_in_the_log(
    sign_in: Callable[[str], Client], log: io.StringIO, path: str
) -> None:
    assert 400 <= sign_in("developer").get(path).status_code < 500
    assert len(log.getvalue().splitlines()) == 1


def test_an_error_has_its_traceback_in_the_log(log: io.StringIO) -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        logging.getLogger("django.request").exception("Failed", extra={"status_code": 500})
    assert "Traceback" in log.getvalue()


def test_every_schema_of_the_openapi_document_has_an_explicit_name(sign_in: Callable[[str], Client]) -> None:
    answer = sign_in("outsider").get("/api/schema/", headers={"Accept": "application/json"})
    names = json.loads(answer.content)["components"]["schemas"]
    assert {"InstanceState", "ChangeState"} <= names.keys()
    assert not [name for name in names if name.startswith("State")]


@pytest.mark.parametrize(
    ("sent", "problems"),
    [
        (
            {"nme": "a"},
            {"nme": "Unknown field “nme”. Did you mean “name”?", "name": "This field is required."},
        ),
        ({"name": "a", "zzz": 1}, {"zzz": "Unknown field “zzz”."}),
        ([1], {"": "Expected a JSON object, got list."}),
        ({"name": "a"}, {}),
    ],
)
def test_unknown_fields_are_refused(sent: Any, problems: Any) -> None:
    class Named(StrictSerializer):
        name = serializers.CharField()

    serializer = Named(data=sent)
    serializer.is_valid()
    assert {one["path"]: one["message"] for one in flatten(serializer.errors)} == problems


@pytest.mark.parametrize(("name", "words"), [("labls", " Did you mean “labels”?"), ("q", "")])
def test_a_similar_name_is_suggested(name: str, words: str) -> None:
    assert suggestion(name, ["labels", "spec"]) == words


def test_problems_of_a_list_have_their_index() -> None:
    found = list(flatten(ValidationError({"ports": {"0": [ErrorDetail("No.")]}}).detail))
    assert found == [{"path": "ports.0", "message": "No."}]
