"""The canonical form of a policy (RFC 8785) and the version id made from it.

The document counts as it is written: comments, order of keys and layout do not matter, everything else does. Anybody
can check a version id with three common tools: YAML to JSON, RFC 8785, SHA-256.
"""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical(document: dict[str, Any]) -> bytes:
    """Return the canonical JSON of a document. Raises `ValueError` when JSON cannot hold it."""
    return rfc8785.dumps(document)


def digest(form: bytes) -> bytes:
    """Return the SHA-256 of a canonical form: the 32 bytes that name a version."""
    return hashlib.sha256(form).digest()
