"""Tables of the ledger. Written by `store`, never through these classes; every row carries the number of its log.

An entry's id (16 bytes, made by the gate) is called `ref` here. Which columns `verify` vouches for is said there;
`lease_owner`, `lease_until_us`, `beat_us`, `halted` and `unsigned` of `ledger_log` are for operation only.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Log(models.Model):
    """One log: how far it goes, its frontier (`tree.Frontier`), and who sequences it at the moment."""

    log = models.IntegerField(primary_key=True)
    origin = models.CharField(max_length=255)
    size = models.BigIntegerField()
    frontier = models.BinaryField()
    checkpoints = models.IntegerField()
    mac = models.BinaryField()
    lease_owner = models.BinaryField(null=True)
    lease_until_us = models.BigIntegerField(default=0)
    beat_us = models.BigIntegerField(default=0)
    halted = models.CharField(max_length=500, null=True)  # noqa: DJ001  null: it sequences
    unsigned = models.CharField(max_length=500, null=True)  # noqa: DJ001  null: it signs

    class Meta:
        db_table = "ledger_log"


class Pending(models.Model):
    """An entry that is durable and waits for its index."""

    ref = models.BinaryField(primary_key=True)
    log = models.IntegerField()
    at_us = models.BigIntegerField()
    body = models.BinaryField()
    mac = models.BinaryField()

    class Meta:
        db_table = "ledger_pending"
        indexes = [models.Index(fields=["log", "at_us", "ref"], name="ledger_pending_order")]


class Entry(models.Model):
    """An entry at its index."""

    pk = models.CompositePrimaryKey("log", "idx")
    log = models.IntegerField()
    idx = models.BigIntegerField()
    ref = models.BinaryField(unique=True)
    body = models.BinaryField()
    mac = models.BinaryField()

    class Meta:
        db_table = "ledger_entry"


class Tile(models.Model):
    """Up to 256 hashes in a row (`tiles`)."""

    pk = models.CompositePrimaryKey("log", "level", "n")
    log = models.IntegerField()
    level = models.SmallIntegerField()
    n = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        db_table = "ledger_tile"


class Checkpoint(models.Model):
    """A signed checkpoint; one for each size that was signed, numbered from 0."""

    pk = models.CompositePrimaryKey("log", "n")
    log = models.IntegerField()
    n = models.IntegerField()
    size = models.BigIntegerField()
    at_us = models.BigIntegerField()
    note = models.TextField()
    mac = models.BinaryField()

    class Meta:
        db_table = "ledger_checkpoint"
        constraints = [models.UniqueConstraint(fields=["log", "size"], name="ledger_one_checkpoint_per_size")]


class Detail(models.Model):
    """The sealed details of an entry (`sealing`)."""

    ref = models.BinaryField(primary_key=True)
    log = models.IntegerField()
    frame = models.BinaryField()

    class Meta:
        db_table = "ledger_detail"


class Members(models.Model):
    """The tags of everybody whom a batch entry concerns, 32 bytes each, in the order of its root."""

    ref = models.BinaryField(primary_key=True)
    log = models.IntegerField()
    tags = models.BinaryField()

    class Meta:
        db_table = "ledger_members"


class Tag(models.Model):
    """Finds the entry of a tag (its first 16 bytes); `position` is the place among the members of a batch, or 0."""

    tag = models.BinaryField(primary_key=True)
    log = models.IntegerField()
    ref = models.BinaryField()
    position = models.IntegerField()

    class Meta:
        db_table = "ledger_tag"


class Subject(models.Model):
    """How many tags a living person has. `closing` is set from the erasure until the keys are gone."""

    pk = models.CompositePrimaryKey("log", "subject")
    log = models.IntegerField()
    subject = models.BinaryField()
    next = models.BigIntegerField()
    closing = models.BinaryField(null=True)

    class Meta:
        db_table = "ledger_subject"
        indexes = [
            models.Index(fields=["log"], condition=Q(closing__isnull=False), name="ledger_subject_closing"),
        ]


class Closed(models.Model):
    """How many tags one erased person left behind. Nothing says whose they were."""

    id = models.BinaryField(primary_key=True)
    log = models.IntegerField()
    tags = models.BigIntegerField()
    mac = models.BinaryField()

    class Meta:
        db_table = "ledger_closed"
