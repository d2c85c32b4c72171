"""How far an import is: a bar on a terminal, a line every few seconds elsewhere, silence for machines."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from keepfold.intake.types import Tally

_EVERY_SECONDS = 5.0
Watch = Callable[[int, Tally], None]


@contextmanager
def shown(verb: str, total: int | None, *, start: int = 0, quiet: bool = False) -> Iterator[Watch]:
    """Yield a function that is told how many rows are done. Writes to standard error."""
    if quiet:
        yield lambda _rows, _tally: None
    elif Console(stderr=True).is_terminal:
        with _bar() as bar:
            task = bar.add_task(verb, total=total, completed=start, rate="")
            yield _to_bar(bar, task, start)
    else:
        yield _Lines(verb, total, start)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,} rows {task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _to_bar(bar: Progress, task: object, start: int) -> Watch:
    began = time.monotonic()

    def watch(rows: int, _tally: Tally) -> None:
        rate = (rows - start) / max(time.monotonic() - began, 1e-3)
        bar.update(task, completed=rows, rate=f"({rate:,.0f}/s)")  # type: ignore[arg-type]

    return watch


class _Lines:
    """Prints a line now and then."""

    def __init__(self, verb: str, total: int | None, start: int) -> None:
        self._verb, self._total, self._start = verb, total, start
        self._began = self._said = time.monotonic()

    def __call__(self, rows: int, _tally: Tally) -> None:
        now = time.monotonic()
        if now - self._said >= _EVERY_SECONDS:
            self._said = now
            click.echo(f"{self._verb}: {progress_line(rows, self._total, self._start, now - self._began)}", err=True)


def progress_line(rows: int, total: int | None, start: int, seconds: float) -> str:
    """Return how far it is in words: rows, of how many, how fast, how long still."""
    rate = (rows - start) / max(seconds, 1e-3)
    if total is None or total < rows:
        return f"{rows:,} rows, {rate:,.0f} rows/s"
    left = (total - rows) / rate if rate else 0
    return f"{rows:,} of about {total:,} rows, {rate:,.0f} rows/s, about {duration(left)} left"


def duration(seconds: float) -> str:
    """Return a duration as people say it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether Ctrl-C or a stop signal came; a second one ends at once."""
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        click.echo("Finishing this batch; once more stops at once.", err=True)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
