"""Shared by every benchmark: CPU timing in interleaved rounds, one table for people, JSON Lines for machines.

    bench = Bench("vault")
    times = bench.compare({"floor": bare, "vault": ours}, n=1000)     # CPU seconds per call, best and median
    bench.row("seal, ratio to floor", times["floor"].best / times["vault"].best, "ratio", goal=">= 0.5")
    bench.finish()

CPU time of this process is measured, not the clock on the wall: the machine may be busy with other things.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Timing:
    """CPU seconds per call over several rounds."""

    best: float
    median: float
    worst: float


@dataclass
class Bench:
    """Collects the rows of one benchmark. `rounds` is how often each measured function gets its turn."""

    name: str
    rounds: int = 7
    rows: list[dict[str, object]] = field(default_factory=list)

    def measure(self, name: str, fn: Callable[[], object], n: int = 1000) -> Timing:
        """Return the CPU time of one call of `fn`, from `n` calls a round."""
        return self.compare({name: fn}, n)[name]

    def compare(self, functions: Mapping[str, Callable[[], object]], n: int = 1000) -> dict[str, Timing]:
        """Measure several functions in turns, so that a disturbance hits all of them alike."""
        taken: dict[str, list[float]] = {name: [] for name in functions}
        for fn in functions.values():
            fn()
        for number in range(self.rounds):
            self._progress(f"{self.name}: round {number + 1} of {self.rounds}")
            for name, fn in functions.items():
                taken[name].append(_seconds(fn, n))
        self._progress("")
        return {name: Timing(min(all_), statistics.median(all_), max(all_)) for name, all_ in taken.items()}

    def row(
        self,
        measure: str,
        value: float,
        unit: str,
        goal: str = "",
        met: bool | None = None,  # noqa: FBT001 - reads as the last column of the table
    ) -> None:
        """Add one line; a `goal` reads `<= 10` or `>= 0.5`, then `met` follows from it unless it is given."""
        verdict = judged(value, goal) if met is None else met
        self.rows.append({"measure": measure, "value": value, "unit": unit, "goal": goal, "met": verdict})

    def finish(self) -> None:
        """Print the table and write `bench/results/<name>.jsonl`."""
        print(self.table())
        self.write()

    def write(self) -> None:
        """Write `bench/results/<name>.jsonl`."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{self.name}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in self.rows), encoding="utf-8")
        print(f"Written to {path.relative_to(RESULTS.parent.parent)}")

    def table(self) -> str:
        """Return the rows as aligned text."""
        lines = [("measure", "value", "unit", "goal", "met")]
        lines += [_words(row) for row in self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(5)]
        shown = ["  ".join(_cell(line, column, widths[column]) for column in range(5)).rstrip() for line in lines]
        return "\n".join([shown[0], "─" * len(shown[0]), *shown[1:]])

    @staticmethod
    def _progress(text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def judged(value: float, goal: str) -> bool | None:
    """Say whether a value meets a goal such as `<= 2.5`; None when there is no goal."""
    if not goal:
        return None
    sign, bound = goal.split()
    return value <= float(bound) if sign == "<=" else value >= float(bound)


def _words(row: Mapping[str, object]) -> tuple[str, str, str, str, str]:
    return str(row["measure"]), _short(row["value"]), str(row["unit"]), str(row["goal"]), _met(row["met"])


def _seconds(fn: Callable[[], object], n: int) -> float:
    gc.collect()
    gc.disable()
    try:
        began = time.process_time()
        for _ in range(n):
            fn()
        return (time.process_time() - began) / n
    finally:
        gc.enable()


def _cell(line: tuple[str, ...], column: int, width: int) -> str:
    return line[column].rjust(width) if column in {1, 3} else line[column].ljust(width)


def _short(value: object) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _met(met: object) -> str:
    return "" if met is None else "yes" if met else "MISSED"
