"""Drafts with their revisions and what happened to them, and each time a version came into force."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("policy", "0002_places")]
    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=120)),
                ("base", models.CharField(max_length=64)),
                ("state", models.SmallIntegerField()),
                ("revision", models.IntegerField()),
                ("version", models.CharField(max_length=64)),
                ("events", models.IntegerField()),
                ("chain", models.BinaryField(max_length=32)),
                ("created_by", models.BinaryField(max_length=16)),
                ("created_us", models.BigIntegerField()),
                ("changed_us", models.BigIntegerField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "policy_draft",
                "indexes": [models.Index(fields=["state", "changed_us"], name="policy_draft_state")],
            },
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "draft", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("draft", models.BinaryField(max_length=16)),
                ("number", models.IntegerField()),
                ("before", models.IntegerField()),
                ("text", models.TextField()),
                ("author", models.BinaryField(max_length=16)),
                ("at_us", models.BigIntegerField()),
                ("how", models.CharField(max_length=12)),
                ("part", models.CharField(max_length=90)),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={"db_table": "policy_draft_revision"},
        ),
        migrations.CreateModel(
            name="DraftEvent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "draft", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("draft", models.BinaryField(max_length=16)),
                ("number", models.IntegerField()),
                ("kind", models.SmallIntegerField()),
                ("person", models.BinaryField(max_length=16)),
                ("at_us", models.BigIntegerField()),
                ("revision", models.IntegerField()),
                ("version", models.CharField(max_length=64)),
                ("in_force", models.CharField(max_length=64)),
                ("in_force_us", models.BigIntegerField()),
                ("day", models.CharField(max_length=10)),
                ("comment", models.TextField()),
                ("before", models.BinaryField(max_length=32)),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "policy_draft_event",
                "indexes": [models.Index(fields=["version"], name="policy_draft_event_version")],
            },
        ),
        migrations.CreateModel(
            name="Activation",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("version", models.CharField(max_length=64)),
                ("previous", models.CharField(max_length=64)),
                ("at_us", models.BigIntegerField()),
                ("people", models.BinaryField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "policy_activation",
                "indexes": [models.Index(fields=["version"], name="policy_activation_version")],
            },
        ),
    ]
