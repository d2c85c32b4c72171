"""Versions: submitted once, activated by as many people as it takes, decisive from that transaction on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keepfold.kernel import config, db
from keepfold.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from keepfold.policy import queries
from keepfold.policy.actions import activate, submit_version
from keepfold.policy.errors import NoPolicy, PolicyDamaged
from keepfold.policy.templates import text_of
from tests.policy.base import GONE, plain, text
from tests.policy.conftest import ANA, MALLORY, OLGA

SHOP = text_of("shop")
OTHER = SHOP.replace("P90D", "P120D")


def in_force(source: str = SHOP) -> str:
    version = submit_version(actor=ANA, source=source).version
    assert activate(actor=ANA, version=version).status == "active"
    return version


def events() -> list[str]:
    return [row[0] for row in db.fetch_all("default", "SELECT kind FROM kernel_event ORDER BY seq")]


def test_before_any_policy_is_active_there_is_no_schema(room):
    with pytest.raises(NoPolicy) as caught:
        queries.schema()
    assert caught.value.code == "policy.none-active"
    assert queries.versions() == ()


def test_a_submitted_version_is_stored_and_decides_nothing_yet(room):
    info = submit_version(actor=ANA, source=SHOP.encode())
    assert (info.policy_id, info.active, info.effective_from) == ("shop", False, "2026-01-01")
    assert queries.check(SHOP).version == info.version
    assert queries.source(info.version) == SHOP
    assert queries.document(info.version) == plain("shop")
    with pytest.raises(NoPolicy):
        queries.active()
    assert room.entry().details == {"version": info.version, "policy": "shop"}
    assert events() == ["policy.PolicySubmitted"]


def test_submitting_again_changes_nothing(room):
    first = submit_version(actor=ANA, source=SHOP)
    again = submit_version(actor=OLGA, source="# the same in other words\n" + SHOP)
    assert again == first
    assert len(queries.versions()) == 1
    assert events() == ["policy.PolicySubmitted"]


def test_a_policy_with_errors_is_not_stored(room):
    with pytest.raises(Invalid) as caught:
        submit_version(actor=ANA, source=text("shop", {"data.fax": plain("shop")["data"]["city"]}))
    assert caught.value.rule == "data.unused"
    assert queries.versions() == ()


def test_a_policy_whose_examples_come_out_differently_is_not_stored(room):
    with pytest.raises(Invalid) as caught:
        submit_version(actor=ANA, source=text("shop", {"examples.0.expect": "denied", "examples.0.shown": GONE}))
    assert caught.value.code == "policy.examples-fail"
    assert queries.versions() == ()


def test_activation_counts_at_once(room):
    version = in_force()
    assert queries.active().version == version
    assert queries.schema().purposes["fulfil_order"].retention.keep == "P90D"
    second = in_force(OTHER)
    assert queries.active().version == second
    assert queries.schema().purposes["fulfil_order"].retention.keep == "P120D"
    assert [info.active for info in queries.versions()] == [True, False]


def test_activation_says_what_changes_and_whether_it_is_material(room):
    first = in_force()
    done = activate(actor=ANA, version=submit_version(actor=ANA, source=OTHER).version)
    assert done.previous == first
    assert done.material
    assert [change.kind for change in done.changes] == ["retention.longer"]
    assert queries.diff(first, "active") == done.changes
    assert (room.entry().details["wider"], room.entry().details["material"]) == (1, True)
    row = db.fetch_one("default", "SELECT payload FROM kernel_event ORDER BY seq DESC LIMIT 1")
    assert b"fulfil_order" in row[0]


def test_activating_the_active_version_again_changes_nothing(room):
    version = in_force()
    before = queries.active().activated_us
    assert activate(actor=OLGA, version=version).status == "active"
    assert queries.active().activated_us == before


def test_an_earlier_version_can_be_brought_back(room):
    first = in_force()
    in_force(OTHER)
    assert activate(actor=ANA, version=first[:12]).status == "active"
    assert queries.active().version == first


def test_nobody_activates_without_the_grant(room):
    version = submit_version(actor=ANA, source=SHOP).version
    with pytest.raises(NotAllowed) as caught:
        activate(actor=MALLORY, version=version)
    assert caught.value.rule == "actor.action"
    assert not room.entry().decision.allowed
    with pytest.raises(NoPolicy):
        queries.active()


def test_a_version_that_holds_later_cannot_be_activated_now(room):
    version = submit_version(actor=ANA, source=SHOP.replace("2026-01-01", "2999-01-01")).version
    with pytest.raises(Conflict) as caught:
        activate(actor=ANA, version=version)
    assert caught.value.code == "policy.not-effective"


@pytest.mark.parametrize("version", ["", "active", "0" * 64, "zzzzzzzz", "abc", "%", "____________"])
def test_a_version_that_nobody_submitted_cannot_be_activated(room, version):
    submit_version(actor=ANA, source=SHOP)
    with pytest.raises((NotFound, NoPolicy)):
        activate(actor=ANA, version=version)


def test_two_people_are_needed_when_configured(room):
    version = submit_version(actor=ANA, source=SHOP).version
    config.use(replace(config.current(), two_person_activation=True))
    for _ in range(2):
        waiting = activate(actor=ANA, version=version)
        assert (waiting.status, waiting.missing) == ("awaiting", 1)
    with pytest.raises(NoPolicy):
        queries.active()
    assert queries.versions()[0].approvals == 1
    assert activate(actor=OLGA, version=version).status == "active"
    assert queries.active().version == version
    assert queries.versions()[0].approvals == 0


def test_an_old_yes_does_not_bring_a_version_back(room):
    config.use(replace(config.current(), two_person_activation=True))
    first = submit_version(actor=ANA, source=SHOP).version
    activate(actor=ANA, version=first)
    activate(actor=OLGA, version=first)
    second = submit_version(actor=ANA, source=OTHER).version
    activate(actor=ANA, version=second)
    activate(actor=OLGA, version=second)
    assert activate(actor=ANA, version=first).status == "awaiting"


def test_numbers_are_kept_from_version_to_version(room):
    in_force()
    before = queries.schema()
    moved = plain("shop", {"data.city": GONE, "examples": []})
    items = {"town": plain("shop")["data"]["city"] | {"was": "city"}, **moved["data"]}
    for purpose in moved["purposes"].values():
        if "city" in purpose["data"]:
            purpose["data"]["town"] = purpose["data"].pop("city")
    in_force(json.dumps(moved | {"data": items}))
    after = queries.schema()
    assert after.fields["town"].number == before.fields["city"].number
    assert after.fields["email"].number == before.fields["email"].number
    assert after.compartments == before.compartments


def test_a_stored_policy_that_was_tampered_with_decides_nothing(room):
    version = in_force()
    queries._compiled.clear()
    sql = "UPDATE policy_version SET source = replace(source, 'P90D', 'P99D') WHERE version = %s"
    assert db.execute("default", sql, [version]) == 1
    with pytest.raises(PolicyDamaged):
        queries.active()


def test_a_stored_policy_that_is_no_policy_any_more_decides_nothing(room):
    version = in_force()
    queries._compiled.clear()
    db.execute("default", "UPDATE policy_version SET source = 'policy: 1' WHERE version = %s", [version])
    with pytest.raises(Invalid) as caught:
        queries.active()
    assert caught.value.code == "policy.unreadable"
    assert activate(actor=ANA, version=submit_version(actor=ANA, source=OTHER).version).material


def test_the_compiled_policy_is_made_once_per_process(room):
    in_force()
    assert queries.active() is queries.active()
