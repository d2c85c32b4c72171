"""Making clients: shown once, kept as a hash, and never more than the maker holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfold.gate.types import Actor
from keepfold.kernel import db as kernel_db
from keepfold.kernel.errors import Invalid, NotAllowed
from keepfold.people import actions, queries, rules
from keepfold.people.errors import TooMuch
from keepfold.people.types import Grants
from tests.people.conftest import SYSTEM, actor

TOMORROW = datetime.now(UTC) + timedelta(days=1)


def create(by: Actor = SYSTEM, names=("vault.record.open",), **more):
    return actions.create_client(actor=by, name="shop", actions=names, **more)


def test_a_token_is_kept_as_a_hash_only(door):
    issued = create()
    rows = kernel_db.fetch_all("default", "SELECT kid, digest FROM people_token")
    assert [bytes(digest) for _, digest in rows] == [sha256(issued.token.encode()).digest()]
    assert issued.token.split("_")[2] not in repr(kernel_db.fetch_all("default", "SELECT * FROM people_client"))


def test_a_token_hides_itself_from_logs_and_from_the_ledger(door):
    issued = create()
    assert issued.token not in repr(issued)
    assert issued.token.split("_")[2] not in repr(door.entries)


def test_a_client_acts_with_exactly_what_it_was_given(door):
    issued = create(names=("vault.record.open", "consent.*"), purposes=("support",))
    found = queries.authenticate(issued.token)
    assert (found.kind, found.id, found.name) == ("client", issued.client.id, "shop")
    assert found.actions == ("vault.record.open", "consent.*")
    assert found.purposes == ("support",)


def test_nobody_makes_a_client_that_holds_more_than_they_do(door):
    limited = actor("people.client.create", "vault.record.open", purposes=("support",))
    for names, purposes in [
        (("vault.record.erase",), ("support",)),
        (("vault.*",), ()),
        (("vault.record.open",), ("newsletter",)),
        (("vault.record.open",), ("*",)),
    ]:
        with pytest.raises(TooMuch) as refused:
            create(limited, names, purposes=purposes)
        assert refused.value.rule == "people.no-escalation"
    assert create(limited, ("vault.record.open",), purposes=("support",)).client.grants.purposes == ("support",)


patterns = st.sampled_from(["vault.*", "vault.record.open", "vault.record.seal", "people.*", "people.client.create"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.lists(patterns, max_size=3),
    wanted=st.lists(patterns, min_size=1, max_size=3),
    purposes=st.lists(st.sampled_from(["*", "support"]), max_size=2),
)
def test_however_it_is_asked_a_new_client_never_exceeds_its_maker(door, held, wanted, purposes):
    maker = actor("people.client.create", *held, purposes=("support",))
    excess = rules.beyond(Grants(maker.actions, maker.purposes), Grants(tuple(wanted), tuple(purposes)))
    if excess == Grants():
        assert create(maker, wanted, purposes=purposes).token
    else:
        with pytest.raises(TooMuch):
            create(maker, wanted, purposes=purposes)


def test_whoever_may_not_create_clients_is_refused_and_it_is_written_down(door):
    with pytest.raises(NotAllowed):
        create(actor("vault.*"))
    assert [entry.decision.allowed for entry in door.entries] == [False]


def test_a_client_that_makes_a_client_lends_it_no_more_time_than_it_has(door):
    maker = queries.authenticate(create(names=("people.client.create", "vault.record.open"), expires_at=TOMORROW).token)
    child = create(maker, expires_at=TOMORROW + timedelta(days=9)).client
    assert child.expires_at == TOMORROW.replace(microsecond=0)
    assert create(maker).client.expires_at == TOMORROW.replace(microsecond=0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"names": ()},
        {"names": ("*",)},
        {"names": ("vault.record.opne",)},
        {"names": ("Vault.record.open",)},
        {"names": ("vault.record.open\n",)},
        {"purposes": ("no such thing!",)},
        {"rate": 0},
        {"rate": 10**9},
        {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"expires_at": datetime(2999, 1, 1)},  # noqa: DTZ001  naive on purpose
        {"names": tuple(f"vault.a{number}.*" for number in range(200))},
    ],
)
def test_what_is_misshapen_is_refused(door, wrong):
    with pytest.raises(Invalid):
        create(**wrong)


def test_a_slip_in_an_action_name_is_answered_with_the_nearest(door):
    with pytest.raises(Invalid) as refused:
        create(names=("vault.record.opne",))
    assert "vault.record.open" in (refused.value.next_step or "")


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "bell\x07", "nul\x00"])
def test_a_client_needs_a_plain_name(door, name):
    with pytest.raises(Invalid):
        actions.create_client(actor=SYSTEM, name=name, actions=("vault.record.open",))
