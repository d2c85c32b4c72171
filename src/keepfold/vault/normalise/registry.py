"""Which function normalises which type, and the form in which a value enters a blind index."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions
from keepfold.vault.normalise.boolean import boolean
from keepfold.vault.normalise.card import card
from keepfold.vault.normalise.country import country
from keepfold.vault.normalise.date import date
from keepfold.vault.normalise.email import email
from keepfold.vault.normalise.iban import iban
from keepfold.vault.normalise.number import number
from keepfold.vault.normalise.phone import phone
from keepfold.vault.normalise.postcode import postcode
from keepfold.vault.normalise.structure import listing, structure
from keepfold.vault.normalise.text import name, text

_SIMPLE: Mapping[str, Callable[[TypeOptions], Normaliser]] = {
    "text": text,
    "name": name,
    "email": email,
    "phone": phone,
    "date": date,
    "number": number,
    "boolean": boolean,
    "country": country,
    "postcode": postcode,
    "card": card,
    "iban": iban,
}
TYPES = (*_SIMPLE, "list", "structure")


def normaliser(kind: str, options: TypeOptions) -> Normaliser:
    """Return the function that normalises values of one type. Raises `Refusal` for a type that does not exist."""
    if kind in _SIMPLE:
        return _SIMPLE[kind](options)
    if kind == "list":
        return listing(options, normaliser)
    if kind == "structure":
        return structure(options, normaliser)
    raise Refusal("type.unknown", f"There is no type {kind}.")


def index_form(kind: str) -> Callable[[Any], bytes]:
    """Return the function from a normalised value to the bytes that a blind index hashes.

    E-mail addresses and texts are compared without regard to case and compatibility forms (NFKC and case folding),
    because that is how people search; all other types have one form only.
    """
    return _folded if kind in {"email", "name", "text", "postcode"} else _plain


def search_form(kind: str, options: TypeOptions, raw: object, region: str) -> bytes:
    """Return what a search value hashes to, normalised as on intake. Raises `Refusal`."""
    return index_form(kind)(normaliser(kind, options)(raw, region))


def _folded(value: str) -> bytes:
    if value.isascii():
        return value.lower().encode()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).encode()


def _plain(value: Any) -> bytes:
    return str(value).encode()
