"""Checks that a body matches its path: kind, version, name and namespace."""

from __future__ import annotations

from typing import Any

import orjson

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import ApiError, bad_request, invalid
from devcluster.machinery.metadata import invalid_value
from devcluster.registry.requests import Target
from devcluster.storage.memory import Manifest

OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"


def format_kind(api_version: Any, kind: Any) -> str:
    """A kind in messages of server-side apply: `apps/v1, Kind=Deployment`, `/v1, Kind=Secret`."""
    text = str(api_version or "")
    return f"{text if '/' in text else f'/{text}'}, Kind={kind or ''}"


def with_kind(kind: Kind, body: Manifest) -> Manifest:
    """The body with apiVersion and kind. Raises ApiError 400 or 422 if the body has others.

    Built-in kinds accept a body without them.
    """
    api_version, name = body.get("apiVersion"), body.get("kind")
    if kind.custom is not None:
        _check_custom(kind, body)
    elif name and name != kind.kind:
        raise _not_convertible(kind, str(api_version or kind.version), str(name))
    elif api_version and api_version != kind.api_version:
        raise _other_version(kind, api_version)
    return {**body, "apiVersion": kind.api_version, "kind": kind.kind}


def _check_custom(kind: Kind, body: Manifest) -> None:
    api_version, name = body.get("apiVersion"), body.get("kind")
    if not name or not api_version:
        raise _unrecognised(kind, body)
    if api_version != kind.api_version:
        raise _other_version(kind, api_version)
    if name != kind.kind:
        cause = invalid_value("kind", name, f"must be {kind.kind}")
        raise invalid(str(name), kind.group, (body.get("metadata") or {}).get("name", ""), [cause])


def _other_version(kind: Kind, given: Any) -> ApiError:
    expected = f"the expected API version ({kind.api_version})"
    return bad_request(f"the API version in the data ({given}) does not match {expected}")


def _not_convertible(kind: Kind, api_version: str, name: str) -> ApiError:
    version = api_version.rpartition("/")[2]
    group = kind.group.partition(".")[0] or "core"
    return bad_request(
        f'{name} in version "{version}" cannot be handled as a {kind.kind}: '
        f"converting ({version}.{name}) to ({group}.{kind.kind}): unknown conversion"
    )


def _unrecognised(kind: Kind, body: Manifest) -> ApiError:
    text = orjson.dumps(body).decode().replace('":', '": ').replace(',"', ', "')
    short = text if len(text) <= 30 else f"{text[:30]} ..."
    missing = "apiVersion" if body.get("kind") else "Kind"
    return bad_request(
        f"the object provided is unrecognized (must be of type {kind.kind}): "
        f"Object '{missing}' is missing in '{text}' ({short})"
    )


def with_namespace(kind: Kind, namespace: str, metadata: Manifest) -> Manifest:
    """Metadata with the namespace of the path. Raises 400 if it names another one."""
    if not kind.namespaced:
        return {key: value for key, value in metadata.items() if key != "namespace"}
    if metadata.get("namespace") not in (None, "", namespace):
        raise bad_request(OTHER_NAMESPACE)
    return {**metadata, "namespace": namespace}


def check_applied(target: Target, body: Manifest) -> Manifest:
    """The metadata of an applied body. Raises ApiError 400 if the body cannot be applied to the target."""
    kind = target.kind
    if body.get("apiVersion") != kind.api_version or body.get("kind") != kind.kind:
        raise bad_request(f"invalid object type: {format_kind(body.get('apiVersion'), body.get('kind'))}")
    metadata = body.get("metadata")
    given: Manifest = metadata if isinstance(metadata, dict) else {}
    if given.get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    check_name(given.get("name"), target.name)
    if kind.namespaced and given.get("namespace") not in (None, "", target.namespace):
        raise bad_request(OTHER_NAMESPACE)
    return given


def check_name(given: Any, name: str) -> None:
    """Raises 400 unless the name in a body is the one in the path."""
    if not given:
        raise bad_request(
            f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )
    if given != name:
        raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({name})")
