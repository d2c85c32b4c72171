"""Words in the reader's language, for labels that come from packs and policies rather than from our own texts."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import get_language


def in_language(labels: Mapping[str, str], otherwise: str = "") -> str:
    """Return the label in the reader's language, else in English, else whichever there is, else `otherwise`."""
    language = (get_language() or "en").split("-")[0]
    return labels.get(language) or labels.get("en") or next(iter(labels.values()), otherwise)
