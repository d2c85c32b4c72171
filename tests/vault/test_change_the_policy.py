"""A new version of the policy over a vault that holds people: what may not move, and indexes that come later."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from keepfold.kernel import db
from keepfold.kernel.errors import Conflict, Unavailable
from keepfold.ledger import actions as ledger
from keepfold.ledger import queries as log
from keepfold.ledger.jobs import sequence
from keepfold.policy import actions as policy
from keepfold.policy import places, queries
from keepfold.policy.templates import names
from keepfold.site import wiring
from keepfold.vault import actions, indexing, jobs, rules
from keepfold.vault.errors import IdentityTaken, IndexUnfinished
from tests.policy.base import GONE, text
from tests.support import cast

SHOP = "media-shop"
NOTE = {"label": {"en": "A note", "de": "Eine Notiz"}, "type": "text", "compartment": "contact", "source": "subject"}
WITH_NOTE = {"data.note": NOTE, "purposes.support.data.note": "optional", "examples": []}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def here(request, home) -> Iterator[cast.Installation]:
    """Return the real installation, with Carl in the vault, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("installation")
    else:
        request.getfixturevalue("postgres_stores")
        cast.set_up()
        yield cast.enter(home)


def unwired() -> type:
    """Return what the policy room has before the site has wired it, as a process of its own would see it."""
    spec = importlib.util.find_spec("keepfold.policy.places")
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    return fresh._Wired


def activate(here, edits: dict[str, object] | None = None, template: str = SHOP) -> policy.Activation:
    version = policy.submit_version(actor=here.operator, source=text(template, {"examples": [], **(edits or {})}))
    return policy.activate(actor=here.operator, version=version.version)


def refused(here, edits: dict[str, object]) -> Conflict:
    before = queries.active().version
    with pytest.raises(Conflict) as caught:
        activate(here, edits)
    assert (caught.value.code, caught.value.rule) == ("policy.values-held", "policy.values-held")
    assert queries.active().version == before
    return caught.value


def seal(here, **values: str) -> bytes:
    return actions.seal(actor=here.operator, values=values).id


def find(here, field: str, value: str) -> list[bytes]:
    return actions.search(actor=here.operator, field=field, value=value, purpose="support")


def index_rows(person: bytes) -> set[tuple[int, bytes]]:
    tables = ("vault_identity", "vault_index")
    sql = " UNION ALL ".join(f"SELECT slot, tag FROM {table} WHERE person = %s" for table in tables)
    return {(row[0], row[1]) for row in db.fetch_all("default", sql, [person, person])}


def tags_of(person: bytes) -> set[tuple[int, bytes]]:
    row = db.fetch_one("default", "SELECT tags FROM vault_person WHERE id = %s", [person])
    return set(rules.unpack_tags(row[0]))


def test_no_item_moves_to_another_compartment_while_somebody_is_held(here):
    error = refused(here, {"data.phone.compartment": "calls"})
    assert "`phone` moves from the compartment `contact` to `calls`" in error.detail
    assert "new name (without `was`)" in error.next_step
    opened = actions.open_record(actor=here.operator, person=here.carl, purpose="fulfil_order", fields=("phone",))
    assert opened.values == {"phone": "+46701740605"}


def test_a_value_that_is_removed_is_gone_however_the_policy_changes_later(here):
    refused(here, {"data.phone.compartment": "calls"})
    actions.update(actor=here.operator, person=here.carl, values={"phone": None})
    activate(here, {"data.phone.label": {"en": "Mobile", "de": "Mobil"}})
    opened = actions.open_record(actor=here.operator, person=here.carl, purpose="fulfil_order")
    assert "phone" not in opened.values


def test_no_item_gets_another_type_while_somebody_is_held(here):
    error = refused(here, {"data.city.type": "number", "data.city.max_length": GONE})
    assert "`city` is of the type `number` instead of `text`" in error.detail


def test_an_item_that_was_dropped_comes_back_to_where_its_values_lie_or_not_at_all(here):
    activate(here, WITH_NOTE)
    actions.update(actor=here.operator, person=here.carl, values={"note": "likes jazz"})
    activate(here)
    moved = {**WITH_NOTE, "data.note": {**NOTE, "compartment": "address"}}
    assert "`note` moves from the compartment `contact` to `address`" in refused(here, moved).detail
    number = {**NOTE, "type": "number", "was": "note"}
    renamed = {"data.remark": number, "purposes.support.data.remark": "optional"}
    assert "`remark` is of the type `number`" in refused(here, renamed).detail
    activate(here, WITH_NOTE)
    opened = actions.open_record(actor=here.operator, person=here.carl, purpose="support", fields=("note",))
    assert opened.values == {"note": "likes jazz"}


def test_the_same_item_under_a_new_name_may_lie_anywhere(here):
    activate(here, WITH_NOTE)
    other = {"data.remark": {**NOTE, "compartment": "address"}, "purposes.support.data.remark": "optional"}
    assert activate(here, other).status == "active"


def test_when_everybody_is_erased_items_may_move(here):
    refused(here, {"data.phone.compartment": "calls"})
    actions.erase(actor=here.operator, person=here.carl, reason="asked")
    assert activate(here, {"data.phone.compartment": "calls"}).status == "active"
    person = seal(here, phone="+46 70 174 06 05", first_name="Carl")
    assert find(here, "phone", "+46701740605") == [person]
    assert "from the compartment `calls`" in refused(here, {}).detail


def test_when_everybody_is_erased_an_item_that_was_dropped_may_come_back_elsewhere(here):
    activate(here, WITH_NOTE)
    actions.erase(actor=here.operator, person=here.carl, reason="asked")
    activate(here)
    seal(here, first_name="Somebody")
    assert activate(here, {**WITH_NOTE, "data.note": {**NOTE, "compartment": "address"}}).status == "active"


def test_while_nobody_knows_whether_people_are_held_no_item_moves(installation, monkeypatch):
    actions.erase(actor=installation.operator, person=installation.carl, reason="asked")
    monkeypatch.setattr(places, "_Wired", unwired())
    refused(installation, {"data.phone.compartment": "calls"})


def test_a_structure_may_get_further_parts_but_loses_none_that_is_held(here):
    parts = {"street": "text", "city": "text"}
    item = {
        "label": {"en": "Home", "de": "Zuhause"},
        "type": "structure",
        "of": parts,
        "compartment": "address",
        "source": "subject",
    }
    more = {"purposes.support.data.home": "optional"}
    activate(here, {"data.home": item, **more})
    assert activate(here, {"data.home": {**item, "of": {**parts, "floor": "text"}}, **more}).status == "active"
    refused(here, {"data.home": {**item, "of": parts}, **more})


@pytest.mark.parametrize("template", sorted(set(names()) - {"shop"}))
def test_an_installation_that_began_with_the_demonstrations_shop_may_take_any_other_template(installation, template):
    actions.erase(actor=installation.operator, person=installation.carl, reason="to begin as a shop")
    wiring.activate_template("shop")
    seal(
        installation,
        email="carl@example.org",
        first_name="Carl",
        phone="+46 70 174 06 05",
        iban="SE4550000000058398257466",
    )
    wiring.activate_template(template)
    assert queries.active().policy_id == template
    wiring.activate_template("shop")


def test_all_templates_agree_on_where_an_item_lies_and_of_which_type_it_is(installation):
    found: dict[str, set[tuple[str, str]]] = {}
    for name in names():
        version = policy.submit_version(actor=installation.operator, source=queries.template(name)).version
        for item, spec in queries.schema_of_version(version)[1].fields.items():
            found.setdefault(item, set()).add((spec.compartment, spec.type))
    assert {item: places for item, places in found.items() if len(places) > 1} == {}


def test_who_is_held_is_found_by_an_index_that_comes_later_once_it_is_built(here):
    activate(here, {"data.phone.index": GONE})
    others = [seal(here, first_name=f"P{number}", phone="+46 70 174 06 05") for number in range(3)]
    nameless = seal(here, first_name="Nobody")
    activate(here)
    with pytest.raises(IndexUnfinished) as caught:
        find(here, "phone", "+46701740605")
    assert isinstance(caught.value, Unavailable)
    assert "0 of 5 people" in caught.value.detail
    late = seal(here, first_name="Late", phone="+46701740605")
    jobs.index()
    assert find(here, "phone", "+46701740605") == sorted([here.carl, *others, late])
    for person in (here.carl, *others, nameless, late):
        assert tags_of(person) == index_rows(person)
    actions.erase(actor=here.operator, person=others[0], reason="asked")
    assert index_rows(others[0]) == set()


def test_an_index_goes_on_where_it_was_interrupted_and_every_step_is_in_the_ledger(here, monkeypatch):
    activate(here, {"data.phone.index": GONE})
    monkeypatch.setattr(indexing, "_STEP", 2)
    for number in range(3):
        seal(here, first_name=f"P{number}", phone="+46 70 174 06 05")
    activate(here)
    assert actions.rebuild_index(actor=here.operator)
    with pytest.raises(IndexUnfinished) as caught:
        find(here, "phone", "+46701740605")
    assert "2 of 4 people" in caught.value.detail
    jobs.index()
    jobs.index()
    assert len(find(here, "phone", "+46701740605")) == 4
    assert not actions.rebuild_index(actor=here.operator)
    sequence()
    assert log.verify().ok


def test_an_index_that_was_away_for_a_while_forgets_the_values_of_then(here):
    activate(here, {"data.phone.index": GONE})
    actions.update(actor=here.operator, person=here.carl, values={"phone": "+46 70 174 06 06"})
    activate(here)
    jobs.index()
    assert find(here, "phone", "+46701740605") == []
    assert find(here, "phone", "+46701740606") == [here.carl]
    assert tags_of(here.carl) == index_rows(here.carl)


def test_an_identity_that_comes_later_is_nobody_elses_from_then_on(here):
    activate(here, {"data.phone.identity": True})
    jobs.index()
    with pytest.raises(IdentityTaken):
        seal(here, first_name="Twin", phone="+46 70 174 06 05")
    assert find(here, "phone", "+46701740605") == [here.carl]
    actions.update(actor=here.operator, person=here.carl, values={"phone": "+46 70 174 06 06"})
    assert seal(here, first_name="Twin", phone="+46 70 174 06 05")


def test_people_who_share_what_became_an_identity_are_all_found_and_the_later_ones_are_reported(here):
    twin = seal(here, first_name="Twin", phone="+46 70 174 06 05")
    activate(here, {"data.phone.identity": True})
    jobs.index()
    sequence()
    _, details = ledger.show_detail(actor=here.operator, index=log.status().size - 1)
    assert details["more"] == {"field": "phone", "indexed": 2, "shared": 1, "unopened": 0}
    about = {
        person: [entry.entry.action for entry in ledger.entries_of(actor=here.operator, person=person).entries]
        for person in (here.carl, twin)
    }
    assert "vault.index.report_shared" in about[twin]
    assert "vault.index.report_shared" not in about[here.carl]
    assert "vault.index.rebuild" in about[here.carl]
    assert find(here, "phone", "+46701740605") == sorted([here.carl, twin])
    assert tags_of(twin) == index_rows(twin)


def test_an_index_on_an_item_that_nobody_has_yet_is_complete_at_once(here):
    indexed = {**WITH_NOTE, "data.note": {**NOTE, "identity": True, "index": "exact"}}
    activate(here, indexed)
    assert find(here, "note", "likes jazz") == []
    actions.update(actor=here.operator, person=here.carl, values={"note": "likes jazz"})
    assert find(here, "note", "likes jazz") == [here.carl]


def test_a_value_that_does_not_open_keeps_nobody_else_out_of_the_index(here):
    activate(here, {"data.phone.index": GONE})
    broken = seal(here, first_name="Broken", phone="+46 70 174 06 05")
    whole = seal(here, first_name="Whole", phone="+46 70 174 06 05")
    row = db.fetch_one("default", "SELECT sealed FROM vault_record WHERE person = %s", [broken])
    damaged = row[0][:-1] + bytes([row[0][-1] ^ 1])
    db.execute("default", "UPDATE vault_record SET sealed = %s WHERE person = %s", [damaged, broken])
    activate(here)
    jobs.index()
    assert find(here, "phone", "+46701740605") == sorted([here.carl, whole])
