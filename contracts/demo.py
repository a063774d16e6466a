"""Publish the sample contracts that do not exist yet. Existing contracts are not changed."""

from __future__ import annotations

from contracts.contract_templates import SAMPLES
from contracts.grants import give
from contracts.known_kinds import compile_known
from contracts.models import Contract, Grant
from contracts.publishing import Publication, PublishRequest, digest_of, publish_request

GRANT_REASON = "Sample contract of the demo"


def load() -> list[Publication]:
    """Raises ``Rejected`` when a sample does not compile, which is a bug.

    A sample's file is named after its contract, so one query finds out whether there is anything to do.
    """
    files = {path.stem: path for path in sorted(SAMPLES.glob("*.yaml"))}
    present = set(Contract.objects.filter(name__in=files).values_list("name", flat=True))
    missing = [path for name, path in files.items() if name not in present]
    for name in present:
        grant_sample(name, files[name].read_text(encoding="utf-8"))
    return [publish_sample(path.read_text(encoding="utf-8")) for path in missing]


def publish_sample(text: str) -> Publication:
    """Publish it with exactly the grants that it needs."""
    request = PublishRequest(text, by=None, note="Ships with Slipway", grant_reason=GRANT_REASON)
    return publish_request(request)


def grant_sample(name: str, text: str) -> None:
    """Give a sample that was published before grants existed what it needs. A revoked grant stays revoked."""
    contract = Contract.objects.select_related("owner", "revision").get(name=name)
    is_sample = contract.revision is not None and contract.revision.digest == digest_of(text)
    if is_sample and not Grant.objects.filter(contract_name=name).exists():
        give(contract, compile_known(text).reach, by=None, reason=GRANT_REASON)
