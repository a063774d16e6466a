"""The kinds that a text is checked against: those of Kubernetes, of the destinations, and of other contracts.

Only kinds that the text mentions are loaded, so that checking while typing stays fast with many CRDs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from contracts.compiler import (
    Compilation,
    Creation,
    GroupKind,
    KindSchemas,
    builtin_kinds,
    compile_cached,
    creations_of,
    kinds_with,
)
from contracts.models import Contract, KnownSchema, Revision
from portal.accounts.models import User
from portal.accounts.permission import sees_everything

Kind = tuple[str, str]  # apiVersion, kind


def compile_known(text: str, reader: User | None = None) -> Compilation:
    """Compile ``text`` with every kind that this portal knows. Cached by text and kinds.

    For a ``reader``, kinds of contracts that they may not see are unknown, so that no message reveals them.
    """
    return compile_cached(text, kinds=known_kinds(text, reader))


def known_kinds(text: str, reader: User | None = None) -> KindSchemas:
    latest = latest_revisions()
    mentioned = [one for one in latest.values() if one.group in text and one.kind in text]
    reachable = with_creations(mentioned, latest)
    in_groups = [one for one in latest.values() if one.group in text]
    hidden = hidden_ones([*in_groups, *reachable], reader)
    return assemble_kinds(
        schemas_mentioned_in(text),
        tuple((one.revision, one.digest) for one in reachable if one not in hidden),
        tuple(sorted({(f"{one.group}/{one.version}", one.kind) for one in hidden})),
        tuple(((one.group, one.kind), one.revision, one.digest) for one in reachable),
    )


class Latest(NamedTuple):
    """The latest revision of a contract: its key and digest, and the contract's kind."""

    contract: int
    revision: int
    digest: str
    group: str
    version: str
    kind: str


def latest_revisions() -> dict[GroupKind, Latest]:
    rows = Contract.objects.exclude(revision=None).order_by("group", "kind")
    fields = ("pk", "revision_id", "revision__digest", "group", "version", "kind")
    return {(row[3], row[5]): Latest(*row) for row in rows.values_list(*fields)}


def hidden_ones(found: Sequence[Latest], reader: User | None) -> list[Latest]:
    """Those that the reader may not see; the clusters' schemas have their kinds too."""
    if reader is None or sees_everything(reader) or not found:
        return []
    visible = set(Contract.objects.visible_to(reader).order_by().values_list("pk", flat=True))
    return [one for one in found if one.contract not in visible]


def with_creations(mentioned: Sequence[Latest], latest: Mapping[GroupKind, Latest]) -> list[Latest]:
    """The contracts whose instances a text may create, and those whose instances these create in turn.

    Also contracts that the reader may not see: what they create decides whether instances ever end.
    """
    found = list(mentioned)
    for one in found:
        for creation in created_by(one.revision, one.digest):
            created = latest.get(creation.group_kind)
            if created is not None and created not in found:
                found.append(created)
    return sorted(found)


@lru_cache(maxsize=1024)
def created_by(revision_id: int, digest: str) -> tuple[Creation, ...]:
    """What the instances of a revision create."""
    text = Revision.objects.values_list("text", flat=True).get(pk=revision_id)
    outline = compile_cached(text).outline
    return creations_of(outline) if outline else ()


def schemas_mentioned_in(text: str) -> tuple[tuple[int, str], ...]:
    """Key and content hash of the stored OpenAPI documents whose group and version occur in the text."""
    rows = KnownSchema.objects.order_by("destination", "group_version").values_list(
        "pk", "content_hash", "group_version"
    )
    own = builtin_groups()
    return tuple((pk, content) for pk, content, name in rows if name in text and name not in own)


@lru_cache(maxsize=1)
def builtin_groups() -> frozenset[str]:
    return frozenset(api_version for api_version, _ in builtin_kinds().names())


@lru_cache(maxsize=64)
def assemble_kinds(
    schemas: tuple[tuple[int, str], ...],
    revisions: tuple[tuple[int, str], ...],
    hidden: tuple[Kind, ...] = (),
    creating: tuple[tuple[GroupKind, int, str], ...] = (),
) -> KindSchemas:
    """Cached by primary keys and content hashes, so that a changed document is read again."""
    documents: list[Mapping[str, Any]] = []
    scopes: dict[tuple[str, str], tuple[str, bool]] = {}
    for known in KnownSchema.objects.filter(pk__in=[pk for pk, _ in schemas]).order_by("-destination"):
        hidden_here = {kind for api_version, kind in hidden if api_version == known.group_version}
        documents.append(without_kinds(known.document, hidden_here) if hidden_here else known.document)
        for kind in known.kinds:
            scopes[known.group_version, kind["kind"]] = (kind["plural"], kind["namespaced"])
    clusters = kinds_with(builtin_kinds(), openapi=documents, scopes=scopes)
    return kinds_with(
        clusters,
        crds=[crd for pk, _ in revisions if (crd := crd_of(pk, clusters))],
        creations={key: created_by(pk, digest) for key, pk, digest in creating},
    )


def without_kinds(document: Mapping[str, Any], hidden: Collection[str]) -> Mapping[str, Any]:
    """An OpenAPI document of one group and version without the schemas of these kinds."""
    components = document.get("components") or {}
    schemas = {
        name: schema
        for name, schema in (components.get("schemas") or {}).items()
        if not any(
            served.get("kind") in hidden for served in schema.get("x-kubernetes-group-version-kind") or ()
        )
    }
    return {**document, "components": {**components, "schemas": schemas}}


def crd_of(revision_id: int, kinds: KindSchemas) -> Mapping[str, Any] | None:
    """The generated CRD of a revision. Kinds of further contracts that it uses are treated as unknown."""
    text = Revision.objects.values_list("text", flat=True).get(pk=revision_id)
    definition = compile_cached(text, kinds=kinds).runnable
    return definition.crd if definition else None
