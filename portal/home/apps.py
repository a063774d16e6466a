from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "portal.home"
    label = "home"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from portal.home import checks  # noqa: F401  registers them
        from portal.middleware.database_wait import shorten_wait

        connection_created.connect(shorten_wait, dispatch_uid="shorten_wait")
