"""Renames models and fields to standard terms; the rows remain."""

from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_resource_by_name")]

    operations = [
        migrations.RenameModel("Departed", "DeletedInstance"),
        migrations.RenameField("deletedinstance", "gone_at", "deleted_at"),
        migrations.AlterModelOptions(
            "deletedinstance",
            options={"ordering": ["-deleted_at"], "verbose_name_plural": "deleted instances"},
        ),
        migrations.AlterField(
            "deletedinstance",
            "contract",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deleted_instances",
                to="contracts.contract",
            ),
        ),
        migrations.RenameField("instance", "deletion_asked_at", "deletion_requested_at"),
        migrations.RenameField("instance", "rev", "version"),
        migrations.RenameField("instanceresource", "deletion_asked_at", "deletion_requested_at"),
        migrations.RenameField("instanceresource", "whole", "ready_baseline"),
        migrations.RenameField("destination", "engine_seen_at", "reconciler_seen_at"),
    ]
