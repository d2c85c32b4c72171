"""What the console's pages about people lean on: narrowed lists, bringing somebody back, roles set back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine

from keepfold.kernel.errors import Conflict
from keepfold.people import actions, queries
from keepfold.people.errors import NoSuchRole, TooMuch
from tests.people.conftest import SYSTEM, actor, forget


@pytest.fixture
def database(store):
    """Once on SQLite and once on PostgreSQL."""
    return store


def names(**asked):
    return [one.name for one in actions.list_staff(actor=SYSTEM, **asked)]


def test_staff_are_found_by_a_part_of_name_or_address_by_role_and_by_whether_they_act(door, ana, ben):
    actions.deactivate_staff(actor=SYSTEM, staff=ben.id)
    assert names(search="AN") == ["Ana"]
    assert names(search="ben@shop") == ["Ben"]
    assert names(search="shop example") == ["Ana", "Ben"]
    assert names(role="support") == ["Ben"]
    assert names(active=True) == ["Ana"]
    assert names(only=ana.id) == ["Ana"]
    assert names(search="%") == []


def test_what_was_searched_for_stays_out_of_the_ledger_but_whose_page_was_opened_is_in_it(door, ana):
    actions.list_staff(actor=SYSTEM, search="Ana")
    actions.list_staff(actor=SYSTEM, only=ana.id)
    assert "Ana" not in repr(door.entries[-2])
    assert ana.name in repr(door.entries[-1].details)


def test_somebody_who_was_deactivated_comes_back_with_the_roles_they_held(door, ben):
    actions.deactivate_staff(actor=SYSTEM, staff=ben.id)
    assert actions.reactivate_staff(actor=SYSTEM, staff=ben.id).is_active
    assert queries.staff_actor(ben.id).roles == ("support",)


def test_nobody_brings_somebody_back_who_holds_more_than_they_do(door, ana):
    actions.deactivate_staff(actor=SYSTEM, staff=ana.id)
    with pytest.raises(TooMuch):
        actions.reactivate_staff(actor=actor("people.*"), staff=ana.id)


def test_a_role_is_set_back_to_what_comes_with_keepfold(door):
    actions.define_role(actor=SYSTEM, name="support", actions=("vault.record.open",))
    assert actions.reset_role(actor=SYSTEM, name="support") == queries.roles(stored=False)["support"]
    assert not queries.roles()["support"].stored
    with pytest.raises(NoSuchRole):
        actions.reset_role(actor=SYSTEM, name="support")


def test_an_own_role_goes_only_when_nobody_holds_it(door, ben):
    actions.define_role(actor=SYSTEM, name="packer", actions=("vault.record.search",))
    actions.set_roles(actor=SYSTEM, staff=ben.id, roles=("packer",))
    with pytest.raises(Conflict) as refused:
        actions.reset_role(actor=SYSTEM, name="packer")
    assert refused.value.extra == {"held_by": 1}
    actions.set_roles(actor=SYSTEM, staff=ben.id, roles=("support",))
    assert actions.reset_role(actor=SYSTEM, name="packer") is None
    assert "packer" not in queries.roles()


def test_nobody_sets_a_role_back_to_more_than_they_hold(door):
    actions.define_role(actor=SYSTEM, name="privacy_lead", actions=("people.client.list",))
    with pytest.raises(TooMuch):
        actions.reset_role(actor=actor("people.*"), name="privacy_lead")


def test_what_owners_hold_stays_whole(door):
    with pytest.raises(Conflict):
        actions.define_role(actor=SYSTEM, name="owner", actions=("people.*",))
    assert not queries.roles()["owner"].stored


def test_clients_are_narrowed_to_one_or_to_their_maker_and_never_show_a_token(door, ana):
    first = actions.create_client(actor=ana, name="shop", actions=("vault.record.open",)).client
    actions.create_client(actor=SYSTEM, name="desk", actions=("vault.record.open",))
    assert [one.name for one in actions.list_clients(actor=SYSTEM, maker=ana.id)] == ["shop"]
    assert actions.list_clients(actor=SYSTEM, only=first.id) == [first]


def test_staff_are_listed_by_name_and_the_list_goes_on_where_it_ended(door):
    for name in ("Dora", "Ben", "Ana", "Ben"):
        actions.add_staff(actor=SYSTEM, email=f"{len(names())}@shop.example", name=name)
    first = actions.list_staff(actor=SYSTEM, by_name=True, limit=2)
    rest = actions.list_staff(actor=SYSTEM, by_name=True, after=first[-1].id)
    assert [one.name for one in [*first, *rest]] == ["Ana", "Ben", "Ben", "Dora"]
    assert len({one.id for one in [*first, *rest]}) == 4
    back = actions.list_staff(actor=SYSTEM, by_name=True, falling=True, after=rest[0].id)
    assert [one.id for one in back] == [one.id for one in reversed(first)]


def test_clients_are_found_by_name_and_by_how_they_stand(door, ana):
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=UTC), tick=False):
        old = actions.create_client(actor=ana, name="Old 100%", actions=("vault.record.open",))
    with time_machine.travel(datetime(2027, 2, 1, tzinfo=UTC), tick=False) as moment:
        new = actions.create_client(
            actor=ana, name="New", actions=("vault.record.open",), expires_at=datetime(2027, 3, 1, tzinfo=UTC)
        )
        moment.shift(1)
        gone = actions.create_client(actor=ana, name="Gone", actions=("vault.record.open",))
        actions.revoke_client(actor=SYSTEM, client=gone.client.id)
        assert states() == {"alive": ["New"], "idle": ["Old 100%"], "expired": [], "revoked": ["Gone"]}
        assert queries.idle_clients() == 1
        forget()
        queries.authenticate(old.token)
        assert states()["idle"] == []
    with time_machine.travel(datetime(2027, 3, 2, tzinfo=UTC), tick=False):
        assert states()["expired"] == ["New"]
        assert [one.name for one in actions.list_clients(actor=SYSTEM, falling=True)] == ["Gone", "New", "Old 100%"]
        assert [one.name for one in actions.list_clients(actor=SYSTEM, search="0%")] == ["Old 100%"]
        assert actions.list_clients(actor=SYSTEM, search="_") == []
    assert new.client.expires_at == datetime(2027, 3, 1, tzinfo=UTC)


def states():
    return {
        state: [one.name for one in actions.list_clients(actor=SYSTEM, state=state)]
        for state in ("alive", "idle", "expired", "revoked")
    }


def test_the_clients_that_end_with_one_are_known_before(door, ana):
    shop = actions.create_client(actor=ana, name="shop", actions=("people.client.*", "vault.record.open"))
    below = actions.create_client(
        actor=queries.authenticate(shop.token), name="till", actions=("people.client.create", "vault.record.open")
    )
    actions.create_client(actor=queries.authenticate(below.token), name="drawer", actions=("vault.record.open",))
    assert sorted(one.name for one in queries.made_with(shop.client.id)) == ["drawer", "till"]


def test_names_of_staff_and_clients_are_told_by_id(door, ana):
    shop = actions.create_client(actor=ana, name="shop", actions=("vault.record.open",)).client
    assert queries.names_of([ana.id, shop.id, queries.OPERATOR_ID, bytes(16)]) == {ana.id: "Ana", shop.id: "shop"}


def test_holders_are_counted_by_role_without_those_who_left(door, ana, ben):
    actions.deactivate_staff(actor=SYSTEM, staff=ben.id)
    assert queries.counts() == {"privacy_lead": 1}
