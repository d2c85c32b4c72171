"""Yes and no: booleans, 0 and 1, and the usual words in a few languages."""

from __future__ import annotations

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, require_text

_YES = ("true", "yes", "y", "1", "on", "ja", "j", "wahr", "oui", "vrai", "si", "sí", "verdadero", "sim", "tak")
_NO = ("false", "no", "n", "0", "off", "nein", "falsch", "non", "faux", "falso", "não", "nie")
_WORDS = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)


def boolean(_options: TypeOptions) -> Normaliser:
    """Return the normaliser of booleans."""
    return _normalise


def _normalise(raw: object, _region: str) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int) and raw in (0, 1):
        return bool(raw)
    found = _WORDS.get(require_text(raw, 20).casefold())
    if found is None:
        raise Refusal("boolean.malformed", "It is neither yes nor no.")
    return found
