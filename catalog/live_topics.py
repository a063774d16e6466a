"""Live topics of instances: who may subscribe, and their current version (``LIVE_TOPICS``)."""

from __future__ import annotations

import hashlib

from django.db.models import Count, Max

from catalog.models import DeletedInstance, Destination, Instance
from portal.accounts.models import User


class InstanceTopic:
    """``instance.7``: everyone who may see the instance, or could see it before it was deleted."""

    def may_listen(self, user: User, argument: str) -> bool:
        if not _is_key(argument):
            return False
        key = int(argument)
        return (
            Instance.objects.visible_to(user).filter(pk=key).exists()
            or DeletedInstance.objects.visible_to(user).filter(pk=key).exists()
        )

    def version(self, user: User, argument: str) -> str:
        if not _is_key(argument):
            return ""
        version = Instance.objects.filter(pk=int(argument)).values_list("version", flat=True).first()
        return "deleted" if version is None else str(version)


class InstancesTopic:
    """``instances``: the list. A user notices only changes of instances that they may see."""

    def may_listen(self, user: User, argument: str) -> bool:
        return user.is_active

    def version(self, user: User, argument: str) -> str:
        newest = Instance.objects.visible_to(user).aggregate(at=Max("updated_at"), number=Count("pk"))
        return f"{newest['number']}-{newest['at'].isoformat() if newest['at'] else ''}"


class NoticesTopic:
    """``notices``: the notices above every page."""

    def may_listen(self, user: User, argument: str) -> bool:
        return user.is_active

    def version(self, user: User, argument: str) -> str:
        rows = Destination.objects.values_list("slug", "reachable", "message")
        return hashlib.sha256(repr(list(rows)).encode()).hexdigest()[:16]


def _is_key(argument: str) -> bool:
    return argument.isdecimal() and len(argument) < 19
