"""The file of refused rows: row number, field, code and reason, never a value. Readable by its owner only."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path

from keepfold.intake.types import Flaw
from keepfold.kernel.errors import Invalid, Unavailable


def check(path: Path, source: str) -> None:
    """Raise `Invalid` when the file would be written over the source."""
    if path.suffix.lower() not in {".csv", ".jsonl"}:
        raise Invalid("Refused rows are written to a .csv or a .jsonl file.", code="intake.rejects-ending")
    if "://" not in source and path.exists() and Path(source).exists() and path.samefile(source):
        raise Invalid("The file for refused rows is the source itself.", code="intake.rejects-source")


def write(path: Path, flaws: Iterable[Flaw]) -> int:
    """Write refusals as CSV or JSON Lines, told by the ending; return how many. An older file is replaced."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            count = 0
            writer = csv.writer(file)
            lines = path.suffix.lower() == ".jsonl"
            if not lines:
                writer.writerow(Flaw._fields)
            for count, flaw in enumerate(flaws, 1):  # noqa: B007  (the last number is the count)
                if lines:
                    file.write(json.dumps(flaw._asdict(), ensure_ascii=False) + "\n")
                else:
                    writer.writerow(flaw)
        fresh.replace(path)
    except OSError as error:
        raise Unavailable(f"{path.name} cannot be written: {error.strerror}.", code="intake.unwritable") from error
    return count
