"""What a person sees when a command fails: one readable sentence, an exit code, and never a value.

An unexpected exception shows only a reference. Its trace goes to `<home>/log/cli.log` with the kind of the exception
and the places in the code; messages and variables stay out, since they may hold what somebody entered.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from keepfold.kernel.errors import KeepfoldError

FAILED = 1
USAGE = 2
INTERRUPTED = 130


def report(error: BaseException, *, as_json: bool = False) -> int:
    """Tell the person what happened on standard error and return the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if isinstance(error, click.exceptions.Exit):
        return int(error.exit_code)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return _quietly()
    if isinstance(error, click.ClickException):
        error.show(file=sys.stderr)
        return int(error.exit_code)
    return _tell(as_known(error), as_json=as_json)


def as_known(error: BaseException) -> KeepfoldError:
    """Return the error itself when it was made for people, otherwise one with a reference to the log."""
    if isinstance(error, KeepfoldError):
        return error
    stored = _storage_error(error)
    if stored is not None:
        return stored
    reference = secrets.token_hex(4)
    where = write_trace(error, reference)
    return KeepfoldError(
        f"Something unexpected stopped this command ({type(error).__name__}). Reference {reference}.",
        code="unexpected",
        next_step=f"The trace, without values, is in {where}." if where else "No log could be written.",
        reference=reference,
    )


def _storage_error(error: BaseException) -> KeepfoldError | None:
    if "django.db" not in sys.modules:
        return None
    from django.db import DatabaseError, InterfaceError  # noqa: PLC0415  only where Django is loaded anyway

    from keepfold.kernel.db import storage_error  # noqa: PLC0415

    return storage_error(error) if isinstance(error, DatabaseError | InterfaceError) else None


def scrubbed(error: BaseException) -> str:
    """Return a trace with kinds and places only."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(lines) < 200:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        lines.extend(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in _frames(seen))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)


def write_trace(error: BaseException, reference: str) -> Path | None:
    """Append a scrubbed trace to the log of the command line; return its path, or None when that fails too."""
    path = _home() / "log" / "cli.log"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} reference={reference}\n{scrubbed(error)}\n")
    except OSError:
        return None
    return path


def _home() -> Path:
    # Not through the configuration: that may be the very thing that failed.
    return Path(os.environ.get("KEEPFOLD_HOME", "var"))


def _tell(error: KeepfoldError, *, as_json: bool) -> int:
    click.echo(json.dumps(error.problem(), default=str) if as_json else _sentences(error), err=True)
    return FAILED


def _sentences(error: KeepfoldError) -> str:
    lines = [error.detail, *(f"  {_particular(one)}" for one in error.extra.get("errors", ()))]
    if error.rule:
        lines.append(f"  Rule: {error.rule}")
    if error.next_step:
        lines.append(f"  Next: {error.next_step}")
    return "\n".join(_printable(line) for line in lines)


def _printable(text: str) -> str:
    # The name of a file or column may hold codes that a terminal obeys.
    return "".join(one if one.isprintable() or one == "\n" else "\ufffd" for one in text)


def _particular(one: Any) -> str:
    # Errors about several fields carry one entry per field.
    if not isinstance(one, Mapping):
        return str(one)
    name = one.get("field") or one.get("where") or ""
    return f"{name}: {one.get('message', '')}" if name else str(one.get("message", ""))


def _quietly() -> int:
    # The reader of our output went away (`| head`); flushing at exit must not complain a second time.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
