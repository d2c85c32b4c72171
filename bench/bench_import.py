"""Importing a CSV file, per core, beside a floor in the same run: csv module and bare `executemany` into SQLite.

The floor reads the same file and writes its rows in clear; it checks, seals, indexes, decides and records nothing.
`import` is the whole of it: reading, mapping, normalising, sealing, blind indexes, policy, ledger entries, position.
Every round imports another file, since people who are there already would only be skipped.
"""

from __future__ import annotations

import csv
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from bench.common import Bench

FOLDER = Path(tempfile.mkdtemp(prefix="keepfold-bench-"))
os.environ["KEEPFOLD_HOME"] = str(FOLDER / "home")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepfold.site.settings")
(FOLDER / "home").mkdir(mode=0o700)

import django  # noqa: E402  after the home is set

django.setup()

from django.core.management import call_command  # noqa: E402

from keepfold.demo.generator import as_table, customers  # noqa: E402
from keepfold.demo.lists import locales  # noqa: E402
from keepfold.intake import runner  # noqa: E402
from keepfold.intake.rules.content import column_shares  # noqa: E402
from keepfold.intake.rules.convert import Converter  # noqa: E402
from keepfold.intake.rules.propose import propose  # noqa: E402
from keepfold.intake.sources.opening import Options, open_source  # noqa: E402
from keepfold.intake.types import Position, Source  # noqa: E402
from keepfold.people import queries as people  # noqa: E402
from keepfold.policy import queries as policy  # noqa: E402
from keepfold.site import wiring  # noqa: E402

ROUNDS = 5
ROWS = 20_000


def main() -> None:
    """Prepare a home and the files, measure in turns, print."""
    for alias in ("default", "keys"):
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    wiring.wire()
    wiring.init_keys()
    wiring.activate_template("media-shop")
    files = [write(number) for number in range(ROUNDS)]
    taken: dict[str, list[tuple[float, float]]] = {"floor": [], "read": [], "check": [], "import": []}
    for number, path in enumerate(files):
        if sys.stderr.isatty():
            print(f"\r\033[Kimport: round {number + 1} of {ROUNDS}", end="", file=sys.stderr, flush=True)
        taken["floor"].append(seconds(lambda path=path: floor(path)))
        taken["read"].append(seconds(lambda path=path: read(path)))
        taken["check"].append(seconds(lambda path=path: check(path)))
        taken["import"].append(seconds(lambda path=path: apply(path)))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    report(
        {name: (median(cpu for cpu, _ in times), median(wall for _, wall in times)) for name, times in taken.items()}
    )


def report(times: dict[str, tuple[float, float]]) -> None:
    """Print rows a second of CPU and what the whole costs over the floor."""
    bench = Bench("import")
    names = {
        "floor": "csv module and executemany, in clear",
        "read": "read and convert",
        "check": "dry run: read, convert, normalise",
        "import": "import: all of it, sealed and recorded",
    }
    for name, label in names.items():
        bench.row(f"{label}, rows per CPU second", ROWS / times[name][0], "rows/s")
    bench.row("import, rows per second on the clock (synchronous=FULL)", ROWS / times["import"][1], "rows/s")
    bench.row("import, CPU per row", times["import"][0] / ROWS * 1e6, "µs")
    bench.row("floor, CPU per row", times["floor"][0] / ROWS * 1e6, "µs")
    bench.row("import ÷ floor, CPU", times["import"][0] / times["floor"][0], "times")
    bench.finish()


def write(number: int) -> Path:
    """Write a file of customers whom no other file has."""
    path = FOLDER / f"people{number}.csv"
    rows = as_table(list(customers(locales(), ROWS, seed=number, today=date(2026, 11, 1))))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"email": f"r{number}.{row['email']}"} for row in rows)
    return path


def seconds(fn: Callable[[], object]) -> tuple[float, float]:
    """Return CPU and clock seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    fn()
    return time.process_time() - cpu, time.perf_counter() - wall


def floor(path: Path) -> None:
    """Read with the csv module and write with one `executemany`."""
    target = FOLDER / "floor.sqlite3"
    target.unlink(missing_ok=True)
    connection = sqlite3.connect(target)
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        names = next(reader)
        connection.execute(f"CREATE TABLE people ({', '.join(names)})")
        marks = ", ".join("?" * len(names))
        connection.executemany(f"INSERT INTO people VALUES ({marks})", reader)  # noqa: S608  names of our own file
    connection.commit()
    connection.close()


def job(source: Source) -> runner.Job:
    """Return the proposed import of a source."""
    schema = policy.schema()
    names = [column.name for column in source.columns()]
    plan = propose(names, column_shares(len(names), source.sample(500)), schema).plan()
    assert "email" in plan.fields
    return runner.Job(source=source, plan=plan, schema=schema)


def read(path: Path) -> None:
    """Read and convert every row."""
    source = open_source(str(path), Options(), {})
    asked = job(source)
    names = asked.plan.reads()
    convert = Converter(asked.plan, names, asked.schema)
    for batch in source.batches(names, Position(), runner.BATCH):
        for _, row in batch.rows:
            convert(row)


def check(path: Path) -> None:
    """Run a dry run."""
    found = runner.dry_run(job(open_source(str(path), Options(), {})), actor=people.operator(), **quiet())
    assert found.acceptable == ROWS, found.reasons()


def apply(path: Path) -> None:
    """Import a file."""
    asked = job(open_source(str(path), Options(), {}))
    ended = runner.apply(asked, terms=asked.terms(), actor=people.operator(), **quiet())
    assert ended.run.tally.sealed == ROWS, ended


def quiet() -> dict[str, Any]:
    """Return what an import is watched and stopped by: nothing."""
    return {"watch": lambda _rows, _tally: None, "stopping": lambda: False}


if __name__ == "__main__":
    main()
