from django.apps import AppConfig


class ReconcilerConfig(AppConfig):
    name = "reconciler"
    label = "reconciler"
