"""Limits password guessing: after some failures for a username from one address, that pair must wait.

Failures are stored in the database, so that the limit holds for every web process. It applies to the pair, so
that users cannot be locked out from elsewhere, and only for minutes. A library such as django-axes would
store usernames and addresses in tables of its own: more data to protect than one form is worth.
"""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.contrib.auth.forms import UsernameField
from django.db import transaction

from portal.accounts.models import SignInFailure
from portal.advisory_locks import advisory_lock

ALLOWED = 5  # wrong passwords …
WITHIN = timedelta(minutes=5)  # … in this time
LOCK_KEY = 0x736C7774


def key_of(name: str, address: str) -> str:
    """A digest of the pair, as a password may be typed into the username field."""
    text = f"{canonical(name)}\n{network(address)}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def canonical(name: str) -> str:
    """The same for all that the sign-in form takes for one username, and for its other cases."""
    return unicodedata.normalize("NFKC", str(UsernameField().to_python(name) or "").casefold())


def network(address: str) -> str:
    """The address; of IPv6 only the first half, as clients can change the second at will."""
    try:
        found = ip_address(address)
    except ValueError:  # a Unix socket has none
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))


def remaining_wait(key: str, now: datetime) -> timedelta:
    """How long this pair must wait before its next attempt; zero if it may try now."""
    failures = SignInFailure.objects.filter(key=key, at__gt=now - WITHIN).order_by("-at")
    times = failures.values_list("at", flat=True)[:ALLOWED]
    return times[ALLOWED - 1] + WITHIN - now if len(times) == ALLOWED else timedelta(0)


def begin_attempt(key: str, now: datetime) -> timedelta:
    """Count an attempt before its password is checked. Returns how long to wait; zero if it may be checked.

    Of attempts at the same time no more than ``ALLOWED`` get a password checked. It counts as a failure until
    :func:`reset`.
    """
    with transaction.atomic():
        advisory_lock(LOCK_KEY)
        SignInFailure.objects.filter(at__lte=now - WITHIN).delete()
        wait = remaining_wait(key, now)
        if not wait:
            SignInFailure.objects.create(key=key, at=now)
    return wait


def reset(key: str) -> None:
    SignInFailure.objects.filter(key=key).delete()
