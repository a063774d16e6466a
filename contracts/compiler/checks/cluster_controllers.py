"""What controllers of Kubernetes do to objects that a contract renders, against what it says. Warnings.

An autoscaler writes fields of its target: a template that sets them too is undone, and repaired, again and
again. The TTL controller deletes Jobs after they have finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.compiler.parsing.nodes import NodeDraft
from contracts.compiler.reporter import Reporter, key_of
from contracts.documents.api_versions import group_of

Path = tuple[str | int, ...]
REPLICAS: Path = ("spec", "replicas")


class Autoscaler(NamedTuple):
    """``target``: where it names its target. ``controls``: the field of the target that it writes."""

    target: Path
    controls: str
    default_kind: str = ""


AUTOSCALERS: Mapping[tuple[str, str], Autoscaler] = {
    ("autoscaling", "HorizontalPodAutoscaler"): Autoscaler(("spec", "scaleTargetRef"), "replicas"),
    ("keda.sh", "ScaledObject"): Autoscaler(("spec", "scaleTargetRef"), "replicas", "Deployment"),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): Autoscaler(("spec", "targetRef"), "resources"),
}
PASSIVE_MODES = ("Off", "Initial")  # of a VerticalPodAutoscaler


def check_cluster_controllers(drafts: Sequence[NodeDraft], reporter: Reporter) -> None:
    objects = [draft for draft in drafts if not draft.type.startswith("external")]
    for draft in objects:
        autoscaler = AUTOSCALERS.get((group_of(draft.api_version), draft.kind))
        if autoscaler is not None and not _is_passive(draft):
            for target in _targets(draft, autoscaler, objects):
                _report_contested(draft, target, autoscaler, reporter)
        if (group_of(draft.api_version), draft.kind) == ("batch", "Job"):
            _report_time_to_live(draft, reporter)


def _is_passive(draft: NodeDraft) -> bool:
    return _get(draft.body, ("spec", "updatePolicy", "updateMode")) in PASSIVE_MODES


def _targets(draft: NodeDraft, autoscaler: Autoscaler, objects: Sequence[NodeDraft]) -> Iterator[NodeDraft]:
    """The nodes that an autoscaler scales: its reference has their kind, and their name or their id."""
    reference = _get(draft.body, autoscaler.target)
    if not isinstance(reference, Mapping):
        return
    kind = reference.get("kind") or autoscaler.default_kind
    referenced = _roots(draft, (*autoscaler.target, "name")) | _roots(draft, (*autoscaler.target, "kind"))
    for other in objects:
        is_kind = kind == other.kind or other.id in _roots(draft, (*autoscaler.target, "kind"))
        is_named = reference.get("name") is not None and reference["name"] == _get(
            other.body, ("metadata", "name")
        )
        if other is not draft and is_kind and (is_named or other.id in referenced):
            yield other


def _report_contested(
    draft: NodeDraft, target: NodeDraft, autoscaler: Autoscaler, reporter: Reporter
) -> None:
    for path in _fields(target, autoscaler.controls):
        if "omit" in _functions(target, path):
            continue
        shown = ".".join(str(part) for part in path)
        message = (
            f"The {draft.kind} “{draft.id}” controls this field, so the template and the autoscaler undo "
            "each other's changes."
        )
        hint = f"Leave {shown} out of the template of “{target.id}”; the autoscaler sets it."
        reporter.add(key_of((*target.body_at, *path)), "contested-field", message, hint, severity="warning")


def _fields(target: NodeDraft, controls: str) -> Iterator[Path]:
    """Where the template of the target sets what the autoscaler controls."""
    if controls == "replicas":
        if _get(target.body, REPLICAS) is not None:
            yield REPLICAS
        return
    at: Path = ("spec", "template", "spec", "containers")
    containers = _get(target.body, at)
    for index, container in enumerate(containers if isinstance(containers, list) else ()):
        resources = container.get("resources") if isinstance(container, Mapping) else None
        for key in ("requests", "limits"):
            if isinstance(resources, Mapping) and resources.get(key):
                yield (*at, index, "resources", key)


def _report_time_to_live(draft: NodeDraft, reporter: Reporter) -> None:
    path = ("spec", "ttlSecondsAfterFinished")
    if _get(draft.body, path) is None:
        return
    message = (
        "Kubernetes deletes this Job some time after it has finished. Slipway remembers that, and creates it "
        "again only when its rendered template changes; kro runs it again at once."
    )
    hint = "Leave ttlSecondsAfterFinished out: the Job is deleted with its instance."
    reporter.add(key_of((*draft.body_at, *path)), "time-to-live", message, hint, severity="warning")


def _get(body: Any, path: Path) -> Any:
    for part in path:
        if isinstance(body, Mapping):
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int) and part < len(body):
            body = body[part]
        else:
            return None
    return body


def _roots(draft: NodeDraft, path: Path) -> set[str]:
    """The names that the expressions at a path start with."""
    return {
        reference.root
        for found in draft.expressions
        if found.code.path == path
        for part in found.code.expressions
        for reference in part.expression.references
    }


def _functions(draft: NodeDraft, path: Path) -> set[str]:
    return {
        function
        for found in draft.expressions
        if found.code.path == path
        for part in found.code.expressions
        for function in part.expression.functions
    }
