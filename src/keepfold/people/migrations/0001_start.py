import django.db.models.deletion
from django.db import migrations, models

import keepfold.people.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Staff",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "id",
                    models.UUIDField(
                        default=keepfold.people.models.new_staff_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.CharField(max_length=254, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("is_active", models.BooleanField(default=True)),
                ("added_at", models.DateTimeField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "people_staff",
            },
        ),
        migrations.CreateModel(
            name="Client",
            fields=[
                ("id", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
                ("actions", models.TextField()),
                ("purposes", models.TextField()),
                ("rate", models.IntegerField()),
                ("created_by", models.BinaryField(max_length=16)),
                ("created_s", models.BigIntegerField()),
                ("expires_s", models.BigIntegerField(null=True)),
                ("revoked_s", models.BigIntegerField(null=True)),
                ("last_used_s", models.BigIntegerField(null=True)),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "people_client",
            },
        ),
        migrations.CreateModel(
            name="RoleOverride",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("label", models.TextField()),
                ("actions", models.TextField()),
                ("purposes", models.TextField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "people_role",
            },
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                ("kid", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("digest", models.BinaryField(max_length=32)),
                ("created_s", models.BigIntegerField()),
                ("ends_s", models.BigIntegerField(null=True)),
                ("mac", models.BinaryField(max_length=32)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tokens", to="people.client"
                    ),
                ),
            ],
            options={
                "db_table": "people_token",
            },
        ),
        migrations.CreateModel(
            name="StaffRole",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=40)),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="roles", to="people.staff"
                    ),
                ),
            ],
            options={
                "db_table": "people_staff_role",
                "constraints": [models.UniqueConstraint(fields=("staff", "role"), name="people_staff_role_once")],
            },
        ),
    ]
