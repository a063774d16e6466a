"""Contracts that are published today stay offered to every team: their owners get the flag."""

from django.db import migrations


def offer(apps, schema_editor):
    owners = apps.get_model('contracts', 'Contract').objects.filter(revision__isnull=False).values('owner')
    apps.get_model('accounts', 'Team').objects.filter(pk__in=owners).update(offers_to_all=True)


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0001_initial'),
        ('accounts', '0005_team_offers_to_all'),
    ]

    operations = [migrations.RunPython(offer, migrations.RunPython.noop)]
