"""Members of staff, their roles, and the first owner."""

from __future__ import annotations

import pytest

from keepfold import gate
from keepfold.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from keepfold.people import actions, queries, rules
from keepfold.people.errors import LastOwner, NoSuchRole, OwnerExists, TokenRefused, TooMuch
from keepfold.people.types import Grants
from tests.people.conftest import SYSTEM, actor

OWNER = {"email": "Olga@Shop.example", "name": "Olga"}


@pytest.fixture
def database(store):
    """Once on SQLite and once on PostgreSQL."""
    return store


def test_the_first_owner_gets_a_token_that_holds_what_owners_hold(door):
    made = actions.bootstrap_owner(actor=SYSTEM, **OWNER)
    found = queries.authenticate(made.issued.token)
    assert found.actions == queries.roles()["owner"].grants.actions
    assert found.purposes == ("*",)
    assert (made.owner.email, made.owner.roles) == ("olga@shop.example", ("owner",))


def test_the_first_owner_is_made_once(door):
    actions.bootstrap_owner(actor=SYSTEM, **OWNER)
    with pytest.raises(OwnerExists):
        actions.bootstrap_owner(actor=SYSTEM, email="mallory@shop.example", name="Mallory")
    assert [one.email for one in actions.list_staff(actor=SYSTEM)] == ["olga@shop.example"]


def test_no_address_of_staff_reaches_the_ledger(door):
    actions.bootstrap_owner(actor=SYSTEM, **OWNER)
    actions.add_staff(actor=SYSTEM, email="ben@shop.example", name="Benjamin", roles=("support",))
    written = repr(door.entries).lower()
    assert "shop.example" not in written
    assert "benjamin" not in written


def test_roles_add_up(door):
    member = actions.add_staff(actor=SYSTEM, email="dora@shop.example", name="Dora", roles=("auditor", "support"))
    dora = queries.staff_actor(member.id)
    for role in ("auditor", "support"):
        assert rules.beyond(Grants(dora.actions, dora.purposes), queries.roles()[role].grants) == Grants()
    assert dora.roles == ("auditor", "support")


def test_an_auditor_opens_no_record_and_support_changes_no_policy(ben):
    auditor = queries.grants_of(("auditor",))
    assert not rules.covers_action(auditor.actions, "vault.record.open")
    assert not rules.covers_action(ben.actions, "policy.version.activate")


@pytest.mark.parametrize("role", list(queries.roles(stored=False)))
def test_every_role_of_the_pack_is_well_formed_and_within_what_owners_hold(role):
    grants = queries.roles(stored=False)[role].grants
    assert rules.misshapen(grants) == ()
    assert rules.names_nothing(grants, gate.known_actions()) == ()
    assert rules.beyond(queries.roles(stored=False)["owner"].grants, grants) == Grants()
    assert set(queries.roles(stored=False)[role].label) == {"en", "de"}


def test_nobody_hands_out_a_role_that_holds_more_than_they_do(door):
    member = actions.add_staff(actor=SYSTEM, email="mallory@shop.example", name="Mallory", roles=("security_lead",))
    mallory = queries.staff_actor(member.id)
    with pytest.raises(TooMuch):
        actions.set_roles(actor=mallory, staff=member.id, roles=("owner",))
    with pytest.raises(TooMuch):
        actions.add_staff(actor=mallory, email="other@shop.example", name="Other", roles=("owner",))
    with pytest.raises(TooMuch):
        actions.define_role(actor=mallory, name="security_lead", actions=("vault.*",), purposes=("*",))
    assert queries.roles_of(member.id) == ("security_lead",)


def test_nobody_takes_a_role_away_that_holds_more_than_they_do(door):
    owners = [
        actions.add_staff(actor=SYSTEM, email=f"{name}@shop.example", name=name, roles=("owner",))
        for name in ("olga", "oskar")
    ]
    mallory = actor("people.*")
    with pytest.raises(TooMuch):
        actions.set_roles(actor=mallory, staff=owners[0].id, roles=())
    with pytest.raises(TooMuch):
        actions.define_role(actor=mallory, name="owner", actions=("people.*",))


def test_the_last_owner_stays(door):
    owner = actions.bootstrap_owner(actor=SYSTEM, **OWNER).owner
    with pytest.raises(LastOwner):
        actions.set_roles(actor=SYSTEM, staff=owner.id, roles=("support",))
    with pytest.raises(LastOwner):
        actions.deactivate_staff(actor=SYSTEM, staff=owner.id)
    actions.add_staff(actor=SYSTEM, email="oskar@shop.example", name="Oskar", roles=("owner",))
    assert actions.set_roles(actor=SYSTEM, staff=owner.id, roles=("support",)).roles == ("support",)


def test_whoever_left_cannot_act_and_their_clients_stay_unless_told(door, ana):
    kept = actions.create_client(actor=ana, name="kept", actions=("vault.record.open",))
    actions.deactivate_staff(actor=SYSTEM, staff=ana.id)
    with pytest.raises(NotFound):
        queries.staff_actor(ana.id)
    assert queries.authenticate(kept.token).id == kept.client.id
    actions.deactivate_staff(actor=SYSTEM, staff=ana.id, with_clients=True)
    with pytest.raises(TokenRefused):
        queries.authenticate(kept.token)


def test_an_installation_may_change_a_role_and_add_its_own(door, ben):
    actions.define_role(actor=SYSTEM, name="support", actions=("vault.record.open",), purposes=("support",))
    assert queries.staff_actor(ben.id).actions == ("vault.record.open",)
    actions.define_role(actor=SYSTEM, name="packer", actions=("vault.record.search",))
    assert actions.set_roles(actor=SYSTEM, staff=ben.id, roles=("packer",)).roles == ("packer",)
    assert queries.staff_actor(ben.id).actions == ("vault.record.search",)
    stored = {role.name for role in actions.list_roles(actor=SYSTEM) if role.stored}
    assert stored == {"support", "packer"}


def test_a_role_that_does_not_exist_is_answered_with_the_nearest(door):
    with pytest.raises(NoSuchRole) as refused:
        actions.add_staff(actor=SYSTEM, email="x@shop.example", name="X", roles=("suport",))
    assert refused.value.next_step == "Did you mean support?"


@pytest.mark.parametrize(
    "email", ["", "no address", "a@b", "a@@shop.example", "x" * 300 + "@shop.example", "a\x00@b.example"]
)
def test_what_is_no_address_is_refused_without_quoting_it(door, email):
    with pytest.raises(Invalid) as refused:
        actions.add_staff(actor=SYSTEM, email=email, name="X")
    assert refused.value.detail == "This is not an e-mail address."
    assert refused.value.__cause__ is None


def test_the_same_address_in_another_case_is_the_same_person(door, ben):
    with pytest.raises(Conflict):
        actions.add_staff(actor=SYSTEM, email="BEN@SHOP.example", name="Ben again")


def test_without_a_grant_staff_is_neither_listed_nor_changed(door, ben):
    for attempt in (
        lambda: actions.list_staff(actor=ben),
        lambda: actions.set_roles(actor=ben, staff=ben.id, roles=()),
        lambda: actions.deactivate_staff(actor=ben, staff=ben.id),
        lambda: actions.list_roles(actor=ben),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_staff_unknown_is_not_found(door):
    with pytest.raises(NotFound):
        actions.set_roles(actor=SYSTEM, staff=bytes(16), roles=())
