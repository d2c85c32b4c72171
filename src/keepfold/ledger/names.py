"""What the numbers of purposes are called. The policy knows; the site hands it over, because the ledger lies below."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Labels = Mapping[str, str]
Names = Callable[[], Mapping[int, Labels]]


class _State:
    """What the site has handed over; None until then."""

    purposes: Names | None = None


def wire(*, purposes: Names | None) -> None:
    """Hand over who names purposes: {number: {language: label}}, those of former policies included."""
    _State.purposes = purposes


def purposes() -> Mapping[int, Labels]:
    """Return what purposes are called, by number; nothing while nobody was handed over who knows."""
    return {} if _State.purposes is None else _State.purposes()
