"""Checks an installation and says what to repair; it changes nothing. The command line and the settings page show it.

A finding keeps its sentence and its values apart, so that a page can say it in the reader's language.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import keepfold
from keepfold.console.types import Finding
from keepfold.kernel import clock, config, db
from keepfold.kernel.config import Config
from keepfold.kernel.errors import KeepfoldError
from keepfold.site import installation, metrics

_LEAST_FREE = 256 * 1024 * 1024
_PRIVATE = ("root.key", "secret.key", "owner.token", "data.sqlite3", "keys.sqlite3", "keepfold.toml")

Depth = Literal["quick", "thorough"]
AsKnown = Callable[[BaseException], KeepfoldError]
Check = Callable[[], Iterator[Finding]]


def _(sentence: str) -> str:
    """Mark a sentence for translation; Django's own mark would need settings, which the plain checks do without."""
    return sentence


def _known(error: BaseException) -> KeepfoldError:
    from keepfold.site.problems import known  # noqa: PLC0415  needs Django's settings, which the plain checks do not

    return known(error)


def plain(as_known: AsKnown = _known) -> Iterator[Finding]:
    """Yield what can be found without the databases: Python, home, modes, disk, addresses."""
    settings = config.current()
    yield _python()
    for name, check in (("home", _home), ("modes", _modes), ("disk", _disk), ("metrics address", _metrics_address)):
        yield from guarded(name, functools.partial(check, settings), as_known)


def rooms(depth: Depth = "thorough", as_known: AsKnown = _known) -> Iterator[Finding]:
    """Yield what the rooms find: tables, keys, clock, policy, rows, ledger. Quick ones look at nothing large."""
    for name, check in (THOROUGH if depth == "thorough" else QUICK).items():
        yield from guarded(name, check, as_known)


def examine(depth: Depth) -> Iterator[Finding]:
    """Yield what all checks find, for a process that serves or works."""
    yield from plain()
    yield from rooms(depth)


def guarded(name: str, check: Check, as_known: AsKnown = _known) -> Iterator[Finding]:
    """Yield what a check finds; one that fails is a finding itself."""
    try:
        yield from check()
    except KeepfoldError as error:
        yield Finding(name, "broken", error.detail, error.next_step or "")
    except Exception as error:  # noqa: BLE001  the doctor must not be the one who falls ill
        known = as_known(error)
        yield Finding(name, "broken", known.detail, known.next_step or "")


# ---------------------------------------------------------------------------------------------- without the databases


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    said = {"python": version, "keepfold": keepfold.__version__}
    return Finding("python", "ok", _("Python %(python)s, Keepfold %(keepfold)s"), values=said)


def _home(settings: Config) -> Iterator[Finding]:
    home = {"home": str(settings.home)}
    if not settings.home.is_dir():
        yield Finding("home", "broken", _("There is no home at %(home)s."), "keepfold init", home)
        return
    installation.refuse_open(settings.home)
    if settings.home.stat().st_uid != os.getuid():
        advice = _("Run as the owner of the home.")
        yield Finding("home", "warning", _("%(home)s belongs to another user."), advice, home)
    else:
        yield Finding("home", "ok", _("%(home)s, for its owner only"), values=home)


def _modes(settings: Config) -> Iterator[Finding]:
    files = [path for name in _PRIVATE if (path := settings.home / name).exists()]
    if settings.root_key_path.exists() and settings.root_key_path not in files:
        files.append(settings.root_key_path)
    open_ones = [path for path in files if path.stat().st_mode & 0o077]
    for path in open_ones:
        yield Finding("modes", "broken", _("Others may read %(file)s."), f"chmod 600 {path}", {"file": str(path)})
    if not open_ones:
        counted = {"count": len(files)}
        yield Finding("modes", "ok", _("%(count)s private files, for their owner only"), values=counted)
    if settings.root_key == "file" and not settings.root_key_path.exists():
        yield _lost_root_key(settings.root_key_path)


def _lost_root_key(path: Path) -> Finding:
    return Finding(
        "root key",
        "broken",
        _("The root key file %(file)s is missing. Without it nothing sealed can be opened."),
        _("Restore it from where you keep it; `keepfold init` makes one only for a new installation."),
        {"file": str(path)},
    )


def _disk(settings: Config) -> Iterator[Finding]:
    free = shutil.disk_usage(_nearest_existing(settings.home)).free
    said = {"free": f"{free / 1e9:.1f}"}
    if free < _LEAST_FREE:
        advice = _("Free some space: on a full disk nothing is accepted.")
        yield Finding("disk", "broken", _("Only %(free)s GB free."), advice, said)
    else:
        yield Finding("disk", "ok", _("%(free)s GB free"), values=said)


def _nearest_existing(path: Path) -> Path:
    return path if path.exists() else _nearest_existing(path.parent)


def _metrics_address(settings: Config) -> Iterator[Finding]:
    metrics.loopback(settings.metrics_bind)
    said = {"address": settings.metrics_bind}
    yield Finding("metrics", "ok", _("%(address)s, this machine only"), values=said)


# ------------------------------------------------------------------------------------------------------------ of rooms


def _known_tables() -> Iterator[Finding]:
    from keepfold.site import schema  # noqa: PLC0415  needs Django

    yield from _tables(schema.missing_cached)


def _tables(missing: Callable[[], int]) -> Iterator[Finding]:
    with db.translate_errors():
        lacking = missing()
    if lacking:
        said = {"count": lacking}
        yield Finding("databases", "broken", _("%(count)s migrations are missing"), "keepfold init", said)
    else:
        yield Finding("databases", "ok", _("both reachable and up to date"))


def _databases() -> Iterator[Finding]:
    from keepfold.site import schema  # noqa: PLC0415  needs Django

    found = list(_tables(schema.missing))
    if found[0].state == "ok" and not db.is_postgres():
        found = list(_sound_files())
    yield from found


def _sound_files() -> Iterator[Finding]:
    for alias in ("default", "keys"):
        with db.translate_errors():
            row = db.fetch_one(alias, "PRAGMA quick_check(1)")
        if row is None or row[0] != "ok":
            advice = _("Restore the last backup.")
            yield Finding("databases", "broken", _("The %(name)s database is damaged."), advice, {"name": alias})
            return
    yield Finding("databases", "ok", _("both readable, whole and up to date"))


def _keys() -> Iterator[Finding]:
    from keepfold.site import wiring  # noqa: PLC0415  needs Django

    wiring.open_keys()
    yield Finding("keys", "ok", _("the root key opens the key store"))


def _clock() -> Iterator[Finding]:
    clock.guard()
    yield Finding("clock", "ok", _("not behind what was recorded"))


def _policy() -> Iterator[Finding]:
    from keepfold.site import wiring  # noqa: PLC0415  needs Django

    policy = wiring.active_policy()
    if policy is None:
        yield Finding("policy", "warning", _("none is active, so nothing may be stored"), "keepfold policy init")
    else:
        said = {"name": policy.name, "version": policy.hash[:8]}
        yield Finding("policy", "ok", _("%(name)s, %(version)s"), values=said)


def _rows() -> Iterator[Finding]:
    from keepfold.site import wiring  # noqa: PLC0415  needs Django

    wrong = {table: count for table, count in wiring.altered_rows().items() if count}
    if not wrong:
        yield Finding(
            "rows", "ok", _("tokens, clients, roles, consents and the policy in force are as Keepfold wrote them")
        )
        return
    counts = ", ".join(f"{table}: {count}" for table, count in wrong.items())
    advice = _("They count for nothing. Find out who writes to the database, then restore it from a backup.")
    said = _("Rows that Keepfold did not write like this: %(counts)s.")
    yield Finding("rows", "broken", said, advice, {"counts": counts})


def _ledger() -> Iterator[Finding]:
    from keepfold.site import wiring  # noqa: PLC0415  needs Django

    state = wiring.ledger_state()
    wiring.verify_tail()
    said = {"count": state.size}
    yield Finding(
        "ledger",
        "ok",
        _("%(count)s entries; the newest is in its tree (`keepfold ledger verify` checks all)"),
        values=said,
    )


QUICK: Mapping[str, Check] = {
    "databases": _known_tables,
    "keys": _keys,
    "clock": _clock,
    "policy": _policy,
    "ledger": _ledger,
}
THOROUGH: Mapping[str, Check] = {
    "databases": _databases,
    "keys": _keys,
    "clock": _clock,
    "policy": _policy,
    "rows": _rows,
    "ledger": _ledger,
}
