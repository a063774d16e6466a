"""Errors of an API server and of the connection to it, by what can be done about them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RIGHT = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)" '
    r'in API group "(?P<group>[^"]*)"(?P<scope> at the cluster scope| in the namespace "[^"]*")?'
)


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that the API server rejects."""

    field: str
    message: str
    reason: str = ""


class KubeError(Exception):
    """A request to a cluster failed."""


class Unreachable(KubeError):
    """No answer: the address, the network, TLS, or the credential plugin. A later attempt may succeed.

    ``detail`` is for the log: addresses and socket errors do not help users of the portal.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        self.detail = detail
        super().__init__(message)


class NotServed(KubeError):
    """The cluster does not serve the kind (yet): its CustomResourceDefinition is not installed."""

    def __init__(self, api_version: str, kind: str) -> None:
        self.api_version, self.kind = api_version, kind
        super().__init__(f"The cluster does not serve the kind {kind} of {api_version}.")


class ApiError(KubeError):
    """A ``Status`` of the API server: HTTP code, reason, message, and the fields that caused it."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        reason: str = "",
        causes: Sequence[Cause] = (),
        retry_after: float | None = None,
    ) -> None:
        self.code, self.message, self.reason = code, message, reason
        self.causes = tuple(causes)
        self.retry_after = retry_after  # seconds
        super().__init__(message)

    @property
    def not_found(self) -> bool:
        return self.code == 404

    @property
    def conflict(self) -> bool:
        return self.code == 409

    @property
    def is_expired(self) -> bool:
        """The resourceVersion is too old: list again (also ``Expired``)."""
        return self.code == 410

    @property
    def without_values(self) -> str:
        """Only what quotes no value: the message and its causes may quote those of a Secret."""
        if self.lacks_right:
            return self.message
        fields = ", ".join(dict.fromkeys(cause.field for cause in self.causes if cause.field))
        about = f" because of {fields}" if fields else ""
        return (
            f"The API server answered {self.code} {self.reason}{about}. Its message is not shown, because it "
            "can quote a value of a Secret."
        )

    @property
    def namespace_missing(self) -> str:
        """The namespace whose absence caused the 404, or an empty string."""
        if self.code != 404 or not self.message.startswith("namespaces "):
            return ""
        return self.message.partition('"')[2].partition('"')[0]

    @property
    def kind_terminating(self) -> bool:
        """The kind itself is being deleted; no object of it can be created before it is recreated."""
        return self.code == 403 and "custom resource definition is terminating" in self.message

    @property
    def lacks_right(self) -> bool:
        """RBAC does not permit it (yet). Other 403s are decisions of a policy or a quota about the object."""
        return self.code == 403 and " cannot " in self.message and ' in API group "' in self.message

    @property
    def missing_right(self) -> str:
        """Which right RBAC does not grant, and to whom; empty for other errors."""
        if not self.lacks_right:
            return ""
        found = RIGHT.search(self.message)
        if found is None:
            return f"Slipway lacks a permission in the cluster: {self.message}"
        group = f" of the API group “{found['group']}”" if found["group"] else ""
        scope = (found["scope"] or "").replace(" at the cluster scope", " in all namespaces").replace('"', "")
        what = f"{found['verb']} {found['resource']}{group}{scope}"
        return (
            f"The cluster does not permit “{found['user']}” to {what}. "
            "Grant it this right; then this continues by itself."
        )

    @property
    def undeclared_field(self) -> str:
        """The field that the kind does not have. A server-side apply answers 500 for it, not 422."""
        for marker in (": field not declared in schema", "unknown field "):
            if marker in self.message:
                before, _, after = self.message.partition(marker)
                return (
                    before.rsplit(" ", 1)[-1].lstrip(".") if marker.startswith(":") else after.split('"')[1]
                )
        return ""

    @property
    def is_refusal(self) -> bool:
        """The same request would be rejected again: a user must change something.

        Not a conflict: the object is not what was read before, so it has to be read again.
        """
        if self.undeclared_field or "duplicate entries for key" in self.message:
            return True
        if self.conflict or self.is_expired or self.kind_terminating:
            return False
        return 400 <= self.code < 500 and self.code not in (401, 408, 429)


def from_status(code: int, body: Mapping[str, Any] | None, text: str, retry_after: str | None) -> ApiError:
    """The error of an answer. ``body``: the ``Status`` object, if the answer is one."""
    status = body if body and body.get("kind") == "Status" else {}
    details = status.get("details") or {}
    causes = [
        Cause(str(cause.get("field") or ""), str(cause.get("message") or ""), str(cause.get("reason") or ""))
        for cause in details.get("causes") or ()
    ]
    seconds = details.get("retryAfterSeconds") or retry_after
    return ApiError(
        int(status.get("code") or code),
        str(status.get("message") or text[:300] or f"The API server answered {code}."),
        reason=str(status.get("reason") or ""),
        causes=causes,
        retry_after=float(seconds) if seconds and str(seconds).replace(".", "", 1).isdigit() else None,
    )
