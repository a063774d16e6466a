"""The sentences of a grant are called descriptions, as those of a contract's reach are."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0003_grants"),
    ]

    operations = [
        migrations.RenameField("grant", "words", "descriptions"),
    ]
