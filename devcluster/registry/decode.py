"""Bodies into objects: unknown fields judged, types converted, defaults filled in."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from devcluster.kinds import defaults
from devcluster.kinds.kinds import Kind
from devcluster.machinery import decoding, structural
from devcluster.machinery.errors import ApiError, bad_request
from devcluster.registry import admission
from devcluster.storage.memory import Manifest


@dataclass(slots=True)
class Options:
    """How a write is to be done. `validation` is Ignore, Warn or Strict; what is worth a warning is added
    to `warnings`.
    """

    manager: str = "unknown"
    validation: str = "Warn"
    dry_run: bool = False
    force: bool = False
    warnings: list[str] = field(default_factory=list)
    doubled: tuple[str, ...] = ()  # complaints about keys that the body has twice


def read_in(kind: Kind, body: Manifest, options: Options) -> Manifest:
    """A fresh copy in the kind's form: unknown fields judged by the field validation, defaults filled
    in.
    """
    body = {
        **body,
        "metadata": {key: value for key, value in body["metadata"].items() if value is not None},
    }
    unknown: list[str]
    if kind.custom is None:
        try:
            new, unknown = decoding.stripped(body, kind.shape())
        except decoding.Mismatch as problem:
            raise _unreadable(kind, problem) from None
        judge(unknown, options, cannot_handle(kind))
        admission.prepare(kind, new)
        defaults.fill(kind.group, kind.kind, new)
    else:
        unknown = []
        new = copy.deepcopy(structural.prune(body, kind.shape(), unknown))
        new["metadata"] = _read_metadata(kind, new["metadata"])
        judge(sorted(unknown), options, cannot_handle(kind))
        structural.fill(new, kind.shape())
    return new


def cannot_handle(kind: Kind) -> str:
    return f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '


def _read_metadata(kind: Kind, meta: Manifest) -> Manifest:
    shape = kind.shape().fields["metadata"]
    try:
        read, _ = decoding.stripped(meta, shape)
    except decoding.Mismatch as problem:
        raise _unreadable(kind, problem) from None
    read.pop("metadata", None)
    return read


def _unreadable(kind: Kind, problem: decoding.Mismatch) -> ApiError:
    where = f"{kind.kind}.{problem.path}"
    return bad_request(
        f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: json: cannot '
        f"unmarshal "
        f"{problem.got} into Go struct field {where} of type {problem.wanted}"
    )


def judge(unknown: list[str], options: Options, prefix: str = "") -> None:
    """What the field validation says to fields that are unknown or come twice."""
    found = [*options.doubled, *(f'unknown field "{path}"' for path in unknown)]
    if found and options.validation == "Strict":
        raise bad_request(f"{prefix}strict decoding error: {', '.join(found)}")
    if options.validation == "Warn":
        options.warnings += found
