"""Separates portal roles from team roles.

Superusers become portal admins. All other users keep only the roles in their teams; those who administered the
portal through a team do so no longer.
"""

from django.db import migrations, models

import portal.accounts.models


def separate(apps, schema_editor):
    apps.get_model('accounts', 'User').objects.filter(is_superuser=True).update(portal_role='admin')
    apps.get_model('accounts', 'Membership').objects.filter(role='administrator').update(role='team-admin')


def join(apps, schema_editor):
    apps.get_model('accounts', 'Membership').objects.filter(role='team-admin').update(role='administrator')


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_portal_administrator_label'),
    ]

    operations = [
        migrations.AlterModelManagers(
            name='user',
            managers=[('objects', portal.accounts.models.UserManager())],
        ),
        migrations.AddField(
            model_name='user',
            name='portal_role',
            field=models.CharField(blank=True, choices=[('', 'None'), ('engineer', 'Platform engineer'), ('admin', 'Portal admin')], default='', max_length=20),
        ),
        migrations.AlterField(
            model_name='membership',
            name='role',
            field=models.CharField(choices=[('viewer', 'Viewer'), ('developer', 'Developer'), ('engineer', 'Engineer'), ('team-admin', 'Team admin')], default='developer', max_length=20),
        ),
        migrations.RunPython(separate, join),
    ]
