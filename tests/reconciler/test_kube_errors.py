"""Which answers of an API server are final, and which may be another after the object is read again."""

from __future__ import annotations

import pytest

from reconciler.kube import ApiError

TERMINATING = "create not allowed while custom resource definition is terminating"
# answer → refused: the same request would be refused again
ANSWERS: dict[str, tuple[ApiError, bool]] = {
    "invalid": (ApiError(422, "spec.size: Invalid value"), True),
    "a malformed body": (ApiError(400, "the object provided is unrecognized"), True),
    "forbidden by a policy": (ApiError(403, "exceeded quota"), True),
    "a field that the schema lacks": (ApiError(500, ".spec.a: field not declared in schema"), True),
    "two items of one key": (ApiError(500, 'duplicate entries for key [name="main"]'), True),
    "the object was changed": (ApiError(409, "the object has been modified"), False),
    "another uid": (ApiError(409, "uid mismatch"), False),
    "too old": (ApiError(410, "too old resource version"), False),
    "the token expired": (ApiError(401, "Unauthorized"), False),
    "too many requests": (ApiError(429, "too many requests"), False),
    "the kind is being deleted": (ApiError(403, TERMINATING), False),
    "the server is broken": (ApiError(500, "etcdserver: leader changed"), False),
}


@pytest.mark.parametrize(("error", "refused"), ANSWERS.values(), ids=ANSWERS.keys())
def test_which_answers_are_final(error: ApiError, refused: bool) -> None:
    assert error.is_refusal is refused
