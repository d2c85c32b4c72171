"""Logs that cannot leak: an allow-list of keys, constant event names, and nothing of what a message was filled with.

    log = get_logger("keepfold.vault")
    log.info("record.sealed", count=3)

Of our own lines the event must be a dotted constant and every key must be in `KEYS`; a value must look like an id, a
name or a number. Of other libraries' lines the text passes only when it is a literal in their code, without the
arguments. Of exceptions kind, code and place pass, the message does not. Everything else becomes a mark and is
counted in `withheld`. Records are cleaned where they are made, so a handler that somebody adds gets clean ones.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from types import FrameType, TracebackType
from typing import IO, Any, Literal

import orjson
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from keepfold.kernel import metrics
from keepfold.kernel.problems import short_path, trace_chain

WITHHELD = "(withheld)"

# What a line may say. A new key is added here, where everybody sees it, after asking whether it could hold a value.
KEYS = frozenset(
    "event level logger at withheld trace place "  # noqa: SIM905  a table of words is easier to read than forty strings
    # who and where
    "request_id actor_id room action process thread worker port address version "
    # what it was about: names of things, never things
    "kind job beat loop check handler type state outcome code rule error entry index size policy purpose field route "
    "method status table setting database source client staff role signal exit_code reference "
    # how much
    "count rows done total rejected attempts bytes seconds ms rate limit retry_after dropped".split()
)

# Events: dotted lower-case constants. Values: ids, names, code places, addresses of our own sockets; no prose, no @.
_EVENT = re.compile(r"[a-z][a-z0-9_]*([.-][a-z0-9_]+){0,6}\Z")
_VALUE = re.compile(r"[A-Za-z0-9_.:/()<>*+\[\]-]{0,200}\Z")
_TRACE = re.compile(r"[A-Za-z0-9_.:/()<>, \-]{0,2000}\Z")
_TRACES = frozenset({"trace", "error", "place"})

_providers: list[Callable[[], Mapping[str, Any]]] = []

Format = Literal["console", "json"]


def get_logger(name: str = "keepfold") -> structlog.stdlib.BoundLogger:
    """Return a logger. It works before `configure`, too, and is just as clean."""
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[_clean],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
    )
    return logger


def bind(**context: Any) -> None:
    """Add to every line of this request or job: `request_id`, `actor_id`, `room`, `action`."""
    bind_contextvars(**context)


def clear() -> None:
    """Drop what was bound."""
    clear_contextvars()


def context_from(provider: Callable[[], Mapping[str, Any]]) -> None:
    """Register a function that is asked for context whenever a line is written."""
    _providers.append(provider)


class Fields(dict[str, Any]):
    """A cleaned line. As a record's message it prints as its event alone."""

    def __str__(self) -> str:
        """Return the event."""
        return str(self.get("event", WITHHELD))


def _clean(logger: Any, level: str, line: MutableMapping[str, Any]) -> tuple[tuple[Fields], dict[str, Any]]:
    error = _exception(line.pop("exc_info", None))
    given = {**_context(), **line}
    fields = cleaned(given)
    fields["level"], fields["logger"] = level, logger.name
    if error is not None:
        fields["trace"] = trace_chain(error)
    return (fields,), {}


def _context() -> dict[str, Any]:
    context = dict(get_contextvars())
    for provider in _providers:
        context |= provider()
    return context


def _exception(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if len(given) > 1 else None
    return sys.exc_info()[1] if given else None


def cleaned(line: Mapping[str, Any]) -> Fields:
    """Return what may be written of one line; everything else is replaced by a mark, and counted."""
    fields, withheld = Fields(), 0
    for key, value in line.items():
        if key not in KEYS:
            withheld += 1
            continue
        fields[key] = shown = _event(value) if key == "event" else _value(key, value)
        withheld += shown == WITHHELD
    if withheld:
        fields["withheld"] = withheld
        metrics.count("keepfold_log_withheld", withheld)
    return fields


def _event(value: Any) -> str:
    return value if isinstance(value, str) and _EVENT.match(value) else WITHHELD


def _value(key: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return value.hex() if len(value) <= 32 else WITHHELD  # ids and hashes
    if isinstance(value, str):
        return value if (_TRACE if key in _TRACES else _VALUE).match(value) else WITHHELD
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(key, part) for part in list(value)[:20]]
    return WITHHELD


class _Record(logging.LogRecord):
    """A record that is clean from the moment it exists."""

    def __init__(
        self,
        name: str,
        level: int,
        pathname: str,
        lineno: int,
        msg: object,
        _args: Any,
        exc_info: Any,
        func: str | None = None,
        _sinfo: str | None = None,
    ) -> None:
        if not isinstance(msg, Fields):
            msg = _foreign(name, level, msg, _exception(exc_info), (pathname, lineno))
        super().__init__(name, level, pathname, lineno, msg, None, None, func)


def _foreign(name: str, level: int, text: object, error: BaseException | None, place: tuple[str, int]) -> Fields:
    fields = Fields(event=text if _is_literal(text, place[0]) else WITHHELD)
    fields["level"], fields["logger"] = logging.getLevelName(level).lower(), name
    fields["place"] = f"{short_path(place[0])}:{place[1]}"
    if error is not None:
        fields["trace"] = trace_chain(error)
    return fields


def _is_literal(text: object, pathname: str) -> bool:
    """Say whether a message stands as it is in the code that logs it; then it can hold nothing that was put in."""
    if not isinstance(text, str):
        return False
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  the only way to see who logs
    while frame is not None:
        if frame.f_code.co_filename == pathname:
            return _among(text, frame.f_code.co_consts)
        frame = frame.f_back
    return False


def _among(text: str, constants: Iterable[Any]) -> bool:
    return any(text == constant if isinstance(constant, str) else False for constant in constants)


class _Formatter(logging.Formatter):
    """Writes one line per record, as JSON or for people."""

    def __init__(self, style: Format) -> None:
        super().__init__()
        self._look = style

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. A record that was not made by us is not trusted."""
        fields = record.msg if isinstance(record.msg, Fields) else Fields(event=WITHHELD, logger=record.name)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        if self._look == "json":
            return orjson.dumps({"at": at, **fields}, default=str).decode()
        rest = " ".join(f"{key}={value}" for key, value in fields.items() if key not in {"event", "level", "logger"})
        return f"{at} {fields.get('level', ''):<8}{fields.get('logger', '')}: {fields['event']} {rest}".rstrip()


class _Before:
    """What stood there before `configure`, for `restore`."""

    values: tuple[Any, ...] | None = None


def configure(style: Format = "console", level: str = "info", stream: IO[str] | None = None) -> None:
    """Send all logs of this process, other libraries' and uncaught exceptions included, to one clean stream."""
    root = logging.getLogger()
    if _Before.values is None:
        hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        _Before.values = (logging.getLogRecordFactory(), root.handlers[:], root.level, hooks)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Formatter(style))
    logging.setLogRecordFactory(_Record)
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.raiseExceptions = False  # what logging prints of its own failures quotes the record
    sys.excepthook = _uncaught
    threading.excepthook = lambda hook: _uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)
    sys.unraisablehook = lambda hook: _uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)


def restore() -> None:
    """Undo `configure`."""
    if _Before.values is None:
        return
    root = logging.getLogger()
    factory, handlers, level, hooks = _Before.values
    logging.setLogRecordFactory(factory)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = True
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    _Before.values = None


def _uncaught(_kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt | SystemExit) or error is None:
        return
    get_logger("keepfold").critical("uncaught", exc_info=error)
