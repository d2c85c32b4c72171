"""Reads the third-party vectors, which stay outside of the repository."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(os.environ.get("KEEPFOLD_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "ledger"

# Where we deliberately answer differently from what a vector says upstream, and why. Each is tested to be so.
EXCEPTIONS = {
    "merkle/consistency/additional/sizes-are-equal-one-and-proof-is-empty.json": "its roots have 12 bytes; upstream "
    "compares them as opaque strings, a SHA-256 tree has 32-byte roots only",
    "fmt-valid-short-hash": "the root has 7 bytes; c2sp.org/tlog-checkpoint says it is the SHA-256 tree's root",
    "fmt-trailing-line": "the root has 37 bytes; as above",
    "fmt-log-known1-unknown": "the signatures hold, but the root has 6 bytes; as above",
    "fmt-mixed-order": "as fmt-log-known1-unknown",
}


def need() -> None:
    """Skip when the vectors are absent."""
    if not ROOT.is_dir():
        pytest.skip(f"third-party test data is absent: set KEEPFOLD_SHARED_DATA (looked in {ROOT})")


def load(path: str) -> Any:
    """Return one JSON file."""
    need()
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def cases(path: str) -> list[Any]:
    """Return the cases of one file as parameters; one that skips when the vectors are absent."""
    if not ROOT.is_dir():
        return [pytest.param(None, id="absent")]
    return [pytest.param(case, id=str(case.get("id", number))) for number, case in enumerate(load(path)["cases"])]


def files(folder: str) -> list[Any]:
    """Return the JSON files below a folder as parameters (path within upstream/)."""
    if not ROOT.is_dir():
        return [pytest.param(None, id="absent")]
    found = sorted((ROOT / "upstream" / folder).rglob("*.json"))
    return [pytest.param(str(path.relative_to(ROOT / "upstream")), id=str(path.relative_to(ROOT))) for path in found]


def unb64(text: str | None) -> bytes:
    """Return the bytes of base64; none for null."""
    return base64.b64decode(text or "")


def unb64s(texts: list[str] | None) -> list[bytes]:
    """Return the bytes of several."""
    return [unb64(text) for text in texts or []]
