"""What every benchmark does with its figures: a table for people, JSON Lines for machines."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Measure:
    """One figure. `goal` reads like `<= 2.5` or `>= 0.5`; `met` is None when there is no goal."""

    measure: str
    value: float
    unit: str
    goal: str = ""

    @property
    def met(self) -> bool | None:
        """Say whether the goal is met."""
        if not self.goal:
            return None
        sign, bound = self.goal.split()
        return self.value <= float(bound) if sign == "<=" else self.value >= float(bound)


def report(name: str, measures: list[Measure]) -> None:
    """Print the table of one benchmark and write `bench/results/NAME.jsonl`."""
    RESULTS.mkdir(exist_ok=True)
    lines = [json.dumps(asdict(measure) | {"met": measure.met}) for measure in measures]
    (RESULTS / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    width = max(len(measure.measure) for measure in measures)
    verdict = {True: "met", False: "MISSED", None: ""}
    for measure in measures:
        figure = f"{measure.value:>14,.3f} {measure.unit:<12}"
        print(f"{measure.measure:<{width}} {figure} {measure.goal:>10}  {verdict[measure.met]}")
