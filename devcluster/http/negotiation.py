"""Content negotiation: Accept headers with the parameters as, g and v of Kubernetes (RFC 9110)."""

from __future__ import annotations

from dataclasses import dataclass, field

from devcluster.machinery.errors import ApiError

SERVED = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")


@dataclass(frozen=True, slots=True)
class Media:
    """One alternative of an Accept header."""

    name: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def form(self) -> tuple[str, str, str]:
        """(as, group, version) of a transformed response; empty strings for the plain object."""
        return self.parameters.get("as", ""), self.parameters.get("g", ""), self.parameters.get("v", "")


def alternatives(accept: str) -> list[Media]:
    """The alternatives of an Accept header, in order of preference."""
    found = []
    for position, part in enumerate(accept.split(",")):
        name, *rest = (piece.strip() for piece in part.split(";"))
        parameters = dict(piece.split("=", 1) for piece in rest if "=" in piece)
        weight = float(parameters.pop("q", "1") or 1)
        if name:
            found.append((-weight, position, Media(name, parameters)))
    return [media for _, _, media in sorted(found, key=lambda entry: entry[:2])]


def not_acceptable(accepted: tuple[str, ...] = SERVED) -> ApiError:
    message = f"only the following media types are accepted: {', '.join(accepted)}"
    return ApiError(406, "NotAcceptable", message)


def choose(accept: str, forms: tuple[str, ...]) -> Media:
    """The first alternative that can be served: JSON or YAML, plain or in one of `forms`. Raises 406."""
    if not accept:
        return Media("application/json")
    known = False
    for media in alternatives(accept):
        name = {"*/*": "application/json", "application/*": "application/json"}.get(media.name, media.name)
        known = known or name in SERVED
        if name not in ("application/json", "application/yaml"):
            continue
        form, group, version = media.form
        if form and (form not in forms or group != "meta.k8s.io" or version not in ("v1", "v1beta1")):
            continue
        if not form and group:
            continue
        return Media(name, media.parameters)
    raise not_acceptable() if known else unknown_representation()


def unknown_representation() -> ApiError:
    listed = ", ".join(
        (*SERVED, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch")
    )
    message = f"406: Not Acceptable\n\nAvailable representations: {listed}"
    return ApiError(406, "NotAcceptable", message, {})
