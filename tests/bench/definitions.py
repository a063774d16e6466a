"""Definitions of the sizes that are measured: thirty nodes, and a thousand lines with fifty problems."""

from __future__ import annotations

from typing import Any

HEAD = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: platform}
spec:
  schema:
    group: platform.example.com
    apiVersion: v1alpha1
    kind: Platform
    spec:
      name: string | required=true maxLength=40
      image: string | default=nginx
      replicas: integer | default=2 minimum=1
      ports: "[]integer"
      labels: map[string]string
      debug: boolean
"""
DEPLOYMENT = """\
    - id: app{n}
      readyWhen:
        - ${{app{n}.status.?readyReplicas.orValue(0) >= app{n}.spec.replicas}}
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: ${{schema.spec.name}}-app{n}
          labels:
            app: ${{schema.metadata.name}}
        spec:
          replicas: ${{schema.spec.replicas}}
          selector:
            matchLabels:
              app: ${{schema.spec.name}}
              part: app{n}
          template:
            metadata:
              labels:
                app: ${{schema.spec.name}}
                part: app{n}
            spec:
              containers:
                - name: main
                  image: ${{schema.spec.image}}
                  env:
                    - name: SETTINGS
                      value: ${{settings{n}.metadata.name}}
"""
SERVICE = """\
    - id: service{n}
      template:
        apiVersion: v1
        kind: Service
        metadata:
          name: ${{app{n}.metadata.name}}
        spec:
          selector: ${{app{n}.spec.selector.matchLabels}}
          ports: '${{schema.spec.?ports.orValue([80]).map(p, {{"name": "p" + string(p), "port": p}})}}'
"""
SETTINGS = """\
    - id: settings{n}
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: ${{schema.spec.name}}-settings{n}
        data:
          name: ${{schema.spec.name}}
          replicas: ${{string(schema.spec.replicas)}}
          mode: '${{schema.spec.?debug.orValue(false) ? "debug" : "normal"}}'
"""
INPUT = {"name": "shop", "image": "nginx:1", "replicas": 2, "ports": [80, 81], "debug": False}
# Each is one line of the text and what an author writes instead of it.
MISTAKES = (
    ("replicas: ${schema.spec.replicas}", "replicas: ${schema.spec.replcas}"),
    ("kind: Service", "kind: Servise"),
    ("image: ${schema.spec.image}", "imagee: ${schema.spec.image}"),
    ("app: ${schema.metadata.name}", "app: ${schema.metadata.name +}"),
    ("replicas: ${string(schema.spec.replicas)}", "replicas: ${schema.spec.replicas}"),
)


def thirty_nodes(triples: int = 10) -> str:
    status = "    status:\n" + "".join(
        f"      ready{n}: ${{app{n}.status.readyReplicas}}\n" for n in range(1, triples + 1)
    )
    nodes = [part.format(n=n) for n in range(1, triples + 1) for part in (DEPLOYMENT, SERVICE, SETTINGS)]
    return HEAD + status + "  resources:\n" + "".join(nodes)


def thousand_lines() -> tuple[str, int]:
    """A file of about a thousand lines, and the number of its problems."""
    lines = thirty_nodes(22).splitlines()
    made = 0
    for number, line in enumerate(lines):
        for right, wrong in MISTAKES[made % len(MISTAKES) :] + MISTAKES[: made % len(MISTAKES)]:
            if line.strip() == right and made < 50:
                lines[number] = line.replace(right, wrong)
                made += 1
                break
    return "\n".join(lines) + "\n", made


def live(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest as a cluster would give it back."""
    replicas = manifest.get("spec", {}).get("replicas", 1)
    metadata = {**manifest["metadata"], "uid": "u", "resourceVersion": "1"}
    return {**manifest, "metadata": metadata, "status": {"readyReplicas": replicas, "replicas": replicas}}
