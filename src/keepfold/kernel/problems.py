"""Makes any exception fit to be shown: kinds and places pass, messages that may hold a value do not."""

from __future__ import annotations

import traceback

from django.db import DatabaseError, InterfaceError

from keepfold.kernel.db import storage_error
from keepfold.kernel.errors import KeepfoldError


def as_problem(error: BaseException) -> KeepfoldError:
    """Return the error itself when it was made for people, a storage error as such, and one plain sentence else."""
    if isinstance(error, KeepfoldError):
        return error
    if isinstance(error, DatabaseError | InterfaceError):
        return storage_error(error)
    return KeepfoldError(
        "Something unexpected happened. Nothing was changed by this request.",
        code="unexpected",
        next_step="Look for the request id in the log; it names the place in the code.",
    )


def trace_line(error: BaseException) -> str:
    """Return kind, code and place of an exception in one line: `ValueError at keepfold/vault/rules.py:40`."""
    kind = type(error).__name__
    if isinstance(error, KeepfoldError):
        kind = f"{kind}({error.code})"
    return f"{kind} at {place(error)}"


def told(error: BaseException) -> str:
    """Return `trace_line`, and the sentence of an error made for people when it stands as it is in our own code.

    Then nothing was put into it, whoever raised it with what.
    """
    line = trace_line(error)
    if not isinstance(error, KeepfoldError):
        return line
    frames = [step[0] for step in traceback.walk_tb(error.__traceback__)]
    own = [frame.f_code for frame in frames if str(frame.f_globals.get("__name__", "")).startswith("keepfold.")]
    return f"{line} · {error.detail}" if any(error.detail in code.co_consts for code in own) else line


def place(error: BaseException) -> str:
    """Return where an exception was raised, the innermost place of our own code first."""
    steps = list(traceback.walk_tb(error.__traceback__))
    own = [step for step in steps if "keepfold" in step[0].f_code.co_filename]
    if not steps:
        return "unknown"
    frame, line = (own or steps)[-1]
    return f"{short_path(frame.f_code.co_filename)}:{line}"


def short_path(filename: str) -> str:
    """Return a path that says which module and nothing about the machine."""
    for marker in ("/keepfold/", "/site-packages/", "/lib/"):
        head, found, tail = filename.rpartition(marker)
        if found and head is not None:
            return ("keepfold/" if marker == "/keepfold/" else "") + tail
    return filename.rpartition("/")[2]


def trace_chain(error: BaseException, most: int = 12) -> str:
    """Return kinds, codes and places of an exception and its causes, innermost frames of each, without messages."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(parts) < most:
        frames = [
            f"{short_path(frame.f_code.co_filename)}:{line}" for frame, line in traceback.walk_tb(seen.__traceback__)
        ]
        kind = type(seen).__name__ + (f"({seen.code})" if isinstance(seen, KeepfoldError) else "")
        parts.append(f"{kind} at {', '.join(frames[-6:]) or 'unknown'}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return " from ".join(parts)
