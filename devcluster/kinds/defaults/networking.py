"""Defaults of networking kinds."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]


def ingress_class(manifest: Manifest) -> None:
    if isinstance(manifest["spec"].get("parameters"), dict):
        manifest["spec"]["parameters"].setdefault("scope", "Cluster")


def network_policy(manifest: Manifest) -> None:
    spec = manifest["spec"]
    for direction in ("ingress", "egress"):
        for rule in spec.get(direction) or ():
            for port in rule.get("ports") or ():
                port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def endpoint_slice(manifest: Manifest) -> None:
    for port in manifest.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")
    for endpoint in manifest.get("endpoints") or ():
        endpoint.setdefault("conditions", {})
