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
    actor = models.BinaryField(null=True)

    class Meta:
        db_table = "ledger_pending"
        indexes = [models.Index(fields=["log", "at_us", "ref"], name="ledger_pending_order")]


class Entry(models.Model):
    """An entry at its index. `actor` says what an actor did in one hour (`tags.actor_hour`); null for customers."""

    pk = models.CompositePrimaryKey("log", "idx")
    log = models.IntegerField()
    idx = models.BigIntegerField()
    ref = models.BinaryField(unique=True)
    body = models.BinaryField()
    mac = models.BinaryField()
    actor = models.BinaryField(null=True)

    class Meta:
        db_table = "ledger_entry"


class Index(models.Model):
    """Finds the entries of one class, or of one actor in one hour: a run of up to 256 indexes (`classes.Run`).

    `number` is a class from 0 on and an actor's hour below 0. Runs of one number follow each other. Made from
    the entries, and made anew from them at any time.
    """

    pk = models.CompositePrimaryKey("log", "number", "low")
    log = models.IntegerField()
    number = models.BigIntegerField()
    low = models.BigIntegerField()
    entries = models.SmallIntegerField()
    packed = models.BinaryField()

    class Meta:
        db_table = "ledger_index"


class Tally(models.Model):
    """How many entries of one class an hour, a day or all time has, and the first and the last index of these.

    `span` is the length in hours: 1, 24, 720, or 0 for all time; `hour` is the first one, since the epoch (0 for all
    time). Hours and days also have totals of all classes (`classes.ALL_ALLOWED`, `ALL_REFUSED`).
    Made from the entries like `Index`.
    """

    pk = models.CompositePrimaryKey("log", "span", "hour", "number")
    log = models.IntegerField()
    span = models.SmallIntegerField()
    hour = models.BigIntegerField()
    number = models.BigIntegerField()
    entries = models.BigIntegerField()
    low = models.BigIntegerField()
    high = models.BigIntegerField()

    class Meta:
        db_table = "ledger_tally"


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


class Verification(models.Model):
    """One verification that somebody asked for: how far it is, or what it found (`report`, JSON). Keeps no names.

    `state`: 0 waits, 1 runs, 2 ended, 3 stopped by somebody, 4 failed. `stage`, `done` and `total` say how far it is.
    """

    id = models.BinaryField(primary_key=True)
    log = models.IntegerField()
    state = models.SmallIntegerField()
    asked_us = models.BigIntegerField()
    began_us = models.BigIntegerField(null=True)
    seen_us = models.BigIntegerField(null=True)
    ended_us = models.BigIntegerField(null=True)
    stop = models.BooleanField(default=False)
    stage = models.CharField(max_length=10, default="")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    report = models.TextField(default="")
    mac = models.BinaryField(null=True)

    class Meta:
        db_table = "ledger_verification"
        indexes = [models.Index(fields=["log", "asked_us"], name="ledger_verification_asked")]
