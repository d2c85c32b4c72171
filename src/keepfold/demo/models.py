"""Tables of the demonstration: how far it was loaded, and who is made up."""

from __future__ import annotations

from django.db import models


class Mark(models.Model):
    """One row: the seed, the day, how many people are wanted and how many are in; `read` once the past was read."""

    id = models.SmallIntegerField(primary_key=True)
    seed = models.BigIntegerField()
    day = models.CharField(max_length=10)
    wanted = models.IntegerField()
    loaded = models.IntegerField()
    read = models.BooleanField()

    class Meta:
        db_table = "demo_mark"


class Person(models.Model):
    """A made-up person. Whoever is not listed here is never removed by a reset."""

    person = models.BinaryField(max_length=16, primary_key=True)
    number = models.IntegerField()

    class Meta:
        db_table = "demo_person"
        indexes = [models.Index(fields=["number"], name="demo_person_number")]
