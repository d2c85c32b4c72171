"""Whatever calls whatever, is denied, fails and is caught: rows and entries belong together, and no denial is lost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfold import gate
from keepfold.gate import Decision
from keepfold.kernel import db
from keepfold.kernel.errors import Conflict, KeepfoldError, NotAllowed
from tests.gate.conftest import BEN, Decider, Recorder, orders, put


@dataclass
class Step:
    """One call: what it is, whether it is denied, how its body ends, whether its caller catches that."""

    reads: bool
    denied: bool
    ends: str
    caught: bool
    inside: list[Step] = field(default_factory=list)
    name: str = ""


def steps(inside):
    return st.builds(
        Step,
        reads=st.booleans(),
        denied=st.sampled_from([False, False, False, True]),
        ends=st.sampled_from(["well", "well", "well", "fails", "refuses"]),
        caught=st.booleans(),
        inside=st.lists(inside, max_size=3),
    )


def leaf(step):
    step.inside = []
    return step


TREES = st.recursive(steps(st.none()).map(leaf), steps, max_leaves=8)


class Deciding(Decider):
    """Denies what the step says."""

    def decide(self, context):
        denied = context.details["denied"]
        return Decision(allowed=not denied, rules=("shop.rule",))


def about(given):
    return {"step": given["step"].name, "denied": given["step"].denied}


def walk(step: Step, call) -> None:
    """Do what a step says, calling others by `call`."""
    if not step.reads:
        put(step.name)
    for each in step.inside:
        try:
            call(each)
        except KeepfoldError:
            if not each.caught:
                raise
    if step.ends == "fails":
        raise Conflict("failed")
    if step.ends == "refuses":
        raise NotAllowed("refused")


def define():
    """Define the two actions that walk a tree; return a function that calls the right one."""

    @gate.action("shop.order.place", details=about)
    def write(*, actor, step):
        walk(step, call)

    @gate.action("shop.order.read", details=about, log="before")
    def read(*, actor, step):
        walk(step, call)

    def call(step):
        (read if step.reads else write)(actor=BEN, step=step)

    return call


@dataclass
class Expected:
    """What a step leaves: rows and entries that go with its transaction, and entries that stay in any case."""

    rows: list[str]
    entries: list[tuple[str, bool]]
    stay: list[tuple[str, bool]]
    raised: str | None


def expect(step, *, within: bool) -> Expected:
    """Work out by the rules of the gate's documentation what a call leaves behind."""
    if step.denied:
        return Expected([], [], [(step.name, False)], "denied")
    mine = Expected([] if step.reads else [step.name], [], [(step.name, True)] if step.reads else [], None)
    for each in step.inside:
        inner = expect(each, within=within or not step.reads)
        mine.rows += inner.rows
        mine.entries += inner.entries
        mine.stay += inner.stay
        if inner.raised and not each.caught:
            mine.raised = "passed-on" if inner.raised != "failed" else "failed"
            break
    else:
        mine.raised = {"well": None, "fails": "failed", "refuses": "refused"}[step.ends]
    if mine.raised == "refused":
        mine.stay.append((step.name, False))
    if not step.reads:
        if mine.raised:
            mine.rows, mine.entries = [], []
        else:
            mine.entries.append((step.name, True))
    return mine


@pytest.fixture
def table(stores):
    db.execute(
        "default", "CREATE TABLE gate_entry (n INTEGER PRIMARY KEY, id BLOB UNIQUE, action text, allowed integer)"
    )
    db.execute("default", "CREATE TABLE shop_order (name text PRIMARY KEY)")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES)
def test_rows_and_entries_belong_together_and_nothing_that_must_stay_is_lost(table, tree):
    db.execute("default", "DELETE FROM gate_entry")
    db.execute("default", "DELETE FROM shop_order")
    number = itertools.count()

    def label(step):
        step.name = f"s{next(number)}"
        for each in step.inside:
            label(each)

    label(tree)
    call = define()
    recorder = Recorder()
    with gate.wired(Deciding(), recorder):
        try:
            call(tree)
            raised = False
        except KeepfoldError:
            raised = True
    expected = expect(tree, within=False)
    kept = recorder.kept()
    assert raised == bool(expected.raised)
    assert orders() == sorted(expected.rows)
    assert sorted((entry.details["step"], entry.decision.allowed) for entry in kept) == sorted(
        expected.entries + expected.stay
    )
    assert {entry.cause for entry in kept} - {None} <= {entry.id for entry in kept}, "a cause is an entry that stands"
