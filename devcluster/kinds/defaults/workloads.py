"""Defaults of workloads."""

from __future__ import annotations

from typing import Any

from devcluster.kinds.defaults.pods import fill_template

Manifest = dict[str, Any]


def deployment(manifest: Manifest) -> None:
    spec = manifest["spec"]
    fill_template(spec["template"])
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec["strategy"]
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")


def replica_set(manifest: Manifest) -> None:
    fill_template(manifest["spec"]["template"])
    manifest["spec"].setdefault("replicas", 1)


def replication_controller(manifest: Manifest) -> None:
    spec = manifest["spec"]
    if isinstance(spec.get("template"), dict):
        fill_template(spec["template"])
        labels = (spec["template"].get("metadata") or {}).get("labels")
        if labels:
            spec.setdefault("selector", dict(labels))
            manifest["metadata"].setdefault("labels", dict(labels))
    spec.setdefault("replicas", 1)


def stateful_set(manifest: Manifest) -> None:
    spec = manifest["spec"]
    fill_template(spec["template"])
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")
    strategy = spec["updateStrategy"]
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim.setdefault("status", {}).setdefault("phase", "Pending")


def daemon_set(manifest: Manifest) -> None:
    spec = manifest["spec"]
    fill_template(spec["template"])
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = spec["updateStrategy"]
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    annotations = manifest["metadata"].get("annotations") or {}
    generation = str(manifest["metadata"].get("generation") or 1)
    manifest["metadata"]["annotations"] = {
        "deprecated.daemonset.template.generation": generation
    } | annotations
