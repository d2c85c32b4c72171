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
