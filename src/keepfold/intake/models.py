"""Tables of imports: one row per run with the position up to which rows are in, and who was refused for what reason.

No value of any row is kept, nor its hash: a run is found again by a keyed hash of what it was asked to do. What an
import that was begun in the console holds of its source (names, samples, the way to a database) is sealed under a key
of its own, and that key goes when the import is over.
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
        indexes = [
            models.Index(fields=["run", "row"], name="intake_reject_run_row"),
            models.Index(fields=["run", "id"], name="intake_reject_run_id"),
        ]


class Import(models.Model):
    """One import begun in the console. `state` and `kind` as in `types.State` and `Source.kind`.

    `wrapped` is the key of the upload and of `draft`; without it both are lost. `words` (what to call the import, and
    why it failed) is sealed too, and stays. `step` grows with each piece of work asked of the worker.
    """

    id = models.BinaryField(max_length=16, primary_key=True)
    owner = models.BinaryField(max_length=16)
    state = models.CharField(max_length=12)
    step = models.IntegerField(default=0)
    kind = models.CharField(max_length=12, default="")
    size = models.BigIntegerField(default=0)
    wrapped = models.BinaryField(max_length=65, null=True)
    draft = models.BinaryField(null=True)
    words = models.BinaryField()
    content = models.BinaryField(max_length=32, null=True)
    run = models.BinaryField(max_length=16, null=True)
    rows_done = models.BigIntegerField(default=0)
    rows_from = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True)
    begun_us = models.BigIntegerField(default=0)
    created_us = models.BigIntegerField()
    changed_us = models.BigIntegerField()
    expires_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "intake_import"
        indexes = [
            models.Index(fields=["created_us", "id"], name="intake_import_created"),
            models.Index(
                fields=["expires_us"], condition=models.Q(expires_us__isnull=False), name="intake_import_expires"
            ),
            models.Index(fields=["content"], condition=models.Q(content__isnull=False), name="intake_import_content"),
            models.Index(
                fields=["changed_us"],
                condition=models.Q(state__in=["reading", "checking", "running"]),
                name="intake_import_working",
            ),
        ]


class SavedMapping(models.Model):
    """A mapping that somebody kept for the next file of its kind; its name and its columns are sealed in `content`."""

    id = models.BinaryField(max_length=16, primary_key=True)
    owner = models.BinaryField(max_length=16)
    content = models.BinaryField()
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "intake_mapping"
        indexes = [models.Index(fields=["owner", "created_us"], name="intake_mapping_owner")]
