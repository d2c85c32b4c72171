"""The two databases, derived from the configuration: SQLite files in the home directory, or PostgreSQL by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from keepfold.kernel.errors import Invalid

_BUSY_SECONDS = 30
_POSTGRES = ("postgres", "postgresql")


def databases(*, home: Path, data_url: str, keys_url: str, synchronous: str = "FULL") -> dict[str, dict[str, Any]]:
    """Return Django's `DATABASES` for the two stores. Raises `Invalid` on a URL that is not PostgreSQL's."""
    return {
        "default": _database("data_url", data_url, home / "data.sqlite3", _pragmas(synchronous)),
        # Key rows are destroyed to erase people: secure_delete overwrites their pages at once.
        "keys": _database("keys_url", keys_url, home / "keys.sqlite3", _pragmas(synchronous, secure_delete=True)),
    }


def _database(setting: str, url: str, file: Path, pragmas: str) -> dict[str, Any]:
    return _postgres(setting, url) if url else _sqlite(file, pragmas)


def _pragmas(synchronous: str, *, secure_delete: bool = False) -> str:
    statements = [
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_SECONDS * 1000}",
        # Fewer, larger checkpoints: pages that every action touches are copied once instead of eight times.
        "wal_autocheckpoint=8000",
        f"journal_size_limit={64 * 1024 * 1024}",
        "temp_store=MEMORY",  # what is sorted never reaches a temporary file
        "trusted_schema=OFF",
    ]
    if secure_delete:
        statements.append("secure_delete=ON")
    return " ".join(f"PRAGMA {statement};" for statement in statements)


def _sqlite(file: Path, pragmas: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # IMMEDIATE takes the write lock at BEGIN: two writers wait for each other instead of failing half-way.
            "transaction_mode": "IMMEDIATE",
            "timeout": _BUSY_SECONDS,
            "init_command": pragmas,
        },
    }


def _postgres(setting: str, url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in _POSTGRES:
        raise Invalid(
            f"The setting {setting} is not a PostgreSQL address.",
            code="config.database-url",
            next_step="Use postgresql://user:password@host:port/name, or leave it empty for a SQLite file.",
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": _port(setting, parts),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def _port(setting: str, parts: SplitResult) -> str:
    try:
        return str(parts.port or "")
    except ValueError as error:
        raise Invalid(
            f"The setting {setting} has a port that is not a number.",
            code="config.database-url",
            next_step="Use postgresql://user:password@host:port/name.",
        ) from error
