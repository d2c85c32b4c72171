"""Run benchmarks: `python -m bench` for all, `python -m bench policy` for one; `make bench-policy` is the same.

Each file `bench_NAME.py` runs as a program of its own: it compares with a peer in the same run and hands its figures
to `bench.common`, which prints a table for people and writes `bench/results/NAME.jsonl`. A missed goal is shown as
missed and fails nothing; only a benchmark that cannot finish fails the run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Among all the others, the pages are measured over a small store: the large one takes long to build.
SMALLER = {"pages": ("--small",)}


def names() -> list[str]:
    """Return the names of all benchmarks."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def run(name: str, *words: str) -> int:
    """Run one benchmark in a process of its own, so that none inherits another's memory or caches."""
    print(f"\n== {name} ==", flush=True)
    return subprocess.run(
        [sys.executable, "-m", f"bench.bench_{name}", *words], cwd=HERE.parent, check=False
    ).returncode


def main(wanted: list[str]) -> int:
    """Run the named benchmarks, or all; return how many could not finish."""
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(names())}")
        return 2
    if wanted:
        return sum(run(name) != 0 for name in wanted)
    return sum(run(name, *SMALLER.get(name, ())) != 0 for name in names())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
