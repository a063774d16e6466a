"""Errors of the API: Kubernetes `Status` bodies as exceptions.

`ApiError` has the HTTP code, the reason and the details of a `metav1.Status`. The functions below create the
errors that several modules need, with the messages of a real API server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cause:
    """One problem of one field. `reason` is a cause type such as FieldValueInvalid."""

    reason: str
    message: str
    field: str = ""

    def body(self) -> dict[str, str]:
        shown = {"reason": self.reason, "message": self.message, "field": self.field}
        return {key: text for key, text in shown.items() if text}


class ApiError(Exception):
    """A rejected request. `code` is the HTTP status, `reason` a metav1.StatusReason."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        status: str = "Failure",
    ) -> None:
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.headers: dict[str, str] = {}
        self.status = status
        super().__init__(message)

    def body(self) -> dict[str, Any]:
        """The `Status` object that answers the request."""
        shown: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": self.status,
            "message": self.message,
        }
        if self.reason:
            shown["reason"] = self.reason
        if self.details is not None:
            shown["details"] = self.details
        return shown | {"code": self.code}


def qualified(plural_or_kind: str, group: str) -> str:
    """`deployments` of `apps` as `deployments.apps`; core kinds without a group."""
    return f"{plural_or_kind}.{group}" if group else plural_or_kind


def object_details(name: str, group: str, kind: str, **more: Any) -> dict[str, Any]:
    """The details of a Status, without empty ones."""
    shown = {"name": name, "group": group, "kind": kind, **more}
    return {key: value for key, value in shown.items() if value}


def not_found(plural: str, group: str, name: str) -> ApiError:
    message = f'{qualified(plural, group)} "{name}" not found'
    return ApiError(404, "NotFound", message, object_details(name, group, plural))


def no_such_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(plural: str, group: str, name: str) -> ApiError:
    message = f'{qualified(plural, group)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, object_details(name, group, plural))


def conflict(plural: str, group: str, name: str, why: str) -> ApiError:
    message = f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}'
    return ApiError(409, "Conflict", message, object_details(name, group, plural))


def stale(plural: str, group: str, name: str) -> ApiError:
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(plural, group, name, why)


def forbidden(plural: str, group: str, name: str, why: str) -> ApiError:
    message = f'{qualified(plural, group)} "{name}" is forbidden: {why}'
    return ApiError(403, "Forbidden", message, object_details(name, group, plural))


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def invalid(kind: str, group: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """422 with every problem of an object."""
    messages = list(
        dict.fromkeys(f"{cause.field}: {cause.message}" if cause.field else cause.message for cause in causes)
    )
    listed = messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]"
    message = f'{qualified(kind, group)} "{name}" is invalid: {listed}'
    details = object_details(name, group, kind) | {"causes": [cause.body() for cause in causes]}
    return ApiError(422, "Invalid", message, details)


def expired(message: str) -> ApiError:
    return ApiError(410, "Expired", message)
