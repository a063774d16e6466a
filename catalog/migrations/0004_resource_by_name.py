from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0003_whole_resources'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='instanceresource',
            index=models.Index(fields=['name'], name='resource_by_name'),
        ),
    ]
