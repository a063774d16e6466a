"""Validation of pod specs and pod templates, as Kubernetes' core validation (`ValidatePodTemplateSpec`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from devcluster.machinery import quantities
from devcluster.machinery.errors import Cause
from devcluster.machinery.metadata import (
    annotation_causes,
    forbidden,
    invalid_value,
    label_causes,
    quoted,
    required,
    unsupported,
)
from devcluster.machinery.names import label_key_problems, label_problems, subdomain_problems

Manifest = dict[str, Any]

PORT_NUMBER = "must be between 1 and 65535, inclusive"
NOT_NEGATIVE = "must be greater than or equal to 0"
PROTOCOLS = ["SCTP", "TCP", "UDP"]
RESTART_POLICIES = ["Always", "OnFailure", "Never"]
PULL_POLICIES = ["Always", "IfNotPresent", "Never"]
SCHEMES = ["HTTP", "HTTPS"]
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
PROBE_NUMBERS = (
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)
SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
STANDARD_RESOURCES = ("cpu", "memory", "ephemeral-storage", "storage", "pods", "services")
CONTAINER_RESOURCES = ("cpu", "memory", "ephemeral-storage")
ENV_NAME = re.compile(r"[ -<>-~]+")
ENV_NAME_MESSAGE = (
    "a valid environment variable name must consist only of printable ASCII characters other than '='"
)
CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
CONFIG_KEY_MESSAGE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def template_problems(template: Manifest, field: str) -> list[Cause]:
    """The problems of a pod template: its labels, its annotations and its spec."""
    metadata = template.get("metadata") or {}
    return [
        *label_causes(metadata.get("labels") or {}, f"{field}.labels"),
        *annotation_causes(metadata.get("annotations") or {}, f"{field}.annotations"),
        *spec_problems(template.get("spec") or {}, f"{field}.spec"),
    ]


def spec_problems(spec: Manifest, field: str) -> list[Cause]:
    return [
        *_volumes(spec.get("volumes") or [], f"{field}.volumes"),
        *_containers(spec, field),
        *_restart_policy(spec, field),
        *label_causes(spec.get("nodeSelector") or {}, f"{field}.nodeSelector"),
        *_names(spec, field),
        *_not_negative(spec, ("terminationGracePeriodSeconds",), field),
    ]


def _restart_policy(spec: Manifest, field: str) -> Iterator[Cause]:
    policy = spec.get("restartPolicy")
    if not policy:
        yield required(f"{field}.restartPolicy")
    elif policy not in RESTART_POLICIES:
        yield unsupported(f"{field}.restartPolicy", policy, RESTART_POLICIES)


def _names(spec: Manifest, field: str) -> Iterator[Cause]:
    if spec.get("serviceAccountName"):
        yield from _invalid_name(
            spec["serviceAccountName"], subdomain_problems, f"{field}.serviceAccountName"
        )
    for key in ("hostname", "subdomain"):
        if spec.get(key):
            yield from _invalid_name(spec[key], label_problems, f"{field}.{key}")


# ---- volumes


def _volumes(volumes: list[Manifest], field: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        where, name = f"{field}[{index}]", volume.get("name") or ""
        sources = [key for key in volume if key != "name"]
        for source in sources[1:]:
            yield forbidden(f"{where}.{source}", "may not specify more than 1 volume type")
        claim = volume.get("persistentVolumeClaim")
        if isinstance(claim, dict) and not claim.get("claimName"):
            yield required(f"{where}.persistentVolumeClaim.claimName")
        if not name:
            yield required(f"{where}.name")
            continue
        yield from _invalid_name(name, label_problems, f"{where}.name")
        if name in seen:
            yield duplicate(f"{where}.name", name)
        seen.add(name)


# ---- containers


def _containers(spec: Manifest, field: str) -> Iterator[Cause]:
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    if not spec.get("containers"):
        yield required(f"{field}.containers")
    names: set[str] = set()
    for group in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(group) or []):
            where = f"{field}.{group}[{index}]"
            yield from _container_name(container, where, names)
            yield from _image(container, where)
            yield from _ports(container.get("ports") or [], f"{where}.ports")
            yield from _environment(container.get("env") or [], f"{where}.env")
            yield from _mounts(container.get("volumeMounts") or [], f"{where}.volumeMounts", volumes)
            yield from _probes(container, where, is_init=group == "initContainers")
            yield from _resources(container.get("resources") or {}, f"{where}.resources")


def _container_name(container: Manifest, where: str, names: set[str]) -> Iterator[Cause]:
    name = container.get("name") or ""
    if not name:
        yield required(f"{where}.name")
        return
    yield from _invalid_name(name, label_problems, f"{where}.name")
    if name in names:
        yield duplicate(f"{where}.name", name)
    names.add(name)


def _image(container: Manifest, where: str) -> Iterator[Cause]:
    image, policy = container.get("image") or "", container.get("imagePullPolicy")
    if not image:
        yield required(f"{where}.image")
    elif image != image.strip():
        yield invalid_value(f"{where}.image", image, "must not have leading or trailing whitespace")
    if policy and policy not in PULL_POLICIES:
        yield unsupported(f"{where}.imagePullPolicy", policy, PULL_POLICIES)


def _ports(ports: list[Manifest], field: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        where, name = f"{field}[{index}]", port.get("name") or ""
        if name:
            for why in port_name_problems(name):
                yield invalid_value(f"{where}.name", name, why)
            if name in seen:
                yield duplicate(f"{where}.name", name)
            seen.add(name)
        if not port.get("containerPort"):
            yield required(f"{where}.containerPort")
        for key in ("containerPort", "hostPort"):
            if port.get(key) and not 1 <= port[key] <= 65535:
                yield invalid_value(f"{where}.{key}", port[key], PORT_NUMBER)
        if port.get("protocol") not in PROTOCOLS:
            yield unsupported(f"{where}.protocol", port.get("protocol"), PROTOCOLS)


def port_name_problems(name: str) -> list[str]:
    """IANA_SVC_NAME of RFC 6335."""
    rules = {
        "must be no more than 15 characters": len(name) <= 15,
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)": not re.search(
            r"[^-a-z0-9]", name
        ),
        "must contain at least one letter (a-z)": bool(re.search("[a-z]", name)),
        "must not contain consecutive hyphens": "--" not in name,
        "must not begin or end with a hyphen": name == name.strip("-"),
    }
    return [message for message, holds in rules.items() if not holds]


def _environment(variables: list[Manifest], field: str) -> Iterator[Cause]:
    for index, variable in enumerate(variables):
        where, name = f"{field}[{index}]", variable.get("name") or ""
        if not name:
            yield required(f"{where}.name")
        elif not ENV_NAME.fullmatch(name):
            yield invalid_value(f"{where}.name", name, ENV_NAME_MESSAGE)
        if variable.get("valueFrom") is not None:
            yield from _value_from(variable, f"{where}.valueFrom")


def _value_from(variable: Manifest, field: str) -> Iterator[Cause]:
    sources = [key for key in SOURCES if variable["valueFrom"].get(key) is not None]
    if variable.get("value"):
        yield invalid_value(field, "", "may not be specified when `value` is not empty")
    elif not sources:
        listed = ", ".join(f"`{key}`" for key in SOURCES[:-1])
        yield invalid_value(field, "", f"must specify one of: {listed} or `{SOURCES[-1]}`")
    elif len(sources) > 1:
        yield invalid_value(field, "", "may not have more than one field specified at a time")
    for source in ("configMapKeyRef", "secretKeyRef"):
        reference = variable["valueFrom"].get(source)
        if reference is None:
            continue
        where, key = f"{field}.{source}", reference.get("key") or ""
        if not reference.get("name"):
            yield required(f"{where}.name")
        if not key:
            yield required(f"{where}.key")
        elif not CONFIG_KEY.fullmatch(key):
            yield invalid_value(f"{where}.key", key, CONFIG_KEY_MESSAGE)


def _mounts(mounts: list[Manifest], field: str, volumes: set[Any]) -> Iterator[Cause]:
    paths: set[str] = set()
    for index, mount in enumerate(mounts):
        where, name, path = f"{field}[{index}]", mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            yield required(f"{where}.name")
        if name not in volumes:
            yield Cause("FieldValueNotFound", f"Not found: {quoted(name)}", f"{where}.name")
        if not path:
            yield required(f"{where}.mountPath")
        elif path in paths:
            yield invalid_value(f"{where}.mountPath", path, "must be unique")
        paths.add(path)


# ---- probes


def _probes(container: Manifest, where: str, *, is_init: bool) -> Iterator[Cause]:
    is_plain_init = is_init and container.get("restartPolicy") != "Always"
    for key in PROBES:
        probe = container.get(key)
        if probe is None:
            continue
        if is_plain_init:
            yield forbidden(
                f"{where}.{key}", "may not be set for init containers without restartPolicy=Always"
            )
            continue
        yield from _handler(probe, f"{where}.{key}")
        yield from _not_negative(probe, PROBE_NUMBERS, f"{where}.{key}")
        threshold = probe.get("successThreshold", 1)
        if key != "readinessProbe" and threshold != 1:
            yield invalid_value(f"{where}.{key}.successThreshold", threshold, "must be 1")


def _handler(probe: Manifest, field: str) -> Iterator[Cause]:
    handlers = [key for key in HANDLERS if probe.get(key) is not None]
    if not handlers:
        yield required(field, "must specify a handler type")
    for extra in handlers[1:]:
        yield forbidden(f"{field}.{extra}", "may not specify more than 1 handler type")
    if handlers[:1] == ["exec"] and not probe["exec"].get("command"):
        yield required(f"{field}.exec.command")
    if handlers[:1] == ["httpGet"]:
        get = probe["httpGet"]
        if not get.get("path"):
            yield required(f"{field}.httpGet.path")
        if get.get("scheme") not in (None, *SCHEMES):
            yield unsupported(f"{field}.httpGet.scheme", get["scheme"], SCHEMES)
    if handlers and handlers[0] in ("httpGet", "tcpSocket"):
        yield from _probe_port(probe[handlers[0]].get("port"), f"{field}.{handlers[0]}.port")


def _probe_port(port: Any, field: str) -> Iterator[Cause]:
    if isinstance(port, str):
        for why in port_name_problems(port):
            yield invalid_value(field, port, why)
    elif not 1 <= (port or 0) <= 65535:
        yield invalid_value(field, port or 0, PORT_NUMBER)


# ---- resources


def _resources(resources: Manifest, field: str) -> Iterator[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for group, amounts in (("limits", limits), ("requests", requests)):
        for name, value in amounts.items():
            where = f"{field}.{group}[{name}]"
            yield from _resource_name(name, where)
            amount = quantities.parse(str(value))
            if amount is not None and amount < 0:
                yield invalid_value(where, str(value), NOT_NEGATIVE)
    for name, value in requests.items():
        amount, limit = quantities.parse(str(value)), quantities.parse(str(limits.get(name, value)))
        if amount is not None and limit is not None and amount > limit:
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid_value(f"{field}.requests", str(value), why)


def _resource_name(name: str, field: str) -> Iterator[Cause]:
    for why in label_key_problems(name):
        yield invalid_value(field, name, why)
    if "/" in name or name.startswith("hugepages-"):
        return
    if name not in STANDARD_RESOURCES:
        yield invalid_value(field, name, "must be a standard resource type or fully qualified")
    if name not in CONTAINER_RESOURCES:
        yield invalid_value(field, name, "must be a standard resource for containers")


# ---- shared


def duplicate(field: str, value: Any) -> Cause:
    return Cause("FieldValueDuplicate", f"Duplicate value: {quoted(value)}", field)


def _invalid_name(name: str, check: Callable[[str], list[str]], field: str) -> Iterator[Cause]:
    for why in check(name):
        yield invalid_value(field, name, why)


def _not_negative(values: Manifest, keys: Iterable[str], field: str) -> Iterator[Cause]:
    for key in keys:
        if isinstance(values.get(key), int) and values[key] < 0:
            yield invalid_value(f"{field}.{key}", values[key], NOT_NEGATIVE)
