"""The simulated behaviour of container images, and the status of containers.

The tag of an image selects it: `broken` cannot be pulled, `crash` starts and fails, `slow` takes ten times as
long.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from devcluster.controllers.framework.objects import Object

BEHAVIOURS = ("broken", "crash", "slow")


def behaviour_of(image: str) -> str:
    """`broken`, `crash` or `slow` for such a tag, an empty string for any other image."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return tag if tag in BEHAVIOURS else ""


def broken_container(pod: Object) -> Object | None:
    """The first container whose image cannot be pulled."""
    return next(
        (each for each in all_containers(pod) if behaviour_of(each.get("image", "")) == "broken"), None
    )


def behaves(pod: Object, behaviour: str) -> bool:
    return any(behaviour_of(each.get("image", "")) == behaviour for each in all_containers(pod))


def all_containers(pod: Object) -> Iterator[Object]:
    yield from pod["spec"].get("initContainers") or ()
    yield from pod["spec"].get("containers") or ()


def canonical(image: str) -> str:
    """The full name of an image, with registry and tag."""
    first, slash, _ = image.partition("/")
    if not slash:
        image = f"docker.io/library/{image}"
    elif "." not in first and ":" not in first and first != "localhost":
        image = f"docker.io/{image}"
    return image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"


def pull_error(image: str) -> str:
    """The error of the kubelet for an image that does not exist."""
    full = canonical(image)
    return (
        f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": {full}: not found '
        "(simulated: the tag `broken` is never pulled)"
    )


def container_status(container: Object, state: Object, *, ready: bool = False, restarts: int = 0) -> Object:
    """One entry of `containerStatuses`; `state` is a ContainerState: waiting, running or terminated."""
    pulled = "waiting" not in state or state["waiting"].get("reason") == "CrashLoopBackOff"
    status: Object = {
        "name": container["name"],
        "state": state,
        "lastState": {},
        "ready": ready,
        "restartCount": restarts,
        "image": container.get("image", ""),
        "imageID": image_id(container.get("image", "")) if pulled else "",
    }
    if "terminated" not in state:
        status["started"] = "running" in state
    return status


def image_id(image: str) -> str:
    digest = "".join(f"{zlib.crc32(f'{image}{part}'.encode()):08x}" for part in range(8))
    return f"{canonical(image).partition('@')[0].rpartition(':')[0]}@sha256:{digest}"
