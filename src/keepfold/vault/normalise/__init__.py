"""Typed normalisation: each type brings a value into its one form, or refuses it without repeating it.

`normaliser(type, …)` returns a function `(raw, region) -> value`; `region` is an ISO 3166 alpha-2 code or "".
A refusal is a `Refusal` with a stable code and a sentence. Pure: no Django, no clock, no I/O.
"""

from __future__ import annotations

from keepfold.vault.normalise.base import Normaliser, Part, Refusal, TypeOptions
from keepfold.vault.normalise.registry import TYPES, index_form, normaliser, search_form

__all__ = ["TYPES", "Normaliser", "Part", "Refusal", "TypeOptions", "index_form", "normaliser", "search_form"]
