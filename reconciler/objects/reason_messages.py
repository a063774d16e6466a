"""Explanations of Kubernetes' reasons: what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

EXPLANATIONS = {
    "ImagePullBackOff": "{image} cannot be pulled: check its name and tag, and the cluster's access to it.",
    "ErrImagePull": "{image} cannot be pulled: check its name and tag, and the cluster's access to it.",
    "InvalidImageName": "{image} has an invalid name: correct it.",
    "ErrImageNeverPull": "{image} is not on the node, and its pull policy forbids pulling it.",
    "CrashLoopBackOff": "The container keeps crashing: look at its logs.",
    "RunContainerError": "The container cannot be started: check its command and its volume mounts.",
    "CreateContainerError": "The container cannot be started: check its command and its volume mounts.",
    "CreateContainerConfigError": (
        "The container cannot be started: check that each Secret and ConfigMap that it reads exists."
    ),
    "Unschedulable": "No node has enough capacity or matches the scheduling rules.",
    "ProgressDeadlineExceeded": "The rollout exceeded its deadline: look at its pods.",
    "FailedCreate": "Pods cannot be created: a quota or a policy may forbid them.",
    "BackoffLimitExceeded": "It failed too often and is not retried: look at its logs.",
    "DeadlineExceeded": "It exceeded its deadline: look at its logs.",
    "FailedGetResourceMetric": "The load cannot be measured: the cluster needs a metrics server.",
}


def explained(text: str, image: str = "") -> str:
    """``Reason: message`` of the cluster, preceded by its explanation if there is one.

    An image that cannot be pulled is named: "The image shop:2 cannot be pulled: … (ErrImagePull: …)".
    """
    explanation = EXPLANATIONS.get(text.partition(":")[0])
    if explanation is None:
        return text
    return f"{explanation.format(image=f'The image {image}' if image else 'The image')} ({text})"


def join_reasons(reasons: Iterable[str]) -> str:
    """Several reasons in one line, without duplicates."""
    unique = list(dict.fromkeys(reasons))
    return "; ".join([*(reason.rstrip(".") for reason in unique[:-1]), *unique[-1:]])
