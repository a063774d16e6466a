"""Limits password guessing: after some failures for a username from one address, that pair must wait.

Failures are stored in the database, so that the limit holds for every web process. It applies to the pair, so
that users cannot be locked out from elsewhere, and only for minutes. A library such as django-axes would
store usernames and addresses in tables of its own: more data to protect than one form is worth.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.db import transaction

from portal.accounts.models import SignInFailure

ALLOWED = 5  # wrong passwords …
WITHIN = timedelta(minutes=5)  # … in this time


def key_of(name: str, address: str) -> str:
    """A digest of the pair, as a password may be typed into the username field."""
    return hashlib.sha256(f"{name.strip().casefold()}\n{network(address)}".encode()).hexdigest()


def network(address: str) -> str:
    """The address; of IPv6 only the first half, as clients can change the second at will."""
    try:
        found = ip_address(address)
    except ValueError:  # a Unix socket has none
        return address
    return str(IPv6Address(int(found) >> 64 << 64)) if isinstance(found, IPv6Address) else address


def remaining_wait(key: str, now: datetime) -> timedelta:
    """How long this pair must wait before its next attempt; zero if it may try now."""
    failures = SignInFailure.objects.filter(key=key, at__gt=now - WITHIN).order_by("-at")
    times = failures.values_list("at", flat=True)[:ALLOWED]
    return times[ALLOWED - 1] + WITHIN - now if len(times) == ALLOWED else timedelta(0)


def record_failure(key: str, now: datetime) -> None:
    with transaction.atomic():
        SignInFailure.objects.filter(at__lte=now - WITHIN).delete()
        SignInFailure.objects.create(key=key, at=now)


def reset(key: str) -> None:
    SignInFailure.objects.filter(key=key).delete()
