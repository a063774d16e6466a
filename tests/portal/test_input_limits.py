"""Every limit of input, at every place where input enters: pages, API, websocket and the readers of texts."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client

from contracts.documents import read
from portal.body_limit import BodyLimit, Message
from portal.input_limits import LIMITS, LimitExceeded, check_json
from portal.live.topics import parse_topics

CHECK, IMPORT = "/api/v1/contracts/check/", "/contracts/import/"
FORM = "application/x-www-form-urlencoded"
DEEP, FLAT = 65, 20_001


def nested(depth: int) -> str:
    return '{"a": ' * depth + "1" + "}" * depth


TEXTS = {
    "depth": (nested(DEEP), nested(64)),
    "nodes": (json.dumps({"a": [1] * FLAT}), json.dumps({"a": [1] * 19_998})),
    "digits": (f'{{"a": {"9" * 401}}}', f'{{"a": -{"1" * 300}}}'),
    "key": (json.dumps({"é" * 513: 1}), json.dumps({"é" * 512: 1})),
}
MESSAGES = {
    "body": "The request body has more than 1,572,864 bytes.",
    "depth": "Nested more than 64 levels deep.",
    "nodes": "More than 20,000 values.",
    "digits": "A number has more than 400 digits.",
    "key": "A name is longer than 1,024 bytes.",
    "query": "A parameter of the address has more than 256 characters.",
    "topic": "A topic has more than 128 characters.",
}


@pytest.mark.parametrize("limit", TEXTS)
def test_json_is_checked_before_it_is_parsed(limit: str) -> None:
    over, within = TEXTS[limit]
    check_json(within)
    with pytest.raises(LimitExceeded, match=MESSAGES[limit]):
        check_json(over)


@pytest.mark.parametrize("text", ["[" * 1_000_000, "9" * 1_000_000, '"a":' * 300_000, "}" * 1_500_000, '"\\'])
def test_text_that_is_not_json_is_bounded_too(text: str) -> None:
    began = time.process_time()
    with suppress(LimitExceeded):
        check_json(text)
    assert time.process_time() - began < 2


BLOCKS = {  # YAML
    "depth": "- " * DEEP + "x",
    "nodes": "- x\n" * FLAT,
    "digits": f"a: {'9' * 401}",
    "hex": f"a: 0x{'f' * 400}",
    "key": f"? {'k' * 1_025}\n: 1",
}


@pytest.mark.parametrize("text", [*BLOCKS.values(), *(over for over, _ in TEXTS.values())])
def test_texts_of_forms_and_commands_have_a_problem(text: str) -> None:
    _, problems = read(text)
    assert {problem.code for problem in problems} & {"too-deep", "too-large", "number-too-large"}
    assert all(problem.line == 1 or problem.line > LIMITS.nodes for problem in problems)


def form(**fields: str) -> dict[str, Any]:
    return {"data": fields}


def api(text: str | bytes) -> dict[str, Any]:
    return {"data": text, "content_type": "application/json"}


def encoded(body: str | bytes, **more: str) -> dict[str, Any]:
    return {"data": body, "content_type": FORM, **more}


REQUESTS = [
    *((MESSAGES[limit], 422, CHECK, api(over)) for limit, (over, _) in TEXTS.items()),
    (MESSAGES["body"], 413, CHECK, api(b" " * 1_572_865)),
    (MESSAGES["body"], 413, IMPORT, form(text="x" * 1_572_865)),
    (MESSAGES["body"], 413, IMPORT, encoded("text=" + "x" * 1_572_865)),
    (MESSAGES["nodes"], 422, IMPORT, encoded("a=1&" * FLAT)),
    (MESSAGES["key"], 422, IMPORT, encoded(f"{'k' * 1_025}=1")),
    (MESSAGES["depth"], 422, IMPORT, encoded(f"{'/a' * DEEP}=1")),
    (MESSAGES["query"], 422, f"/contracts/?q={'q' * 257}", None),
    (MESSAGES["query"], 422, f"/api/v1/contracts/?q={'q' * 257}", None),
    (MESSAGES["query"], 422, f"/catalog/?category={'q' * 257}", None),
    (MESSAGES["key"], 422, f"/catalog/?{'q' * 1_025}=1", None),
    (MESSAGES["nodes"], 422, f"/catalog/?{'a&' * FLAT}", None),
    ("The charset “utf-7” is not accepted.", 415, IMPORT, encoded("a", content_type="text/x; charset=utf-7")),
    ("The charset “utf-7”", 415, IMPORT, {"data": "a", "content_type": f"{FORM}; charset=utf-7"}),
    ("Content-Encoding “gzip”", 415, IMPORT, encoded("a", HTTP_CONTENT_ENCODING="gzip")),
    ("Content-Encoding “gzip”", 415, CHECK, {**api("{}"), "HTTP_CONTENT_ENCODING": "gzip"}),
    ("Content-Length is not a number", 400, IMPORT, encoded("a", CONTENT_LENGTH="-1")),
    ("The form cannot be read", 400, IMPORT, encoded("a", content_type="multipart/form-data; boundary=é")),
    ("the character NUL", 400, "/contracts/%00/", None),
]


@pytest.mark.parametrize(
    "case",
    REQUESTS,
    ids=[f"{status} {path[:20]} {message[:30]}" for message, status, path, _ in REQUESTS],
)
def test_a_request_beyond_a_limit_is_refused(
    sign_in: Callable[[str], Client], caplog: pytest.LogCaptureFixture, case: tuple[str, int, str, Any]
) -> None:
    message, status, path, request_ = case
    client = sign_in("admin")
    response = client.get(path) if request_ is None else client.post(path, **request_)
    is_api = path.startswith("/api/")
    shown = response.json()["message"] if is_api else response.content.decode()
    assert (response.status_code, message in shown) == (status, True)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_what_was_typed_is_shown_again(sign_in: Callable[[str], Client]) -> None:
    response = sign_in("admin").post(IMPORT, {"text": "kind: Typed", "/a" * DEEP: "1"})
    assert response.status_code == 422
    assert "kind: Typed" in response.content.decode()


def test_an_address_to_return_to_may_be_longer(client: Client, db: None) -> None:
    assert client.get("/login/", {"next": f"/catalog/?q={'q' * 256}"}).status_code == 200


def test_a_topic_beyond_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded, match=MESSAGES["topic"]):
        parse_topics(["instances," + "x" * 5_000])
    assert parse_topics([f"{'x' * 90},instances"]) == ["instances"]


@pytest.mark.parametrize(
    ("headers", "chunks", "read_chunks", "length"),
    [
        ([], [b"x" * 1_000_000, b"x" * 500_000], 2, None),
        ([], [b"x" * 1_000_000] * 9, 2, b"2000000"),
        ([(b"content-length", b"9000000")], [b"x" * 1_000_000] * 9, 0, b"9000000"),
        ([(b"content-length", b"9" * 5_000)], [b"x"], 0, b"9" * 5_000),
    ],
    ids=["within", "chunked", "declared", "long"],
)
async def test_a_server_reads_no_further_than_the_limit(
    headers: list[tuple[bytes, bytes]], chunks: list[bytes], read_chunks: int, length: bytes | None
) -> None:
    """As ``ASGIHandler`` does: read the body, then the headers."""
    read_: list[int] = []
    seen: dict[bytes, bytes] = {}

    async def receive() -> Message:
        read_.append(len(chunks[len(read_)]))
        return {"type": "http.request", "body": b"x" * read_[-1], "more_body": len(read_) < len(chunks)}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        seen.update(scope["headers"])

    await BodyLimit(application)({"type": "http", "headers": headers}, receive, send)
    assert len(read_) == read_chunks
    assert seen.get(b"content-length") == length
