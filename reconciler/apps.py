from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_save


class ReconcilerConfig(AppConfig):
    name = "reconciler"
    label = "reconciler"

    def ready(self) -> None:
        post_save.connect(wake_when_committed, dispatch_uid="reconciler.wake")


TOPIC_OF = {"catalog.Change": "changes", "contracts.Contract": "contracts", "contracts.Revision": "contracts"}


def wake_when_committed(sender: type[Model], **_: Any) -> None:
    """A change or a contract was written in this process: its engine, if it runs here, looks at once."""
    topic = TOPIC_OF.get(sender._meta.label)
    if topic:
        from reconciler.base.signals import notify

        transaction.on_commit(lambda: notify(topic))
