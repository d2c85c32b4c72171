"""Tables of the vault. Rows of people's data live in `default`, keys in `keys`; the two stores are backed up apart.

Ids are 16 bytes (UUIDv7, so rows arrive in order), `_us` are microseconds since 1970 UTC. The tables are made by hand
in the first migration (`WITHOUT ROWID` on SQLite); all access is in `store.py` and `keys/store.py`.
"""

from __future__ import annotations

from django.db import models


class Home(models.Model):
    """One row: which installation these data belong to, so that keys of another one are noticed at once."""

    id = models.SmallIntegerField(primary_key=True)
    tenant = models.BinaryField(max_length=16)

    class Meta:
        db_table = "vault_home"


class Person(models.Model):
    """A living person. `tags` repeats the person's index rows, `slot(8) | tag(8)`, so that exactly they can go."""

    id = models.BinaryField(max_length=16, primary_key=True)
    created_us = models.BigIntegerField()
    changed_us = models.BigIntegerField()
    tags = models.BinaryField()

    class Meta:
        db_table = "vault_person"


class Record(models.Model):
    """Sealed data of one person in one compartment; `sealed` is a sequence of segments (see `frames`)."""

    pk = models.CompositePrimaryKey("person", "compartment")
    person = models.BinaryField(max_length=16)
    compartment = models.IntegerField()
    sealed = models.BinaryField()

    class Meta:
        db_table = "vault_record"


class IndexRow(models.Model):
    """Exact blind index. `slot` = index number * 256 + version of its key; `tag` = 8 bytes of HMAC-SHA256."""

    pk = models.CompositePrimaryKey("slot", "tag", "person")
    slot = models.BigIntegerField()
    tag = models.BinaryField(max_length=8)
    person = models.BinaryField(max_length=16)

    class Meta:
        db_table = "vault_index"


class Identity(models.Model):
    """The same for values that only one person may have."""

    pk = models.CompositePrimaryKey("slot", "tag")
    slot = models.BigIntegerField()
    tag = models.BinaryField(max_length=8)
    person = models.BinaryField(max_length=16)

    class Meta:
        db_table = "vault_identity"


class Count(models.Model):
    """How many people there are, counted as they come and go. Spread over a few rows, of which only the sum counts."""

    slot = models.SmallIntegerField(primary_key=True)
    people = models.BigIntegerField()

    class Meta:
        db_table = "vault_count"


class IndexBuild(models.Model):
    """An index of the policy in force. `reached`: the last person looked at while it is built, NULL when complete."""

    number = models.IntegerField(primary_key=True)
    is_unique = models.SmallIntegerField()
    reached = models.BinaryField(max_length=16, null=True)
    done = models.BigIntegerField()
    total = models.BigIntegerField()

    class Meta:
        db_table = "vault_index_build"


class Tombstone(models.Model):
    """An erasure. `mark` = HMAC of the person's id; `person` stays only until the keys are destroyed."""

    mark = models.BinaryField(max_length=16, primary_key=True)
    person = models.BinaryField(max_length=16, null=True)
    erased_us = models.BigIntegerField()
    destroyed_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "vault_tombstone"
        indexes = [
            models.Index(fields=["person"], name="vault_tombstone_open", condition=models.Q(person__isnull=False))
        ]


class Keyring(models.Model):
    """One row: whose keys these are, and how the root key is obtained. `root_id` recognises the right root key."""

    keepfold_database = "keys"

    id = models.SmallIntegerField(primary_key=True)
    tenant = models.BinaryField(max_length=16)
    root_kind = models.CharField(max_length=16)
    root_id = models.BinaryField(max_length=16)
    salt = models.BinaryField(max_length=16)
    lanes = models.IntegerField()
    memory_kib = models.IntegerField()
    passes = models.IntegerField()
    shards = models.IntegerField()
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "vault_keyring"


class NamedKey(models.Model):
    """Tenant keys and side keys, by name and version, wrapped: `tenant` by the root, all others by the tenant key."""

    keepfold_database = "keys"

    pk = models.CompositePrimaryKey("name", "version")
    name = models.CharField(max_length=100)
    version = models.IntegerField()
    wrapped = models.BinaryField(max_length=65)
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "vault_named_key"


class ShardKey(models.Model):
    """Shard keys: per compartment, shard and version, wrapped by the tenant key. `wraps` bounds from above its uses."""

    keepfold_database = "keys"

    pk = models.CompositePrimaryKey("compartment", "shard", "version")
    compartment = models.IntegerField()
    shard = models.IntegerField()
    version = models.IntegerField()
    wrapped = models.BinaryField(max_length=65)
    wraps = models.BigIntegerField()
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "vault_shard_key"


class PersonKey(models.Model):
    """Keys of people, one per compartment (0: the ledger's), wrapped by a shard key. The unit of erasure."""

    keepfold_database = "keys"

    pk = models.CompositePrimaryKey("person", "compartment", "generation")
    person = models.BinaryField(max_length=16)
    compartment = models.IntegerField()
    generation = models.SmallIntegerField()
    shard = models.IntegerField()
    wrapped = models.BinaryField(max_length=65)

    class Meta:
        db_table = "vault_person_key"


class ActorKey(models.Model):
    """Ledger keys of staff and clients, wrapped by the tenant key."""

    keepfold_database = "keys"

    actor = models.BinaryField(max_length=16, primary_key=True)
    wrapped = models.BinaryField(max_length=65)

    class Meta:
        db_table = "vault_actor_key"


class Shredded(models.Model):
    """An erasure whose keys are destroyed; beside the keys, so that restored old data is noticed and erased again."""

    keepfold_database = "keys"

    mark = models.BinaryField(max_length=16, primary_key=True)
    destroyed_us = models.BigIntegerField()

    class Meta:
        db_table = "vault_shredded"
