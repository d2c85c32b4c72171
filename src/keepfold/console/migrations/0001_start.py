from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CheckupRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_us", models.BigIntegerField()),
                ("ended_us", models.BigIntegerField(null=True)),
                ("findings", models.TextField()),
            ],
            options={
                "db_table": "console_checkup",
            },
        ),
    ]
