"""Tables of the room. `_us` are microseconds and `_s` seconds since 1970 UTC; purposes are registry numbers.

A `mac` marks a row as ours (`kernel.rowmac`).
"""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One thing that was said. Triggers of the database forbid every change and removal (see the migrations).

    `number` counts what one person said, from 1; `before` is the mark of the person's event before this one.
    """

    id = models.BinaryField(max_length=16, primary_key=True)
    person = models.BinaryField(max_length=16)
    purpose = models.IntegerField()
    said = models.SmallIntegerField()
    at_us = models.BigIntegerField()
    expires_s = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=64)
    form_version = models.CharField(max_length=64)
    staff = models.BinaryField(max_length=16, null=True)
    policy_hash = models.BinaryField(max_length=32)
    entry = models.BinaryField(max_length=16)
    number = models.IntegerField()
    before = models.BinaryField(max_length=32)
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "consent_event"
        indexes = [
            models.Index(fields=["person", "purpose", "number"], name="consent_event_person"),
            models.Index(fields=["purpose", "id"], name="consent_event_latest"),
        ]


class State(models.Model):
    """The present state, derived from the events in the same transaction. `status` 0: nothing said that counts yet.

    `number` is that of the newest event about this purpose: a state that an older one replaced does not fit it.
    """

    pk = models.CompositePrimaryKey("person", "purpose")
    person = models.BinaryField(max_length=16)
    purpose = models.IntegerField()
    status = models.SmallIntegerField()
    at_s = models.BigIntegerField()
    expires_s = models.BigIntegerField(null=True)
    event = models.BinaryField(max_length=16)
    pending_s = models.BigIntegerField(null=True)
    number = models.IntegerField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "consent_state"
        indexes = [
            models.Index(
                fields=["purpose", "pending_s"],
                name="consent_state_waiting",
                condition=models.Q(pending_s__isnull=False),
            )
        ]


class Count(models.Model):
    """A running count (see `counting`). `kind` 0: people by status; 1: events by what was said. `day` since 1970."""

    pk = models.CompositePrimaryKey("kind", "purpose", "word", "day", "slot")
    kind = models.SmallIntegerField()
    purpose = models.IntegerField()
    word = models.SmallIntegerField()
    day = models.IntegerField()
    slot = models.SmallIntegerField()
    number = models.BigIntegerField()

    class Meta:
        db_table = "consent_count"
