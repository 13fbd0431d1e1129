"""Each change of evidence knows its transaction: readers take only those of transactions that are over."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("schools", "0003_not_duplicate")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE schools_evidencechange ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id()",
            "ALTER TABLE schools_evidencechange DROP COLUMN xact",
        ),
    ]
