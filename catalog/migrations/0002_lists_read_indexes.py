import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('catalog', '0001_initial'),
        ('contracts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='instance',
            name='catalog_ins_namespa_8d92aa_idx',
        ),
        migrations.RemoveIndex(
            model_name='instance',
            name='catalog_ins_team_id_bc7527_idx',
        ),
        migrations.RemoveIndex(
            model_name='instance',
            name='catalog_ins_state_b8e661_idx',
        ),
        migrations.RemoveIndex(
            model_name='instance',
            name='catalog_ins_name_95798c_idx',
        ),
        migrations.AlterField(
            model_name='instance',
            name='contract',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='instances', to='contracts.contract'),
        ),
        migrations.AlterField(
            model_name='instance',
            name='destination',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='instances', to='catalog.destination'),
        ),
        migrations.AlterField(
            model_name='instance',
            name='team',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='instances', to='accounts.team'),
        ),
        migrations.AddIndex(
            model_name='instance',
            index=models.Index(fields=['name', 'id', 'namespace'], name='instance_by_name'),
        ),
        migrations.AddIndex(
            model_name='instance',
            index=models.Index(fields=['state', 'name', 'id', 'namespace'], name='instance_by_state'),
        ),
        migrations.AddIndex(
            model_name='instance',
            index=models.Index(fields=['team', 'name', 'id', 'namespace', 'state'], name='instance_by_team'),
        ),
        migrations.AddIndex(
            model_name='instance',
            index=models.Index(fields=['namespace', 'name', 'id', 'state'], name='instance_by_namespace'),
        ),
    ]
