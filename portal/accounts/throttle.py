"""Guessing passwords is made slow: after a few wrong ones for a name from one address, that pair waits.

Kept in the database, so that it holds for every web process. Only the pair waits: nobody can lock a person
out from elsewhere, and it is a matter of minutes. A ready library (django-axes) would keep what was typed and
who typed it in tables of its own; for one form that is more to guard than this.
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
    """A digest of the pair: what somebody types as a name may be a password."""
    return hashlib.sha256(f"{name.strip().casefold()}\n{network(address)}".encode()).hexdigest()


def network(address: str) -> str:
    """The address, or of IPv6 its first half, since a caller may change the other at will."""
    try:
        found = ip_address(address)
    except ValueError:  # a Unix socket has none
        return address
    return str(IPv6Address(int(found) >> 64 << 64)) if isinstance(found, IPv6Address) else address


def wait(key: str, now: datetime) -> timedelta:
    """How long this pair has to wait before its next try; zero when it may try."""
    failures = SignInFailure.objects.filter(key=key, at__gt=now - WITHIN).order_by("-at")
    times = failures.values_list("at", flat=True)[:ALLOWED]
    return times[ALLOWED - 1] + WITHIN - now if len(times) == ALLOWED else timedelta(0)


def note_failure(key: str, now: datetime) -> None:
    with transaction.atomic():
        SignInFailure.objects.filter(at__lte=now - WITHIN).delete()
        SignInFailure.objects.create(key=key, at=now)


def forget(key: str) -> None:
    SignInFailure.objects.filter(key=key).delete()
