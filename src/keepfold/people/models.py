"""Tables of the room. Times in `_s` columns are whole seconds since 1970 (UTC); lists of names are split by spaces.

A `mac` marks a row as ours (`kernel.rowmac`); the one of a member of staff covers the roles held as well.

No JSON columns: their check calls a function, which SQLite refuses while it does not trust the schema of a file.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.module_loading import import_string

from keepfold.kernel import ids


def new_staff_id() -> UUID:
    """Return a time-ordered id (UUIDv7)."""
    return UUID(bytes=ids.uuid7())


class StaffManager(BaseUserManager["Staff"]):
    """Finds staff the way Django's sign-in needs it."""

    def get_by_natural_key(self, username: str | None) -> Staff:
        """Return a member of staff by e-mail address, whatever its case."""
        return self.get(email=(username or "").lower())


class Staff(AbstractBaseUser):
    """A member of staff; Django's user model. The e-mail address is kept in lower case.

    `first_s` is the first sign-in, `password_s` when the password was set, `devices_s` since when devices count as
    known, `factors` what is set up beside the password, such as `recovery_codes totp webauthn:2`.
    """

    id = models.UUIDField(primary_key=True, default=new_staff_id, editable=False)
    email = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    added_at = models.DateTimeField()
    first_s = models.BigIntegerField(null=True)
    password_s = models.BigIntegerField(null=True)
    devices_s = models.BigIntegerField(null=True)
    factors = models.CharField(max_length=80, default="")
    mac = models.BinaryField(max_length=32)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = StaffManager()

    class Meta:
        db_table = "people_staff"

    def __str__(self) -> str:
        return ids.show("stf", self.id.bytes)


class StaffRole(models.Model):
    """One role of one member of staff."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(max_length=40)

    class Meta:
        db_table = "people_staff_role"
        constraints = [models.UniqueConstraint(fields=["staff", "role"], name="people_staff_role_once")]

    def __str__(self) -> str:
        return self.role


class RoleOverride(models.Model):
    """What this installation says a role grants, instead of what the pack says; or a role of its own."""

    name = models.CharField(max_length=40, primary_key=True)
    label = models.TextField()
    actions = models.TextField()
    purposes = models.TextField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "people_role"

    def __str__(self) -> str:
        return self.name


class Client(models.Model):
    """An API client: a program that acts within the grants it was given."""

    id = models.BinaryField(max_length=16, primary_key=True)
    name = models.CharField(max_length=80)
    actions = models.TextField()
    purposes = models.TextField()
    rate = models.IntegerField()
    created_by = models.BinaryField(max_length=16)
    created_s = models.BigIntegerField()
    expires_s = models.BigIntegerField(null=True)
    revoked_s = models.BigIntegerField(null=True)
    last_used_s = models.BigIntegerField(null=True)
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "people_client"

    def __str__(self) -> str:
        return ids.show("cli", bytes(self.id))


class Token(models.Model):
    """A token of a client: its public part and the SHA-256 of its secret. Rotation leaves the old one an end."""

    kid = models.CharField(max_length=16, primary_key=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="tokens")
    digest = models.BinaryField(max_length=32)
    created_s = models.BigIntegerField()
    ends_s = models.BigIntegerField(null=True)
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "people_token"

    def __str__(self) -> str:
        return self.kid


class Session(AbstractBaseSession):
    """One browser. `session_key` is the SHA-256 (hex) of what its cookie holds; `session_data` is sealed."""

    session_key = models.CharField(max_length=64, primary_key=True)
    session_data = models.BinaryField()  # type: ignore[assignment]  # sealed bytes instead of text
    staff = models.UUIDField(null=True, db_index=True)
    created_s = models.BigIntegerField()
    seen_s = models.BigIntegerField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "people_session"

    def __str__(self) -> str:
        return self.session_key[:8]

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """Return the engine that reads and writes these rows."""
        # By name: the engine imports this module.
        engine: type[SessionBase] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
        return engine


class Link(models.Model):
    """A link that works once: the SHA-256 of its secret, for whom, until when, whether it removes second factors."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    staff = models.UUIDField(db_index=True)
    created_s = models.BigIntegerField()
    expires_s = models.BigIntegerField()
    used_s = models.BigIntegerField(null=True)
    clears = models.BooleanField(default=False)
    mac = models.BinaryField(max_length=32)

    class Meta:
        db_table = "people_link"

    def __str__(self) -> str:
        return ids.show("stf", self.staff.bytes)


class Attempt(models.Model):
    """How often in a row signing in failed. `key` is a keyed hash of what was tried, `known` whether that exists."""

    key = models.BinaryField(max_length=16, primary_key=True)
    failures = models.IntegerField()
    last_s = models.BigIntegerField()
    known = models.BooleanField()

    class Meta:
        db_table = "people_attempt"

    def __str__(self) -> str:
        return str(self.failures)


class Preference(models.Model):
    """How somebody wants the console to look; empty: as the browser says. `tour_step`: 0 before it."""

    staff = models.UUIDField(primary_key=True)
    theme = models.CharField(max_length=8, default="")
    density = models.CharField(max_length=12, default="")
    language = models.CharField(max_length=8, default="")
    tour_step = models.SmallIntegerField(default=0)

    class Meta:
        db_table = "people_preference"

    def __str__(self) -> str:
        return ids.show("stf", self.staff.bytes)
