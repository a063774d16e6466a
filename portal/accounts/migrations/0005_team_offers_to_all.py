from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_portal_roles'),
    ]

    operations = [
        migrations.AddField(
            model_name='team',
            name='offers_to_all',
            field=models.BooleanField(default=False),
        ),
    ]
