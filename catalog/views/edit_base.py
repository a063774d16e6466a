"""The manifest that an edit is based on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from catalog.forms.instance_form import UsableContract
from catalog.forms.spec_diff import explicit_values
from catalog.models import ChangeState, Instance
from portal.input_limits import check_json


def explicit_manifest(instance: Instance, usable: UsableContract) -> dict[str, Any]:
    """The instance without defaults that the API server filled in. An open change counts as its values."""
    newest = instance.changes.open().first()
    if newest is not None and newest.manifest:
        return dict(newest.manifest)
    return observed_manifest(instance, usable)


def observed_manifest(instance: Instance, usable: UsableContract) -> dict[str, Any]:
    """As :func:`explicit_manifest`, without open changes."""
    newest = instance.changes.filter(state=ChangeState.DELIVERED).exclude(manifest={}).first()
    requested = newest.manifest.get("spec") if newest else None
    return {**instance.manifest, "spec": explicit_values(usable.schema, instance.spec, requested)}


def base_manifest(request: HttpRequest, instance: Instance, usable: UsableContract) -> Mapping[str, Any]:
    """The manifest that the form was opened with, so that only what its author changed is a change."""
    return posted_manifest(request) or explicit_manifest(instance, usable)


def posted_manifest(request: HttpRequest) -> dict[str, Any] | None:
    """Raises :class:`~portal.input_limits.LimitExceeded`."""
    text = request.POST.get("_before", "")
    check_json(text)
    try:
        posted = json.loads(text)
    except ValueError:
        return None
    is_manifest = isinstance(posted, dict) and all(
        isinstance(posted.get(key), dict) for key in ("metadata", "spec")
    )
    return posted if is_manifest else None
