"""Reviews of access and identity. The only token is permitted everything, so every access is allowed."""

from __future__ import annotations

from collections.abc import Callable

from devcluster.kinds.kinds import Kind
from devcluster.storage.memory import Manifest

USER = {"username": "developer", "groups": ["system:masters", "system:authenticated"]}
ALL_RESOURCES = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
ALL_PATHS = {"verbs": ["*"], "nonResourceURLs": ["*"]}


def _answer(kind: Kind, body: Manifest, status: Manifest) -> Manifest:
    meta = {"metadata": body.get("metadata") or {}}
    shown: Manifest = {"kind": kind.kind, "apiVersion": kind.api_version, **meta}
    if "spec" in body:
        shown["spec"] = body["spec"]
    return shown | {"status": status}


def _access(kind: Kind, body: Manifest) -> Manifest:
    return _answer(kind, body, {"allowed": True})


def _rules(kind: Kind, body: Manifest) -> Manifest:
    status = {"resourceRules": [ALL_RESOURCES], "nonResourceRules": [ALL_PATHS], "incomplete": False}
    return _answer(kind, body, status)


def _self(kind: Kind, body: Manifest) -> Manifest:
    return _answer(kind, body, {"userInfo": USER})


def _token(kind: Kind, body: Manifest) -> Manifest:
    return _answer(kind, body, {"error": "token reviews are not simulated", "user": {}})


REVIEWS: dict[str, Callable[[Kind, Manifest], Manifest]] = {
    "selfsubjectaccessreviews": _access,
    "subjectaccessreviews": _access,
    "localsubjectaccessreviews": _access,
    "selfsubjectrulesreviews": _rules,
    "selfsubjectreviews": _self,
    "tokenreviews": _token,
}
