"""Pages about roles."""

from __future__ import annotations

import html
import re

import pytest

from keepfold.gate import known_actions
from keepfold.kernel import ids
from keepfold.people import actions, queries
from keepfold.people.console import words
from keepfold.people.console.roles import mark_of, matrix
from keepfold.people.types import Grants
from tests.support.console import signed_in, text_of

DESK = {"name": "returns_desk", "label_en": "Returns desk", "label_de": "Rückgabe"}


def looked_at(client, path, form):
    """Look at what changes, as somebody does before saving, and return the form with the page's mark."""
    page = text_of(client.post(path, {**form, "look": "1"}))
    return page, {**form, "seen": re.search(r'name="seen" value="([0-9a-f]+)"', page)[1], "save": "1"}


def support_with(**changes):
    form = {
        "label_en": "Support",
        "label_de": "Kundendienst",
        "room_vault": ["vault.record.open", "vault.record.search"],
        "purposes": ["support"],
    }
    return form | changes


def test_the_matrix_says_for_every_role_what_it_may(installation):
    page = text_of(signed_in("Dora").get("/roles"))
    for text in ("Privacy lead", "Erase a customer", "Customers’ data", "Add members of staff", "Every purpose, also"):
        assert text in html.unescape(page)


def test_the_matrix_agrees_with_the_gate_about_every_action():
    known = list(queries.roles(stored=False).values())
    shown = {
        (line.right.action, role.name): holds
        for block in matrix(known)
        for line in block.lines
        for role, holds in zip(known, line.holds, strict=True)
    }
    assert shown == {
        (action, role.name): action in words.covered(role.grants)
        for action in known_actions()
        if not words.right(action).upkeep
        for role in known
    }


def test_every_action_has_words_for_people_and_stands_in_a_room():
    pack = words._pack()
    assert [action for action in known_actions() if action not in pack["actions"]] == []
    assert [action for action in pack["actions"] if action not in known_actions()] == []
    assert [action for action in known_actions() if action.partition(".")[0] not in pack["rooms"]] == []
    for entry in pack["actions"].values():
        assert set(entry["may"]) == set(entry["means"]) == {"en", "de"}


def test_every_task_of_a_client_names_actions_that_there_are():
    for task in words.tasks():
        assert set(task.actions) <= set(known_actions())


def test_a_role_says_what_it_grants_and_who_holds_it(installation):
    page = html.unescape(text_of(signed_in("Dora").get("/roles/support")))
    for text in ("Find a customer by an exact value", "Such as a whole e-mail address", "Ben", "For these purposes:"):
        assert text in page


def test_what_changes_for_whom_is_shown_before_a_role_is_saved(installation):
    olga, path = signed_in("Olga"), "/roles/support/edit"
    before = queries.roles()["support"].grants
    page, form = looked_at(olga, path, support_with(room_ledger=["ledger.detail.show"]))
    for text in (
        "Gains",
        "Open the details of an entry",
        "Loses",
        "Record that a customer said yes",
        "For 1 member of staff",
    ):
        assert text in html.unescape(page)
    assert "Ben" in page
    assert queries.roles()["support"].grants == before
    assert olga.post(path, form).status_code == 302
    assert queries.staff_actor(installation.ben.id).actions == (
        "vault.record.open",
        "vault.record.search",
        "ledger.detail.show",
    )


def test_nothing_is_saved_that_was_not_shown_like_this(installation):
    olga, path = signed_in("Olga"), "/roles/support/edit"
    before = queries.roles()["support"]
    _, form = looked_at(olga, path, support_with())
    assert olga.post(path, {**form, "purposes": ["support", "*"]}).status_code == 200
    assert olga.post(path, {**support_with(), "save": "1"}).status_code == 200
    assert queries.roles()["support"] == before


def test_a_role_of_ones_own_is_made_given_and_removed_when_nobody_holds_it(installation):
    olga = signed_in("Olga")
    _, form = looked_at(olga, "/roles/new", {**DESK, "room_vault": ["vault.record.search"], "purposes": ["support"]})
    assert olga.post("/roles/new", form).status_code == 302
    desk = queries.roles()["returns_desk"]
    assert desk.label == {"en": "Returns desk", "de": "Rückgabe"}
    assert desk.grants == Grants(("vault.record.search",), ("support",))
    actions.set_roles(actor=installation.operator, staff=installation.ben.id, roles=("returns_desk",))
    assert "Somebody still holds this role." in text_of(olga.post("/roles/returns_desk/reset", {}))
    actions.set_roles(actor=installation.operator, staff=installation.ben.id, roles=("support",))
    assert olga.post("/roles/returns_desk/reset", {}).status_code == 302
    assert "returns_desk" not in queries.roles()


def test_a_whole_room_says_so_once(installation):
    olga = signed_in("Olga")
    form = {**DESK, "room_ledger": ["ledger.*", "ledger.detail.show"]}
    _, form = looked_at(olga, "/roles/new", form)
    olga.post("/roles/new", form)
    assert queries.roles()["returns_desk"].grants.actions == ("ledger.*",)


def test_a_role_that_was_changed_here_is_set_back(installation):
    olga, pack = signed_in("Olga"), queries.roles(stored=False)["support"]
    actions.define_role(actor=installation.operator, name="support", actions=("vault.record.open",))
    page = text_of(olga.get("/roles/support/reset"))
    assert "Gains" in page
    assert olga.post("/roles/support/reset", {}).status_code == 302
    assert queries.roles()["support"] == pack


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": "new"}, "There is a role of this name already."),
        ({"name": "support"}, "There is a role of this name already."),
        ({"name": "Returns"}, "Use lower-case letters"),
        ({"name": "../x"}, "Enter a valid"),
        ({"label_en": ""}, "Fill this in."),
        ({"room_vault": []}, "Choose at least one thing that the role may do."),
        ({"room_vault": ["people.*"]}, "Choose among these."),
    ],
)
def test_what_is_missing_is_said_in_the_form_and_no_role_is_made(installation, changes, text):
    form = {**DESK, "room_vault": ["vault.record.search"], "look": "1", **changes}
    page = html.unescape(text_of(signed_in("Olga").post("/roles/new", form)))
    assert text in page
    assert set(queries.roles()) == set(queries.roles(stored=False))


def test_nobody_writes_a_role_that_grants_more_than_they_hold(installation):
    actions.add_staff(actor=installation.operator, email="sam@example.org", name="Sam", roles=("security_lead",))
    sam = signed_in("Sam")
    assert "only somebody who holds all of it can change it" in text_of(sam.get("/roles/privacy_lead/edit"))
    _, form = looked_at(sam, "/roles/new", {**DESK, "room_vault": ["vault.record.open"]})
    assert "You can give and take only what you hold yourself." in text_of(sam.post("/roles/new", form))
    assert "returns_desk" not in queries.roles()


def test_what_owners_hold_stays_whole(installation):
    olga = signed_in("Olga")
    assert "Owners hold everything, always." in text_of(olga.get("/roles/owner/edit"))
    seen = mark_of("owner", {"en": "Owner", "de": "Owner"}, Grants(("people.*",)))
    form = {"label_en": "Owner", "room_people": ["people.*"], "seen": seen, "save": "1"}
    assert olga.post("/roles/owner/edit", form).status_code == 200
    assert not queries.roles()["owner"].stored


@pytest.mark.parametrize("page", ["", "/edit", "/reset"])
def test_a_role_that_is_not_there_is_not_found(installation, page):
    olga = signed_in("Olga")
    answers = [olga.get(f"/roles/{name}{page}") for name in ("nobody", "x" * 500, "%3Cscript%3E")]
    assert {answer.status_code for answer in answers} == {404}


GRANTED = {
    "/roles": {"Olga", "Ana", "Dora"},
    "/roles/support": {"Olga", "Ana", "Dora"},
    "/roles/new": {"Olga"},
    "/roles/support/edit": {"Olga"},
    "/roles/desk/reset": {"Olga"},
}


@pytest.mark.parametrize("path", GRANTED)
def test_each_role_sees_exactly_the_pages_it_is_granted(installation, path):
    actions.define_role(actor=installation.operator, name="desk", actions=("vault.record.open",))
    statuses = {name: signed_in(name).get(path).status_code for name in ("Olga", "Ana", "Ben", "Dora")}
    assert statuses == {name: 200 if name in GRANTED[path] else 403 for name in statuses}


def test_nobody_else_changes_a_role_by_sending_the_form_all_the_same(installation):
    actions.define_role(actor=installation.operator, name="desk", actions=("vault.record.open",))
    for name in ("Ana", "Ben", "Dora"):
        for path in ("/roles/new", "/roles/support/edit", "/roles/desk/reset"):
            assert signed_in(name).post(path, support_with()).status_code == 403
    assert "desk" in queries.roles()
    assert not queries.roles()["support"].stored


def test_a_label_that_is_markup_stays_text_on_every_page(installation):
    label = "\"'><svg/onload=alert(1)>{{7*7}}"
    actions.define_role(actor=installation.operator, name="evil", actions=("vault.record.open",), label={"en": label})
    actions.set_roles(actor=installation.operator, staff=installation.ben.id, roles=("evil",))
    olga, ben = signed_in("Olga"), ids.show("stf", installation.ben.id)
    pages = (
        "/roles",
        "/roles/evil",
        "/roles/evil/edit",
        "/roles/evil/reset",
        "/people",
        f"/people/{ben}",
        f"/people/{ben}/roles",
        "/people/new",
    )
    for path in pages:
        page = text_of(olga.get(path))
        assert "<svg/onload" not in page
        assert "&lt;svg/onload" in page


def test_words_speak_german(installation):
    page = text_of(signed_in("Dora").get("/roles", headers={"accept-language": "de"}))
    for text in ("Einen Kunden löschen", "Datenschutzleitung", "Daten der Kundschaft"):
        assert text in page
