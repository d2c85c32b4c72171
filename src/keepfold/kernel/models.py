"""Tables of the kernel. Times are integers: `_us` microseconds since 1970 UTC, so that both databases compare alike."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Table(models.Model):
    """Base of all tables: what is shown of a row is its kind and key, never its contents."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class Mark(Table):
    """One row: the highest time that this installation has durably seen."""

    id = models.SmallIntegerField(primary_key=True)
    high_us = models.BigIntegerField()

    class Meta:
        db_table = "kernel_mark"


class Epoch(Table):
    """Named counters; a reader that sees a new value drops what it has cached."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.BigIntegerField()

    class Meta:
        db_table = "kernel_epoch"


class Event(Table):
    """What happened, written in the transaction that made it happen. `seq` gives the order per person."""

    seq = models.BigAutoField(primary_key=True)
    event_id = models.BinaryField(max_length=16, unique=True)
    kind = models.CharField(max_length=128)
    subject = models.BinaryField(max_length=16, null=True)
    payload = models.BinaryField()
    created_us = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "kernel_event"


class Delivery(Table):
    """One event on its way to one handler. `state`: 0 open, 1 done, 2 dead letter."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, db_column="seq", db_constraint=True)
    handler = models.CharField(max_length=128)
    subject = models.BinaryField(max_length=16, null=True)
    state = models.SmallIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    due_us = models.BigIntegerField()
    lease_us = models.BigIntegerField(default=0)
    error = models.CharField(max_length=500, default="")

    class Meta:
        db_table = "kernel_delivery"
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="kernel_delivery_once")]
        indexes = [
            models.Index(fields=["due_us"], condition=Q(state=0), name="kernel_delivery_open"),
            models.Index(fields=["handler", "subject", "event"], condition=Q(state=0), name="kernel_delivery_person"),
            models.Index(fields=["id"], condition=Q(state=0), name="kernel_delivery_newest"),
            models.Index(fields=["id"], condition=Q(state=2), name="kernel_delivery_dead"),
            models.Index(fields=["id"], condition=Q(state=0, attempts__gt=0), name="kernel_delivery_failing"),
        ]


class Job(Table):
    """Work to be done later. `state`: 0 open, 1 done, 2 dead letter. `lease_us`: 0 free, else held until then."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=128)
    payload = models.TextField(default="{}")
    # NULL, not '': many jobs have no key, and '' could be there only once.
    key = models.CharField(max_length=200, null=True, unique=True)  # noqa: DJ001
    state = models.SmallIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    run_us = models.BigIntegerField()
    lease_us = models.BigIntegerField(default=0)
    holder = models.BinaryField(max_length=16, null=True)
    error = models.CharField(max_length=500, default="")
    created_us = models.BigIntegerField()
    ended_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "kernel_job"
        indexes = [
            models.Index(fields=["run_us", "id"], condition=Q(state=0), name="kernel_job_open"),
            models.Index(fields=["kind"], condition=Q(state=0), name="kernel_job_kind"),
            models.Index(fields=["state", "ended_us"], condition=Q(state__gt=0), name="kernel_job_ended"),
            models.Index(fields=["kind", "id"], condition=Q(state__gt=0), name="kernel_job_last"),
            models.Index(fields=["kind", "run_us", "id"], condition=Q(state=0), name="kernel_job_kind_due"),
            models.Index(fields=["lease_us"], condition=Q(state=0, lease_us__gt=0), name="kernel_job_leased"),
            models.Index(fields=["run_us", "id"], condition=Q(state=0, attempts__gt=0), name="kernel_job_failing"),
        ]


class Worker(Table):
    """A worker process and when it was last seen. `id`: 16 random bytes of the process."""

    id = models.BinaryField(max_length=16, primary_key=True)
    started_us = models.BigIntegerField()
    seen_us = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "kernel_worker"


class Remembered(Table):
    """An answer kept under an idempotency key, so that a repeated request is answered and not repeated."""

    key_hash = models.BinaryField(max_length=32, primary_key=True)
    actor = models.BinaryField(max_length=16)
    request_hash = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    response = models.BinaryField()
    expires_us = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "kernel_remembered"
