"""A schema of its own for the tables in which imports are staged."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("hstw", "0002_stored_file")]

    operations = [
        migrations.RunSQL("CREATE SCHEMA IF NOT EXISTS staging", "DROP SCHEMA IF EXISTS staging CASCADE"),
    ]
