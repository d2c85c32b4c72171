"""Files for the browser: found in `static/` of every room, addressed by content, kept in no build folder."""

from __future__ import annotations

import base64
import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import keepfold

PREFIX = "/static/"
_TYPES = {
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_PACKED = frozenset({".css", ".js", ".svg", ".txt", ".json"})


class Asset(NamedTuple):
    """One file: where it lies, what it is, the first hex digits of its SHA-256, and its SHA-384 for `integrity`."""

    path: Path
    content_type: str
    version: str
    integrity: str


@lru_cache(maxsize=1)
def table() -> dict[str, Asset]:
    """Return every file by the name it has below `/static/`, such as `ui/base.css`."""
    found: dict[str, Asset] = {}
    for folder in sorted(Path(keepfold.__file__).parent.glob("*/static")):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = _asset(path)
    return found


def _asset(path: Path) -> Asset:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    content = path.read_bytes()
    integrity = f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"
    return Asset(path, kind, hashlib.sha256(content).hexdigest()[:12], integrity)


@lru_cache(maxsize=256)
def packed(path: Path) -> bytes | None:
    """Return a text file compressed with gzip, or None for what does not get smaller, such as fonts and pictures."""
    if path.suffix not in _PACKED:
        return None
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def address(name: str) -> str:
    """Return the URL of a file with its version. Raises `KeyError` for a name that does not exist."""
    return f"{PREFIX}{name}?v={table()[name].version}"
