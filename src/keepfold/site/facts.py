"""What the status page and `keepfold status` say: counts and names, never anything about one person."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import keepfold
from keepfold.kernel import clock
from keepfold.site import health, wiring
from keepfold.site.types import Ledger, Policy

T = TypeVar("T")


class Step(NamedTuple):
    """One thing to do next."""

    icon: str
    title: str
    text: str
    command: str

    @property
    def words(self) -> list[str]:
        """Return the words of the command, so that a narrow screen breaks between them."""
        return self.command.split()


class Figure(NamedTuple):
    """One number, what it counts and what it means."""

    name: str
    value: str
    note: str


class Check(NamedTuple):
    """One check of readiness with its name for people."""

    name: str
    ok: bool
    word: str


class Facts(NamedTuple):
    """Everything on the page. A part that could not be asked is None: unknown, not zero."""

    at: datetime
    version: str
    words: dict[str, str]
    policy: Policy | None
    ledger: Ledger | None
    customers: int | None

    @property
    def ready(self) -> bool:
        """Say whether every check is in order."""
        return all(word == "ok" for word in self.words.values())

    @property
    def entries(self) -> str:
        """Return the number of entries as people write it."""
        return number(self.ledger and self.ledger.size)

    @property
    def signed(self) -> str:
        """Return the size of the last checkpoint as people write it."""
        return number(self.ledger and self.ledger.checkpoint_size)

    @property
    def api(self) -> str:
        """Return where programs find the API."""
        return "/api/v1/docs"

    @property
    def checks(self) -> list[Check]:
        """Return the checks with names for people."""
        names = {
            "data": _("Data store"),
            "keys": _("Key store"),
            "migrations": _("Tables"),
            "clock": _("Clock"),
            "ledger": _("Worker"),
        }
        return [Check(names.get(name, name), word == "ok", word) for name, word in self.words.items()]

    @property
    def trouble(self) -> list[str]:
        """Return what is not in order, for people."""
        return [f"{check.name}: {check.word}" for check in self.checks if not check.ok]

    @property
    def statement(self) -> str:
        """Return the one sentence that says how things are."""
        if not self.ready:
            return _("Something needs you before Keepfold can go on.")
        if self.policy is None:
            return _("No policy is active, so nothing is held and nothing can be.")
        if not self.customers:
            return _("The policy is in force. Nobody's data is held yet.")
        return ngettext(
            "%(number)s customer is held as promised.", "%(number)s customers are held as promised.", self.customers
        ) % {"number": number(self.customers)}

    @property
    def figures(self) -> list[Figure]:
        """Return the numbers of the page."""
        policy, ledger = self.policy, self.ledger
        return [
            Figure(_("Customers"), number(self.customers), _("each under keys of their own")),
            Figure(_("Ledger entries"), number(ledger and ledger.size), _("openings and refusals alike")),
            Figure(_("Purposes"), number(policy and policy.purposes), _("nothing opens without one")),
            Figure(_("Data items"), number(policy and policy.items), _("anything else is refused")),
        ]

    @property
    def steps(self) -> list[Step]:
        """Return what to do next, the most needed first."""
        if not self.ready:
            return [_repair()]
        if self.policy is None:
            return [_write_policy(), _activate(), _verify()]
        return [_read(), _import(), _verify()] if self.customers else [_import(), _read(), _verify()]

    def document(self) -> dict[str, Any]:
        """Return the facts for programs."""
        return {
            "version": self.version,
            "ready": self.ready,
            "checks": self.words,
            "policy": self.policy._asdict() if self.policy else None,
            "ledger": self.ledger._asdict() if self.ledger else None,
            "customers": self.customers,
        }


def number(value: int | None) -> str:
    """Return a number as people write it in the language of the request, or the word for unknown."""
    return _("unknown") if value is None else str(number_format(value, use_l10n=True, force_grouping=True))


_KEEP_S = 2.0


class _Last:
    """What this process found last. Counting a million rows for every visitor would be a gift to whoever floods."""

    at: float = -1e9
    facts: Facts | None = None


def gather() -> Facts:
    """Return the facts, at most two seconds old."""
    if _Last.facts is None or time.monotonic() - _Last.at > _KEEP_S:
        _Last.facts, _Last.at = ask(), time.monotonic()
    return _Last.facts


def forget() -> None:
    """Ask the rooms anew at the next question."""
    _Last.facts = None


def ask() -> Facts:
    """Ask every room; a room that cannot answer leaves a gap."""
    return Facts(
        clock.now(),
        keepfold.__version__,
        dict(health.readiness()),
        _or_none(wiring.active_policy),
        _or_none(wiring.ledger_state),
        _or_none(wiring.count_customers),
    )


def _or_none(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Exception:  # noqa: BLE001  the page must come up most of all when something is broken
        return None


def _repair() -> Step:
    return Step(
        "settings-2", _("Find out what is wrong"), _("Checks files, keys, databases and clock."), "keepfold doctor"
    )


def _write_policy() -> Step:
    return Step(
        "pencil-ruler",
        _("Write the policy"),
        _("Start from the template that is nearest to your trade."),
        "keepfold policy init shop > policy.yaml",
    )


def _activate() -> Step:
    return Step(
        "scroll-text",
        _("Put it in force"),
        _("It is checked first; what is wrong is named with its line."),
        "keepfold policy activate policy.yaml",
    )


def _import() -> Step:
    return Step(
        "file-up",
        _("Bring a customer table"),
        _("A dry run names each column that no purpose needs. Nothing is stored before --apply."),
        "keepfold import customers.csv",
    )


def _read() -> Step:
    return Step(
        "lock-open",
        _("Open one customer for a purpose"),
        _("The opening is in the ledger before you see a value. Another purpose may be refused, and says why."),
        "keepfold customer show ID --purpose support",
    )


def _verify() -> Step:
    return Step(
        "shield-check",
        _("Verify the ledger"),
        _("Every entry is hashed anew; a changed, missing or swapped one is named."),
        "keepfold ledger verify",
    )
