"""Publish the sample contracts that are not there yet. What somebody has made of them stays as it is."""

from __future__ import annotations

from contracts.contract_templates import SAMPLES
from contracts.models import Contract
from contracts.publishing import Publication, publish


def load() -> list[Publication]:
    """Raises ``Rejected`` when a sample does not compile, which is a fault of this version.

    A sample's file is called like its contract, so one query tells that there is nothing to do.
    """
    files = {path.stem: path for path in sorted(SAMPLES.glob("*.yaml"))}
    present = set(Contract.objects.filter(name__in=files).values_list("name", flat=True))
    missing = [path for name, path in files.items() if name not in present]
    return [publish(path.read_text(encoding="utf-8"), by=None, note="Comes with Slipway") for path in missing]
