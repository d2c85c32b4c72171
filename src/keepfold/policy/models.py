"""Tables of the room. A version is the SHA-256 of the canonical form in hexadecimal; `_us` are microseconds, UTC.

A `mac` marks a row as ours (`kernel.rowmac`); a version needs none, since it is the hash of its text.
"""

from __future__ import annotations

from django.db import models


class Version(models.Model):
    """One policy as it was submitted. Rows are never changed or removed: past decisions refer to them."""

    version = models.CharField(max_length=64, primary_key=True)
    policy_id = models.CharField(max_length=60)
    form = models.TextField()
    source = models.TextField()
    effective_from = models.CharField(max_length=10)
    submitted_us = models.BigIntegerField()
    submitted_by = models.BinaryField(max_length=16)

    class Meta:
        db_table = "policy_version"


class Active(models.Model):
    """The one row that says which version decides now."""

    id = models.SmallIntegerField(primary_key=True)
    version = models.CharField(max_length=64)
    activated_us = models.BigIntegerField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "policy_active"


class Registry(models.Model):
    """The number of every name ever used, by kind. Append-only; two names share a number after a rename."""

    pk = models.CompositePrimaryKey("kind", "name")
    kind = models.CharField(max_length=12)
    name = models.CharField(max_length=90)
    number = models.IntegerField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "policy_registry"


class Approval(models.Model):
    """One person's yes to the activation of a version; `actor` is the person, never a client that stands for them."""

    pk = models.CompositePrimaryKey("version", "actor")
    version = models.CharField(max_length=64)
    actor = models.BinaryField(max_length=16)
    at_us = models.BigIntegerField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "policy_approval"


class Place(models.Model):
    """Where held values of a data item may lie, and of which type they are; see `places`."""

    number = models.IntegerField(primary_key=True)
    compartment = models.IntegerField()
    type = models.TextField()

    class Meta:
        db_table = "policy_place"


class Draft(models.Model):
    """One policy in the making. `state` is one of `drafting.rows.STATES`, `revision` the number of the newest text.

    `events` counts what happened to it and `chain` is the mark of the last of that, so that none can be left out
    without this row. `version` is the hash of the text that is in review or was approved; empty otherwise.
    """

    id = models.BinaryField(max_length=16, primary_key=True)
    title = models.CharField(max_length=120)
    base = models.CharField(max_length=64)
    state = models.SmallIntegerField()
    revision = models.IntegerField()
    version = models.CharField(max_length=64)
    events = models.IntegerField()
    chain = models.BinaryField(max_length=32)
    created_by = models.BinaryField(max_length=16)
    created_us = models.BigIntegerField()
    changed_us = models.BigIntegerField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "policy_draft"
        indexes = [models.Index(fields=["state", "changed_us"], name="policy_draft_state")]


class Revision(models.Model):
    """One text of a draft. Rows are never changed; `before` is the revision whose text this one changed, 0 for none.

    `author` is the person, never a client that stands for them. The mark covers the SHA-256 of the text.
    """

    pk = models.CompositePrimaryKey("draft", "number")
    draft = models.BinaryField(max_length=16)
    number = models.IntegerField()
    before = models.IntegerField()
    text = models.TextField()
    author = models.BinaryField(max_length=16)
    at_us = models.BigIntegerField()
    how = models.CharField(max_length=12)
    part = models.CharField(max_length=90)
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "policy_draft_revision"


class DraftEvent(models.Model):
    """Something that happened to a draft: sent, approved, sent back, told, activated. Rows are never changed.

    It is bound to a revision, to the hash of its policy, to the activation in force then, and to the event before it.
    """

    pk = models.CompositePrimaryKey("draft", "number")
    draft = models.BinaryField(max_length=16)
    number = models.IntegerField()
    kind = models.SmallIntegerField()
    person = models.BinaryField(max_length=16)
    at_us = models.BigIntegerField()
    revision = models.IntegerField()
    version = models.CharField(max_length=64)
    in_force = models.CharField(max_length=64)
    in_force_us = models.BigIntegerField()
    day = models.CharField(max_length=10)
    comment = models.TextField()
    before = models.BinaryField(max_length=32)
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "policy_draft_event"
        indexes = [models.Index(fields=["version"], name="policy_draft_event_version")]


class Activation(models.Model):
    """Each time a version came into force, by whose yes. `people` are ids of 16 bytes each, one after the other."""

    number = models.IntegerField(primary_key=True)
    version = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    at_us = models.BigIntegerField()
    people = models.BinaryField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "policy_activation"
        indexes = [models.Index(fields=["version"], name="policy_activation_version")]
