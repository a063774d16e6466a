"""Makes the sockets of a user check their rights when one may have been taken away."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from portal.accounts.models import Membership, User
from portal.accounts.namespace_owners import OwnerChange, namespace_owner_changed
from portal.live.publish import publish, revoke


@receiver([post_save, post_delete], sender=Membership)
def membership_changed(instance: Membership, **_: Any) -> None:
    revoke(instance.user)


@receiver(post_save, sender=User)
def user_changed(instance: User, created: bool, update_fields: Any, **_: Any) -> None:
    # Signing in writes last_login and takes nothing away.
    if not created and set(update_fields or {}) != {"last_login"}:
        revoke(instance)


@receiver(namespace_owner_changed)
def owner_changed(change: OwnerChange, **_: Any) -> None:
    """Members of both teams lose or get instances; the reconciler limits instances by their teams."""
    teams = [team.pk for team in (change.before, change.after) if team is not None]
    for user in User.objects.filter(memberships__team__in=teams).distinct():
        revoke(user)
    publish("teams", timezone.now().isoformat())


@receiver(user_logged_out)
def signed_out(user: User | None, **_: Any) -> None:
    if isinstance(user, User):
        revoke(user)
