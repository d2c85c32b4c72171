"""The tables of policies: versions, the active one, the registry of numbers, approvals."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Active",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("version", models.CharField(max_length=64)),
                ("activated_us", models.BigIntegerField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "policy_active",
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "version", "actor", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.CharField(max_length=64)),
                ("actor", models.BinaryField(max_length=16)),
                ("at_us", models.BigIntegerField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "policy_approval",
            },
        ),
        migrations.CreateModel(
            name="Registry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind", "name", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("name", models.CharField(max_length=90)),
                ("number", models.IntegerField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "policy_registry",
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("version", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("policy_id", models.CharField(max_length=60)),
                ("form", models.TextField()),
                ("source", models.TextField()),
                ("effective_from", models.CharField(max_length=10)),
                ("submitted_us", models.BigIntegerField()),
                ("submitted_by", models.BinaryField(max_length=16)),
            ],
            options={
                "db_table": "policy_version",
            },
        ),
    ]
