"""The console's own table: what the checks of the installation found. Times are microseconds since 1970."""

from __future__ import annotations

from django.db import models


class CheckupRow(models.Model):
    """One run of all checks; `findings` is JSON, and grows while it runs."""

    started_us = models.BigIntegerField()
    ended_us = models.BigIntegerField(null=True)
    findings = models.TextField()

    class Meta:
        db_table = "console_checkup"

    def __str__(self) -> str:
        return str(self.pk)
