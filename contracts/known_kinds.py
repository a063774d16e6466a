"""The kinds that a text is checked against: those of Kubernetes, of the destinations, and of other contracts.

Only kinds that the text mentions are loaded, so that checking while typing stays fast with many CRDs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from contracts.compiler import Compilation, KindSchemas, builtin_kinds, compile_cached, kinds_with
from contracts.models import Contract, ContractQuerySet, KnownSchema, Revision
from portal.accounts.models import User
from portal.accounts.permission import sees_everything

Kind = tuple[str, str]  # apiVersion, kind


def compile_known(text: str, reader: User | None = None) -> Compilation:
    """Compile ``text`` with every kind that this portal knows. Cached by text and kinds.

    For a ``reader``, kinds of contracts that they may not see are unknown, so that no message reveals them.
    """
    return compile_cached(text, kinds=known_kinds(text, reader))


def known_kinds(text: str, reader: User | None = None) -> KindSchemas:
    contracts = Contract.objects.exclude(revision=None)
    hidden: tuple[Kind, ...] = ()
    if reader is not None and not sees_everything(reader):
        visible = Contract.objects.visible_to(reader)
        hidden = hidden_kinds(text, contracts.exclude(pk__in=visible.order_by().values("pk")))
        contracts = contracts.filter(pk__in=visible.order_by().values("pk"))
    return assemble_kinds(schemas_mentioned_in(text), contracts_mentioned_in(text, contracts), hidden)


def hidden_kinds(text: str, contracts: ContractQuerySet) -> tuple[Kind, ...]:
    """Kinds of these contracts in groups that occur in the text; the clusters' schemas have them too."""
    rows = contracts.order_by("group", "kind").values_list("group", "version", "kind")
    return tuple((f"{group}/{version}", kind) for group, version, kind in rows if group in text)


def schemas_mentioned_in(text: str) -> tuple[tuple[int, str], ...]:
    """Key and content hash of the stored OpenAPI documents whose group and version occur in the text."""
    rows = KnownSchema.objects.order_by("destination", "group_version").values_list(
        "pk", "content_hash", "group_version"
    )
    own = builtin_groups()
    return tuple((pk, content) for pk, content, name in rows if name in text and name not in own)


def contracts_mentioned_in(text: str, contracts: ContractQuerySet) -> tuple[tuple[int, str], ...]:
    """Key and digest of the latest revisions of contracts whose group and kind occur in the text."""
    found = contracts.order_by("pk").values_list("revision_id", "revision__digest", "group", "kind")
    return tuple((pk, digest) for pk, digest, group, kind in found if pk and group in text and kind in text)


@lru_cache(maxsize=1)
def builtin_groups() -> frozenset[str]:
    return frozenset(api_version for api_version, _ in builtin_kinds().names())


@lru_cache(maxsize=64)
def assemble_kinds(
    schemas: tuple[tuple[int, str], ...],
    revisions: tuple[tuple[int, str], ...],
    hidden: tuple[Kind, ...] = (),
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
    return kinds_with(clusters, crds=[crd for pk, _ in revisions if (crd := crd_of(pk, clusters))])


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
