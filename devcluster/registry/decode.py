"""Decodes bodies into objects: checks unknown fields, converts types, sets defaults."""

from __future__ import annotations

import copy

from devcluster.kinds import defaults
from devcluster.kinds.kinds import Kind
from devcluster.machinery import decoding, structural
from devcluster.machinery.errors import ApiError, bad_request
from devcluster.registry.requests import WriteOptions
from devcluster.storage.memory import Manifest


def decode(kind: Kind, body: Manifest, options: WriteOptions) -> Manifest:
    """A copy in the form of the kind, with defaults.

    Raises 400 for wrong types and, if the validation is Strict, for unknown fields.
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
        check_unknown(unknown, options, cannot_handle(kind))
        defaults.fill(kind.group, kind.kind, new)
    else:
        unknown = []
        new = copy.deepcopy(structural.prune(body, kind.shape(), unknown))
        new["metadata"] = _decode_metadata(kind, new["metadata"])
        check_unknown(sorted(unknown), options, cannot_handle(kind))
        structural.fill(new, kind.shape())
    return new


def cannot_handle(kind: Kind) -> str:
    return f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '


def _decode_metadata(kind: Kind, meta: Manifest) -> Manifest:
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
        f"{cannot_handle(kind)}json: cannot unmarshal {problem.got} into Go struct field {where} "
        f"of type {problem.wanted}"
    )


def check_unknown(unknown: list[str], options: WriteOptions, prefix: str = "") -> None:
    """Reports unknown and duplicate fields as the field validation requires: 400, warnings, or nothing."""
    found = [*options.duplicates, *(f'unknown field "{path}"' for path in unknown)]
    if found and options.validation == "Strict":
        raise bad_request(f"{prefix}strict decoding error: {', '.join(found)}")
    if options.validation == "Warn":
        options.warnings += found
