"""What every template must have: apiVersion, kind, metadata, namespace, labels (kro §1.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.compiler.kinds.kind_schemas import KindInfo, KindSchemas
from contracts.compiler.parsing.reserved_words import OWN_LABEL_PREFIXES, RESERVED_LABEL_PREFIXES, object_name
from contracts.compiler.reporter import Reporter, key_of
from contracts.documents.api_versions import group_of
from contracts.documents.object_names import metadata_problems, name_problem
from contracts.problems import did_you_mean

Path = tuple[str | int, ...]

_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")


def kind_of(body: Mapping[str, Any], at: Path, reporter: Reporter) -> tuple[str, str]:
    """apiVersion and kind, as far as they are valid; both must be literal values."""
    api_version = _literal(body, "apiVersion", at, reporter)
    kind = _literal(body, "kind", at, reporter)
    if api_version.count("/") > 1 or api_version.startswith("/") or api_version.endswith("/"):
        message = "apiVersion must be “version” or “group/version”, for example apps/v1."
        reporter.add((*at, "apiVersion"), "bad-kind", message)
    if kind and (not _DNS_LABEL.match(kind.lower()) or len(kind) > 63):
        reporter.add((*at, "kind"), "bad-kind", f"“{kind}” is not a valid kind.")
        kind = ""
    return api_version, kind


def _literal(body: Mapping[str, Any], name: str, at: Path, reporter: Reporter) -> str:
    value = body.get(name)
    if value is None:
        if at[-1] == "template" and body:
            reporter.add((*at, name), "required", f"The template has no {name}.")
        return ""
    if not isinstance(value, str) or not value:
        reporter.add((*at, name), "wrong-type", f"{name} must be a string.")
        return ""
    if "${" in value:
        reporter.add(
            (*at, name), "expression-not-allowed", f"{name} cannot be an expression; write the value."
        )
        return ""
    return value


def unknown_schema(api_version: str, kind: str, at: Path, kinds: KindSchemas, reporter: Reporter) -> None:
    """An unknown kind is checked only at run time, which is a warning and not an error."""
    names = list(kinds.names())
    others = sorted({version for version, name in names if name == kind and version != api_version})
    if others and "." not in api_version.partition("/")[0]:
        hint = f"Did you mean “{_best(api_version, others)}”?"
    else:
        hint = did_you_mean(api_version, others) or did_you_mean(
            kind, [name for version, name in names if version == api_version]
        )
    message = f"Unknown kind {kind} ({api_version}): this node is checked without a schema."
    reporter.add(
        (*at, "kind"),
        "unknown-kind",
        message,
        hint or "Provide its CustomResourceDefinition to have it checked.",
        severity="warning",
    )


def _best(api_version: str, versions: list[str]) -> str:
    group = group_of(api_version)
    return next((version for version in versions if group_of(version) == group), sorted(versions)[0])


def check_template(
    body: Mapping[str, Any], at: Path, info: KindInfo | None, cluster_scoped: bool, reporter: Reporter
) -> None:
    if not body:
        return
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping):
        code = "required" if metadata is None else "wrong-type"
        message = "The template has no metadata." if metadata is None else "metadata must be a map."
        reporter.add((*at, "metadata"), code, message, "metadata.name is required.")
        return
    _check_namespace(metadata, (*at, "metadata"), info, cluster_scoped, reporter)
    _check_labels(metadata, (*at, "metadata"), reporter)
    for path, found in _all_metadata(body, at):
        for (field, key), problem in metadata_problems(found):
            reporter.add(key_of((*path, field, key)), "bad-label", f"“{key}”: {problem}")
    _check_name(body, metadata.get("name"), (*at, "metadata", "name"), reporter)
    if metadata.get("name") is None:
        hint = (
            "generateName is not supported: every reconciliation must find the same object."
            if "generateName" in metadata
            else ""
        )
        reporter.add(
            (*at, "metadata"), "no-name", "The template has no metadata.name.", hint, severity="warning"
        )


def _check_name(body: Mapping[str, Any], name: Any, at: Path, reporter: Reporter) -> None:
    """Of a name without an expression."""
    if not isinstance(name, str) or not name or "${" in name:
        return
    if problem := name_problem(str(body.get("apiVersion")), str(body.get("kind")), name):
        nearest = object_name(name)
        hint = f"For example: {nearest}." if nearest and nearest != name else ""
        reporter.add(at, "bad-name", f"Kubernetes refuses the name “{name}”. {problem}", hint)


def _all_metadata(body: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """That of the object, and of the templates in it: of pods, jobs and claims."""
    metadata, spec = body.get("metadata"), body.get("spec")
    if isinstance(metadata, Mapping):
        yield (*at, "metadata"), metadata
    for key in ("template", "jobTemplate"):
        inner = spec.get(key) if isinstance(spec, Mapping) else None
        if isinstance(inner, Mapping):
            yield from _all_metadata(inner, (*at, "spec", key))


def _check_namespace(
    metadata: Mapping[str, Any], at: Path, info: KindInfo | None, cluster_scoped: bool, reporter: Reporter
) -> None:
    if info is None:
        return
    namespace = metadata.get("namespace")
    if not info.namespaced and "namespace" in metadata:
        message = f"{info.kind} has no namespace: it is cluster-scoped."
        reporter.add(key_of((*at, "namespace")), "namespace", message, "Remove this field.")
    if cluster_scoped and info.namespaced and not (isinstance(namespace, str) and namespace.strip()):
        message = f"{info.kind} is namespaced, but a cluster-scoped instance has no namespace."
        reporter.add(at, "namespace", message, "Add metadata.namespace.")


def _check_labels(metadata: Mapping[str, Any], at: Path, reporter: Reporter) -> None:
    for name in ("labels", "annotations"):
        entries = metadata.get(name)
        for key in entries if isinstance(entries, Mapping) else ():
            if key.startswith(RESERVED_LABEL_PREFIXES):
                prefix = key.partition("/")[0]
                message = f"{name} that start with “{prefix}/” are reserved."
                reporter.add(key_of((*at, name, key)), "reserved-label", message.capitalize())
            elif key.startswith(OWN_LABEL_PREFIXES):
                message = (
                    f"“{key}” may be overwritten: the prefix {key.partition('/')[0]}/ belongs to Slipway."
                )
                reporter.add(key_of((*at, name, key)), "reserved-label", message, severity="warning")
