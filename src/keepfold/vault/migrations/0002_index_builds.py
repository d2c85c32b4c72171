"""How far each index of the policy in force has everybody."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_start")]
    operations = [
        migrations.CreateModel(
            name="IndexBuild",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("is_unique", models.SmallIntegerField()),
                ("reached", models.BinaryField(max_length=16, null=True)),
                ("done", models.BigIntegerField()),
                ("total", models.BigIntegerField()),
            ],
            options={"db_table": "vault_index_build"},
        ),
    ]
