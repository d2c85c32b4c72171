"""Tables of imports: one row per run with the position up to which rows are in, and who was refused for what reason.

No value of any row is kept, nor its hash: a run is found again by a keyed hash of what it was asked to do.
"""

from __future__ import annotations

from django.db import models


class Run(models.Model):
    """One import of one source by one mapping under one policy. `position_*` move in the transaction that seals."""

    id = models.BinaryField(max_length=16, primary_key=True)
    terms = models.BinaryField(max_length=32)
    source = models.CharField(max_length=200)
    policy_hash = models.BinaryField(max_length=32)
    position_row = models.BigIntegerField(default=0)
    position_key = models.BigIntegerField(null=True)
    sealed = models.BigIntegerField(default=0)
    partial = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    started_us = models.BigIntegerField()
    changed_us = models.BigIntegerField()
    finished_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "intake_run"
        indexes = [models.Index(fields=["terms"], name="intake_run_terms")]
        constraints = [
            # Two processes with the same request must not open two runs.
            models.UniqueConstraint(
                fields=["terms"], condition=models.Q(finished_us__isnull=True), name="intake_run_open_once"
            ),
        ]


class Reject(models.Model):
    """One reason why a row, or a field of it, was refused: never the value."""

    id = models.BigAutoField(primary_key=True)
    run = models.BinaryField(max_length=16)
    row = models.BigIntegerField()
    field = models.CharField(max_length=100)
    code = models.CharField(max_length=100)
    message = models.CharField(max_length=500)

    class Meta:
        db_table = "intake_reject"
        indexes = [models.Index(fields=["run", "row"], name="intake_reject_run_row")]
