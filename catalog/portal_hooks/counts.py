"""Numbers beside the entries of the sidebar (``NAVIGATION_COUNTS``)."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from catalog.models import Instance
from contracts.models import Contract
from portal.accounts.models import User


def count_contracts(user: User | AnonymousUser) -> int:
    return Contract.objects.offered_to(user).count()


def count_instances(user: User | AnonymousUser) -> int:
    return Instance.objects.visible_to(user).count()
