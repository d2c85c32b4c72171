"""Where held values of each data item may lie, so that no later version loses sight of them."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("policy", "0001_start")]
    operations = [
        migrations.CreateModel(
            name="Place",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("compartment", models.IntegerField()),
                ("type", models.TextField()),
            ],
            options={"db_table": "policy_place"},
        ),
    ]
