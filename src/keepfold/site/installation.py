"""Sets an installation up, and up to date: home, tables, keys, policy, first owner. May be repeated at any time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from keepfold.kernel import config
from keepfold.kernel.config import Config
from keepfold.kernel.errors import Misconfigured
from keepfold.site import schema, setup

Say = Callable[[str], None]
# RFC 2606 reserves it: nobody can receive mail there. Whoever installs should name the real owner.
OWNER_EMAIL = "owner@keepfold.example"
_FOLDERS = ("run", "log", "mail")


class Installed(NamedTuple):
    """What `init` found or made. `token` is set only when it was made just now."""

    home: Path
    token: str | None
    token_file: Path
    policy: str | None


def token_file(settings: Config) -> Path:
    """Return where the owner's first token is kept for the command line."""
    return settings.home / "owner.token"


def is_current(settings: Config) -> bool:
    """Say without loading the rooms whether `init` has run for this version, these migrations, these databases."""
    try:
        same = _stamp_file(settings).read_text(encoding="utf-8") == _stamp(settings)
    except OSError:
        return False
    return same and all(path.exists() for path in _files(settings))


def make_home(settings: Config) -> None:
    """Make the home and its folders, for their owner only. Raises `Misconfigured` when others may read it."""
    os.umask(0o077)
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in _FOLDERS:
            (settings.home / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"The home {settings.home} cannot be made or written: {error.strerror}.",
            code="home.unwritable",
            next_step="Point KEEPFOLD_HOME to a directory that belongs to you.",
        ) from error
    refuse_open(settings.home)


def refuse_open(home: Path) -> None:
    """Raise `Misconfigured` when group or others may enter the home."""
    mode = home.stat().st_mode & 0o777
    if mode & 0o077:
        raise Misconfigured(
            f"Others on this machine may enter {home} (mode {mode:04o}).",
            code="home.open",
            rule="home.mode",
            next_step=f"chmod 700 {home}",
        )


def init(say: Say, *, owner_email: str = OWNER_EMAIL, owner_name: str = "Owner") -> Installed:
    """Set up what is missing and return what there is. The owner is made only when there is none yet."""
    settings = config.current()
    make_home(settings)
    config.use(config.load())  # again: the home exists now, so that its secret key can be kept
    setup.load_anyway()
    _migrate(say)
    from keepfold.site import wiring  # noqa: PLC0415  needs the rooms

    wiring.init_keys()
    token = wiring.bootstrap_owner(owner_email, owner_name)
    if token:
        _keep_token(token_file(settings), token)
    policy = wiring.ensure_policy()
    _stamp_file(settings).write_text(_stamp(settings), encoding="utf-8")
    return Installed(settings.home, token, token_file(settings), policy)


def _migrate(say: Say) -> None:
    from django.core.management import call_command  # noqa: PLC0415  needs Django
    from django.db import DatabaseError, connections  # noqa: PLC0415

    from keepfold.kernel import db  # noqa: PLC0415

    with db.translate_errors():
        try:
            lacking = schema.missing()
        except DatabaseError:
            lacking = len(schema.expected())
        if not lacking:
            return
        say("Bringing the databases up to date …")
        for alias in ("default", "keys"):
            connections[alias].ensure_connection()
            call_command("migrate", database=alias, verbosity=0, interactive=False)


def _keep_token(path: Path, token: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(token + "\n")


def _stamp_file(settings: Config) -> Path:
    return settings.home / "run" / "init.stamp"


def _files(settings: Config) -> list[Path]:
    stores = (("data.sqlite3", settings.data_url), ("keys.sqlite3", settings.keys_url))
    return [settings.home / name for name, url in stores if not url]


def _stamp(settings: Config) -> str:
    return schema.stamp(settings.data_url, settings.keys_url)
