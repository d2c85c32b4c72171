"""Tables of the room. `_us` are microseconds and `_s` seconds since 1970 UTC; purposes are registry numbers."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One thing that was said. Triggers of the database forbid every change and removal (see the migrations)."""

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

    class Meta:
        db_table = "consent_event"
        indexes = [models.Index(fields=["person", "at_us"], name="consent_event_person")]


class State(models.Model):
    """The present state, derived from the events in the same transaction. `status` 0: nothing said that counts yet."""

    pk = models.CompositePrimaryKey("person", "purpose")
    person = models.BinaryField(max_length=16)
    purpose = models.IntegerField()
    status = models.SmallIntegerField()
    at_s = models.BigIntegerField()
    expires_s = models.BigIntegerField(null=True)
    event = models.BinaryField(max_length=16)
    pending_s = models.BigIntegerField(null=True)

    class Meta:
        db_table = "consent_state"
