"""Pages about members of staff."""

from __future__ import annotations

import json
import re

import pytest

from keepfold.kernel import ids
from keepfold.people import actions, queries
from keepfold.people.models import Link, Staff
from keepfold.ui import tables
from tests.support.console import signed_in, text_of


def id_of(name):
    return ids.show("stf", Staff.objects.get(name=name).id.bytes)


def roles_of(name):
    return queries.roles_of(Staff.objects.get(name=name).id.bytes)


def test_the_list_names_everybody_with_their_roles_in_words(installation):
    page = text_of(signed_in("Olga").get("/people"))
    for word in ("Olga", "ana@example.org", "Privacy lead", "Support", "Auditor"):
        assert word in page


def test_the_list_is_narrowed_by_name_role_and_state(installation):
    olga = signed_in("Olga")
    actions.deactivate_staff(actor=installation.operator, staff=installation.ben.id)
    assert "ben@example.org" not in text_of(olga.get("/people?q=Ana"))
    assert "ben@example.org" in text_of(olga.get("/people?role=support"))
    assert "ben@example.org" in text_of(olga.get("/people?state=gone"))
    assert "ana@example.org" not in text_of(olga.get("/people?state=gone"))
    assert "ana@example.org" not in text_of(olga.get("/people?q=nobody-at-all"))


def test_the_list_leaves_as_a_file_whose_cells_run_no_formula(installation):
    actions.add_staff(actor=installation.operator, email="eve@example.org", name='=HYPERLINK("x")', roles=())
    answer = signed_in("Dora").get("/people?as=csv")
    lines = b"".join(answer.streaming_content).decode()
    assert "'=HYPERLINK" in lines
    assert "Ana" in lines


def test_whoever_joins_gets_a_link_that_is_shown_once_and_kept_as_a_hash(installation):
    olga = signed_in("Olga")
    answer = olga.post("/people/new", {"name": "Emil", "email": "Emil@example.org", "roles": ["support"]})
    page = text_of(answer)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    secret = page.split("/welcome/")[1].split("<")[0]
    assert page.count(secret) == 1
    assert roles_of("Emil") == ("support",)
    assert secret.encode() not in bytes(Link.objects.get(staff=Staff.objects.get(name="Emil").id).digest)
    assert secret not in text_of(olga.get(f"/people/{id_of('Emil')}"))


def test_an_address_that_is_taken_is_said_beside_the_field_and_nothing_typed_is_lost(installation):
    answer = signed_in("Olga").post("/people/new", {"name": "Other", "email": "ana@example.org", "roles": ["support"]})
    page = text_of(answer)
    assert "Somebody with this e-mail address is there already." in page
    assert 'value="Other"' in page
    assert 'aria-invalid="true"' in page
    assert Staff.objects.filter(name="Other").count() == 0


def test_nobody_gives_a_role_that_holds_more_than_they_do_and_the_form_says_so(installation):
    member = actions.add_staff(
        actor=installation.operator, email="sam@example.org", name="Sam", roles=("security_lead",)
    )
    sam = signed_in("Sam")
    assert "More than you hold" in text_of(sam.get("/people/new"))
    answer = sam.post("/people/new", {"name": "Eve", "email": "eve@example.org", "roles": ["owner"]})
    assert "You can give and take only what you hold yourself." in text_of(answer)
    answer = sam.post(f"/people/{ids.show('stf', member.id)}/roles", {"roles": ["owner", "security_lead"]})
    assert "You can give and take only what you hold yourself." in text_of(answer)
    assert Staff.objects.filter(name="Eve").count() == 0
    assert roles_of("Sam") == ("security_lead",)


def test_a_change_of_roles_is_shown_before_it_is_made(installation):
    olga, address = signed_in("Olga"), f"/people/{id_of('Ben')}/roles"
    page = text_of(olga.get(f"{address}?look=1&roles=auditor"))
    assert "Gains" in page
    assert "Open the details of an entry" in page
    assert "Loses" in page
    assert roles_of("Ben") == ("support",)
    assert olga.post(address, {"roles": ["auditor"]}).status_code == 302
    assert roles_of("Ben") == ("auditor",)


def test_roles_that_the_reader_cannot_give_stay_when_others_change(installation):
    actions.add_staff(actor=installation.operator, email="sam@example.org", name="Sam", roles=("security_lead",))
    actions.define_role(actor=installation.operator, name="reader", actions=("ledger.detail.show",))
    assert signed_in("Sam").post(f"/people/{id_of('Ana')}/roles", {"roles": ["reader"]}).status_code == 302
    assert roles_of("Ana") == ("privacy_lead", "reader")


def test_the_last_owner_stays_and_the_form_says_why(installation):
    olga = signed_in("Olga")
    address = f"/people/{id_of('Olga')}"
    assert "This is the last owner." in text_of(olga.post(f"{address}/roles", {"roles": ["auditor"]}))
    assert "This is the last owner." in text_of(olga.post(f"{address}/deactivate", {}))
    assert roles_of("Olga") == ("owner",)
    assert Staff.objects.get(name="Olga").is_active


def test_whoever_leaves_can_take_their_clients_along(installation):
    made = actions.create_client(actor=installation.ana, name="Shop till", actions=("vault.record.search",))
    olga, address = signed_in("Olga"), f"/people/{id_of('Ana')}"
    assert "Shop till" in text_of(olga.get(f"{address}/deactivate"))
    assert olga.post(f"{address}/deactivate", {"with_clients": "on"}).status_code == 302
    assert not Staff.objects.get(name="Ana").is_active
    assert actions.list_clients(actor=installation.operator, only=made.client.id)[0].revoked_at
    assert "They cannot sign in." in text_of(olga.get(address))
    assert olga.post(f"{address}/reactivate", {}).status_code == 302
    assert Staff.objects.get(name="Ana").is_active


def test_clients_live_on_unless_told(installation):
    made = actions.create_client(actor=installation.ana, name="Shop till", actions=("vault.record.search",))
    signed_in("Olga").post(f"/people/{id_of('Ana')}/deactivate", {})
    assert actions.list_clients(actor=installation.operator, only=made.client.id)[0].revoked_at is None


def test_somebody_who_lost_their_way_in_gets_a_new_link(installation):
    olga, address = signed_in("Olga"), f"/people/{id_of('Ben')}/link"
    assert "/welcome/" not in text_of(olga.get(address))
    page = text_of(olga.post(address, {}))
    assert page.count("/welcome/") == 1
    assert Link.objects.filter(staff=Staff.objects.get(name="Ben").id).count() == 1


@pytest.mark.parametrize("page", ["", "/roles", "/deactivate", "/reactivate", "/link"])
def test_absent_malformed_and_foreign_ids_are_answered_alike(installation, page):
    olga = signed_in("Olga")
    absent = ids.show("stf", ids.uuid7())
    foreign = ids.show("cus", installation.carl)
    answers = [olga.get(f"/people/{one}{page}") for one in (absent, foreign, "stf_nothing", "x" * 500)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({text_of(answer).split("<main")[1].split("mono hash")[0] for answer in answers}) == 1


GRANTED = {
    "/people": {"Olga", "Ana", "Dora"},
    "/people/new": {"Olga"},
    "/people/{ben}": {"Olga", "Ana", "Dora"},
    "/people/{ben}/roles": {"Olga"},
    "/people/{ben}/deactivate": {"Olga"},
    "/people/{ben}/reactivate": {"Olga"},
    "/people/{ben}/link": {"Olga"},
}


@pytest.mark.parametrize("address", GRANTED)
def test_each_role_sees_exactly_the_pages_it_is_granted(installation, address):
    path = address.replace("{ben}", id_of("Ben"))
    statuses = {name: signed_in(name).get(path).status_code for name in ("Olga", "Ana", "Ben", "Dora")}
    assert statuses == {name: 200 if name in GRANTED[address] else 403 for name in statuses}


@pytest.mark.parametrize("address", [one for one in GRANTED if len(GRANTED[one]) == 1])
def test_nobody_else_changes_anything_by_sending_the_form_all_the_same(installation, address):
    path, before = address.replace("{ben}", id_of("Ben")), roles_of("Ben")
    for name in ("Ana", "Ben", "Dora"):
        form = {"name": "Eve", "email": "eve@example.org", "roles": ["auditor"]}
        assert signed_in(name).post(path, form).status_code == 403
    assert Staff.objects.filter(name="Eve").count() == 0
    assert roles_of("Ben") == before
    assert Staff.objects.get(name="Ben").is_active


def test_buttons_that_somebody_may_not_press_are_not_there(installation):
    page = text_of(signed_in("Dora").get(f"/people/{id_of('Ben')}"))
    for word in ("/deactivate", "/roles", "/link", "/people/new"):
        assert f'{word}"' not in page.split("<main")[1].split("</main")[0].replace('href="/roles/', "")


POLYGLOT = "\"'><svg/onload=alert(1)>{{7*7}}</title><script>alert(2)</script>"


def test_a_name_that_is_markup_stays_text_on_every_page(installation):
    actions.add_staff(actor=installation.operator, email="eve@example.org", name=POLYGLOT[:80], roles=("support",))
    olga, path = signed_in("Olga"), f"/people/{ids.show('stf', Staff.objects.get(email='eve@example.org').id.bytes)}"
    for page in (
        "/people",
        path,
        f"{path}/roles",
        f"{path}/deactivate",
        f"{path}/reactivate",
        f"{path}/link",
        "/roles/support",
    ):
        text = text_of(olga.get(page))
        assert "<svg/onload" not in text
        assert "<script>alert" not in text
        assert "&lt;svg/onload" in text


def test_the_pages_speak_german(installation):
    olga = signed_in("Olga")
    page = text_of(olga.get("/people", headers={"accept-language": "de"}))
    assert "Wer hier arbeitet" in page
    assert "Datenschutzleitung" in page


def taken_out(installation):
    """Return (who, file, rows) of the entries that say that a list of staff left as a file, oldest first."""
    from keepfold.ledger import actions as ledger_actions
    from keepfold.ledger import queries as ledger
    from keepfold.ledger.sequencer import sequence_once

    while sequence_once():
        pass
    found = []
    for view in reversed(ledger.entries(limit=200).entries):
        if view.action == "people.staff.list":
            _view, details = ledger_actions.show_detail(actor=installation.operator, index=view.index)
            if "file" in details.get("more", {}):
                found.append((details["actor"], details["more"]["file"], details["more"]["rows"]))
    return found


def test_a_file_of_the_staff_is_a_deed_that_says_who_took_how_many_rows(installation):
    dora = signed_in("Dora")
    lines = b"".join(dora.get("/people?as=csv").streaming_content).decode().splitlines()
    some = json.loads(b"".join(dora.get("/people?as=json&q=ben").streaming_content))
    assert (len(lines) - 1, len(some)) == (4, 1)
    assert taken_out(installation) == [(id_of("Dora"), "csv", 4), (id_of("Dora"), "json", 1)]


def test_looking_at_the_staff_is_not_taken_for_a_file(installation):
    signed_in("Dora").get("/people")
    signed_in("Dora").get("/people?as=pdf")
    assert taken_out(installation) == []


def test_a_long_file_of_the_staff_counts_each_row_once(installation, monkeypatch):
    monkeypatch.setattr(tables, "_EXPORT_ROWS", 2)
    lines = b"".join(signed_in("Dora").get("/people?as=csv").streaming_content).decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["Ana", "Ben", "Dora", "Olga"]
    assert sum(rows for _who, _file, rows in taken_out(installation)) == 4


def test_the_audit_says_in_words_that_a_list_of_staff_was_taken_out(installation):
    from keepfold.ledger import queries as ledger

    b"".join(signed_in("Ana").get("/people?as=csv").streaming_content)
    taken_out(installation)
    index = next(view.index for view in ledger.entries(limit=50).entries if view.action == "people.staff.list")
    page = re.sub(r"<[^>]+>", " ", text_of(signed_in("Dora").post(f"/audit/{index}")))
    assert re.search(r"Taken out as a file\s+csv\s+Rows\s+4\b", page)
