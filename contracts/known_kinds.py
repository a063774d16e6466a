"""The kinds that a text is checked against: those of Kubernetes, of the destinations, and of other contracts.

Only kinds that the text mentions are loaded, so that checking while typing stays fast with many CRDs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from contracts.compiler import Compilation, KindSchemas, builtin_kinds, compile_cached, kinds_with
from contracts.models import Contract, KnownSchema, Revision


def compile_known(text: str) -> Compilation:
    """Compile ``text`` with every kind that this portal knows. Cached by text and kinds."""
    return compile_cached(text, kinds=known_kinds(text))


def known_kinds(text: str) -> KindSchemas:
    return assemble_kinds(schemas_mentioned_in(text), contracts_mentioned_in(text))


def schemas_mentioned_in(text: str) -> tuple[tuple[int, str], ...]:
    """Key and content hash of the stored OpenAPI documents whose group and version occur in the text."""
    rows = KnownSchema.objects.order_by("destination", "group_version").values_list(
        "pk", "content_hash", "group_version"
    )
    own = builtin_groups()
    return tuple((pk, content) for pk, content, name in rows if name in text and name not in own)


def contracts_mentioned_in(text: str) -> tuple[tuple[int, str], ...]:
    """Key and digest of the latest revisions of contracts whose group and kind occur in the text."""
    rows = Contract.objects.exclude(revision=None).order_by("pk")
    found = rows.values_list("revision_id", "revision__digest", "group", "kind")
    return tuple((pk, digest) for pk, digest, group, kind in found if pk and group in text and kind in text)


@lru_cache(maxsize=1)
def builtin_groups() -> frozenset[str]:
    return frozenset(api_version for api_version, _ in builtin_kinds().names())


@lru_cache(maxsize=64)
def assemble_kinds(
    schemas: tuple[tuple[int, str], ...], revisions: tuple[tuple[int, str], ...]
) -> KindSchemas:
    """Cached by primary keys and content hashes, so that a changed document is read again."""
    documents: list[Mapping[str, Any]] = []
    scopes: dict[tuple[str, str], tuple[str, bool]] = {}
    for known in KnownSchema.objects.filter(pk__in=[pk for pk, _ in schemas]).order_by("-destination"):
        documents.append(known.document)
        for kind in known.kinds:
            scopes[known.group_version, kind["kind"]] = (kind["plural"], kind["namespaced"])
    clusters = kinds_with(builtin_kinds(), openapi=documents, scopes=scopes)
    return kinds_with(clusters, crds=[crd for pk, _ in revisions if (crd := crd_of(pk, clusters))])


def crd_of(revision_id: int, kinds: KindSchemas) -> Mapping[str, Any] | None:
    """The generated CRD of a revision. Kinds of further contracts that it uses are treated as unknown."""
    text = Revision.objects.values_list("text", flat=True).get(pk=revision_id)
    definition = compile_cached(text, kinds=kinds).runnable
    return definition.crd if definition else None
