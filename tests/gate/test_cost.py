"""The door must not be felt: what it costs by itself, without decider, ledger and database."""

from __future__ import annotations

import timeit
from contextlib import nullcontext

from keepfold import gate
from keepfold.gate import Decision
from keepfold.kernel import clock, db
from tests.gate.conftest import BEN, CARL

MOST_MICROSECONDS = 15


class Nobody:
    decision = Decision(allowed=True, rules=("r",))

    def decide(self, _context):
        return self.decision

    def lock(self, _people):
        pass

    def append(self, _entry):
        pass


def test_passing_the_gate_costs_at_most_15_microseconds(monkeypatch):
    monkeypatch.setattr(db, "atomic", lambda *_, **__: nullcontext())
    monkeypatch.setattr(clock, "guard", lambda: None)

    @gate.action("shop.order.place", subject="customer", purpose="purpose", fields="fields")
    def place_order(*, actor, customer, purpose, fields=None):
        pass

    def call():
        place_order(actor=BEN, customer=CARL, purpose="delivery", fields=("email",))

    with gate.wired(Nobody(), Nobody()):
        rounds = timeit.repeat(call, number=500, repeat=40)
    # The best of many rounds: what else the machine does can only add.
    assert min(rounds) / 500 * 1e6 <= MOST_MICROSECONDS
