"""Texts that a new contract can start from: a minimal one, and the samples that ship with Slipway."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

SAMPLES = Path(__file__).parent / "samples"

MINIMAL = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: my-contract
spec:
  schema:
    group: platform.example.com
    apiVersion: v1alpha1
    kind: MyContract
    # What developers fill in.
    spec:
      message: string | default=hello description="What the ConfigMap says"
    # What they see of the result.
    status:
      configMap: ${settings.metadata.name}
  # The Kubernetes resources that implement it.
  resources:
    - id: settings
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: ${schema.metadata.name}
        data:
          message: ${schema.spec.message}
---
# How the catalog shows it.
apiVersion: slipway.dev/v1alpha1
kind: Contract
spec:
  title: My contract
  description: What it is for, in a sentence or two.
  category: Compute
  icon: box
"""


@cache
def samples() -> dict[str, str]:
    """Name of each sample → its title, sorted by title."""
    titles = {path.stem: title_of(path) for path in SAMPLES.glob("*.yaml")}
    return dict(sorted(titles.items(), key=lambda item: item[1]))


def title_of(path: Path) -> str:
    documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    return str(documents[1]["spec"]["title"])


def template_text(name: str) -> str:
    """The text of a sample, or the minimal one when there is no sample of that name."""
    return (SAMPLES / f"{name}.yaml").read_text(encoding="utf-8") if name in samples() else MINIMAL
