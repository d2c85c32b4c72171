from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="State",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "person", "purpose", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person", models.BinaryField(max_length=16)),
                ("purpose", models.IntegerField()),
                ("status", models.SmallIntegerField()),
                ("at_s", models.BigIntegerField()),
                ("expires_s", models.BigIntegerField(null=True)),
                ("event", models.BinaryField(max_length=16)),
                ("pending_s", models.BigIntegerField(null=True)),
                ("number", models.IntegerField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "consent_state",
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("person", models.BinaryField(max_length=16)),
                ("purpose", models.IntegerField()),
                ("said", models.SmallIntegerField()),
                ("at_us", models.BigIntegerField()),
                ("expires_s", models.BigIntegerField(null=True)),
                ("channel", models.CharField(max_length=64)),
                ("form_version", models.CharField(max_length=64)),
                ("staff", models.BinaryField(max_length=16, null=True)),
                ("policy_hash", models.BinaryField(max_length=32)),
                ("entry", models.BinaryField(max_length=16)),
                ("number", models.IntegerField()),
                ("before", models.BinaryField(max_length=32)),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "consent_event",
                "indexes": [models.Index(fields=["person", "purpose", "number"], name="consent_event_person")],
            },
        ),
    ]
