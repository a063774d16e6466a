"""Kubernetes' own reasons in words for people who do not know Kubernetes: what it is, and what to do."""

from __future__ import annotations

PLAIN = {
    "ImagePullBackOff": "{image} cannot be pulled: check its name and tag, and that the cluster may read it.",
    "ErrImagePull": "{image} cannot be pulled: check its name and tag, and that the cluster may read it.",
    "InvalidImageName": "{image} has a name that no image can have: correct it.",
    "ErrImageNeverPull": "{image} is not on the node, and its pull policy forbids to fetch it.",
    "CrashLoopBackOff": "The program starts and ends again and again: look at its logs.",
    "RunContainerError": "The program cannot be started: check its command and what it mounts.",
    "CreateContainerError": "The program cannot be started: check its command and what it mounts.",
    "CreateContainerConfigError": (
        "The program cannot be started: check that each Secret and ConfigMap that it reads exists."
    ),
    "Unschedulable": "No node has room for it or fits its rules.",
    "ProgressDeadlineExceeded": "It did not come up in the time that it may take: look at its pods.",
    "FailedCreate": "The cluster does not let its pods be made: a quota or a policy may forbid them.",
    "BackoffLimitExceeded": "It failed too often and is not tried again: look at its logs.",
    "DeadlineExceeded": "It took longer than it may: look at its logs.",
    "FailedGetResourceMetric": "Its load cannot be measured: the cluster needs a metrics server.",
}


def in_plain_words(text: str, image: str = "") -> str:
    """``Reason: message`` of the cluster as a headline with that text after it, or as it is.

    An image that cannot be pulled is named: "The image shop:2 cannot be pulled: … (ErrImagePull: …)".
    """
    plain = PLAIN.get(text.partition(":")[0])
    if plain is None:
        return text
    return f"{plain.format(image=f'The image {image}' if image else 'The image')} ({text})"


def sentences(texts: list[str]) -> str:
    """Several reasons in one line, each once."""
    once = list(dict.fromkeys(texts))
    return "; ".join([*(text.rstrip(".") for text in once[:-1]), *once[-1:]])
