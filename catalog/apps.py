from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    label = "catalog"

    def ready(self) -> None:
        from catalog import namespace_owners, withheld_values  # noqa: F401  connects their receivers
