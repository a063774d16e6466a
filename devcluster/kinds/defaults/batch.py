"""Defaults of Jobs and CronJobs."""

from __future__ import annotations

from typing import Any

from devcluster.kinds.defaults.pods import fill_template

Manifest = dict[str, Any]
NO_LIMIT = 2147483647


def job(manifest: Manifest) -> None:
    spec = manifest["spec"]
    fill_template(spec["template"])
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", NO_LIMIT if "backoffLimitPerIndex" in spec else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("manualSelector", False)
    spec.setdefault(
        "podReplacementPolicy", "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed"
    )
    uid = manifest["metadata"].get("uid")
    if uid and not spec["manualSelector"]:
        _label(manifest, uid)


def _label(manifest: Manifest, uid: str) -> None:
    name = manifest["metadata"]["name"]
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    spec = manifest["spec"]
    if "selector" not in spec:
        spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        metadata = spec["template"].setdefault("metadata", {})
        metadata["labels"] = (metadata.get("labels") or {}) | labels
        if not manifest["metadata"].get("labels"):
            manifest["metadata"]["labels"] = dict(metadata["labels"])


def cron_job(manifest: Manifest) -> None:
    spec = manifest["spec"]
    fill_template(spec["jobTemplate"]["spec"]["template"])
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
