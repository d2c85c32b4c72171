"""The audit of the console: what staff did, from the ledger, with who it was."""

from __future__ import annotations

import html
import re

import pytest

from keepfold.gate.types import Actor
from keepfold.kernel import clock, ids
from keepfold.kernel.errors import NotAllowed
from keepfold.ledger import listing
from keepfold.ledger import queries as ledger
from keepfold.ledger.sequencer import sequence_once
from keepfold.people import actions, deeds
from keepfold.vault import actions as vault
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of


def sequenced():
    while sequence_once():
        pass


def rows_of(page):
    """Return the cells of each row of the table."""
    body = page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""
    return [
        [
            html.unescape(re.sub(r"<[^>]+>", "", cell)).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def audit(name="Dora", query=""):
    sequenced()
    return rows_of(text_of(signed_in(name).get(f"/audit?n=100{query}")))


@pytest.fixture
def busy(installation):
    """Olga gives Ben a role and takes it back, Ana makes a client, Ben opens Carl's record, Mallory is refused."""
    deeds.forget()
    olga = signed_in("Olga")
    for roles in (["auditor"], ["support"]):
        answer = olga.post(f"/people/{shown(installation.ben)}/roles", {"roles": roles})
        assert answer.status_code == 302, (answer.status_code, text_of(answer))
    actions.create_client(actor=installation.ana, name="Shop till", actions=("vault.record.open",))
    vault.open_record(actor=installation.ben, person=installation.carl, purpose="support", reason="Ticket 4711")
    with pytest.raises(NotAllowed):
        actions.list_staff(actor=installation.ben)
    return installation


def shown(actor: Actor) -> str:
    return ids.show("stf", actor.id)


def test_the_newest_deeds_come_first_with_who_did_them(busy):
    rows = audit()
    assert [(row[0], row[1]) for row in rows[:3]] == [
        ("Created an API client", "Ana"),
        ("Changed somebody's roles", "Olga"),
        ("Changed somebody's roles", "Olga"),
    ]


def test_looking_is_counted_and_listed_only_when_asked_for(busy):
    assert "Opened a record" not in str(audit())
    looked = audit(query="&topic=looking")
    assert ["Opened a record", "Ben", "Allowed"] in [row[:3] for row in looked]
    assert "Created an API client" not in str(looked)
    page = text_of(signed_in("Dora").get("/audit"))
    assert re.search(r"Openings by staff</dt><dd[^>]*>1</dd>", page)


def test_deeds_are_narrowed_by_topic_person_and_outcome(busy):
    assert {row[0] for row in audit(query="&topic=clients")} == {"Created an API client"}
    assert {row[1] for row in audit(query=f"&who={shown(busy.olga) if hasattr(busy, 'olga') else ''}") if row} >= {
        "Olga"
    }
    assert [row[:2] for row in audit(query=f"&who={shown(busy.ana)}")] == [["Created an API client", "Ana"]]
    refused = audit(query="&outcome=refused&topic=looking")
    assert [row[:3] for row in refused] == [["Listed the staff", "Ben", "Refused"]]
    assert {row[1] for row in audit(query="&who=operator")} == {"Command line"}
    assert audit(query="&at_from=2020-01-01&at_to=2020-12-31") == []
    assert audit(query="&who=operator&at_from=2020-01-01&at_to=2020-12-31") == []


def test_the_list_goes_on_and_back_without_gap_or_repetition(busy):
    for number in range(60):
        actions.create_client(actor=busy.ana, name=f"Client {number}", actions=("vault.record.open",))
    sequenced()
    dora = signed_in("Dora")
    for query in ("?topic=clients&n=25", f"?who={shown(busy.ana)}&n=25"):
        entries, page = [], text_of(dora.get(f"/audit{query}"))
        while True:
            entries += [row[-1] for row in rows_of(page)]
            following = re.search(r'rel="next" href="([^"#]+)', page)
            if following is None:
                break
            page = text_of(dora.get("/audit" + html.unescape(following[1])))
        assert len(entries) == len(set(entries)) == 61 if "topic" in query else len(set(entries)) == len(entries) == 61
    back = re.search(
        r'rel="prev" href="([^"#]+)', text_of(dora.get("/audit?topic=clients&n=25&after=" + cursor_at(25)))
    )
    assert back


def cursor_at(rows):
    from keepfold.ui import tables

    newest = [view.index for view in ledger.entries(limit=rows).entries]
    return tables.cursor(newest[-1])


def test_details_open_on_request_in_words_and_that_is_an_entry_too(busy):
    sequenced()
    dora = signed_in("Dora")
    index = next(view.index for view in ledger.entries(limit=50).entries if view.action == "people.staff.roles")
    before = text_of(dora.get(f"/audit/{index}"))
    assert "Ben (" not in before
    page = html.unescape(text_of(dora.post(f"/audit/{index}")))
    for words in ("Olga (stf_", "Ben (stf_", "Owner", "Support"):
        assert words in page
    sequenced()
    assert ledger.entries(limit=1).entries[0].action == "ledger.detail.show"


def test_what_concerns_a_customer_opens_elsewhere_and_names_nobody(busy):
    sequenced()
    index = next(view.index for view in ledger.entries(limit=50).entries if view.action == "vault.record.open")
    page = text_of(signed_in("Dora").get(f"/audit/{index}"))
    assert "Open the details" not in page
    for value in CARL.values():
        assert value not in page


def test_entries_of_programs_and_of_nobody_are_not_there(busy):
    from keepfold.people import queries

    issued = actions.create_client(actor=busy.ana, name="Till", actions=("vault.record.seal",))
    vault.seal(actor=queries.authenticate(issued.token), values={"email": "x@example.org"})
    sequenced()
    dora = signed_in("Dora")
    answers = {dora.get(f"/audit/{index}").status_code for index in (10**6, 10**25)}
    clients = [view.index for view in ledger.entries(limit=100).entries if view.actor_kind == "client"]
    assert clients
    answers |= {dora.get(f"/audit/{index}").status_code for index in clients}
    assert answers == {404}


def test_the_audit_leaves_as_a_file_with_names_and_without_formulas(busy):
    sequenced()
    lines = b"".join(signed_in("Dora").get("/audit?as=csv").streaming_content).decode()
    assert "Changed somebody's roles,Olga,Allowed" in lines


GRANTED = {"/audit": {"Olga", "Ana", "Dora", "Sam"}, "/audit/1": {"Olga", "Ana", "Dora", "Sam"}}


@pytest.mark.parametrize("path", GRANTED)
def test_each_role_sees_exactly_the_pages_it_is_granted(installation, path):
    actions.add_staff(actor=installation.operator, email="sam@example.org", name="Sam", roles=("security_lead",))
    actions.add_staff(actor=installation.operator, email="dan@example.org", name="Dan", roles=("developer",))
    sequenced()
    statuses = {name: signed_in(name).get(path).status_code for name in ("Olga", "Ana", "Ben", "Dora", "Sam", "Dan")}
    assert statuses == {name: 200 if name in GRANTED[path] else 403 for name in statuses}


def test_a_name_that_is_markup_stays_text(installation):
    name = "<svg/onload=alert(1)>"
    eve = actions.add_staff(actor=installation.operator, email="eve@example.org", name=name, roles=("owner",))
    from keepfold.people import queries

    actions.create_client(actor=queries.staff_actor(eve.id), name=name, actions=("vault.record.open",))
    sequenced()
    dora = signed_in("Dora")
    index = next(view.index for view in ledger.entries(limit=50).entries if view.action == "people.client.create")
    for page in (text_of(dora.get("/audit")), text_of(dora.post(f"/audit/{index}"))):
        assert "<svg/onload" not in page
        assert "&lt;svg/onload" in page


def test_who_made_an_entry_is_found_among_many_and_remembered(busy, monkeypatch):
    sequenced()
    tried = []
    real = ledger.is_by_actor
    monkeypatch.setattr(deeds.ledger, "is_by_actor", lambda view, actor: tried.append(1) or real(view, actor))
    deeds.forget()
    audit()
    first = len(tried)
    audit()
    assert first > 0
    assert len(tried) - first < first


def test_one_persons_few_changes_are_found_among_many_openings(busy, monkeypatch):
    """Whichever is less to look through is looked through, and what one page cannot reach leads on."""
    monkeypatch.setattr(deeds, "_AT_ONCE", 3)
    for number in range(8):
        vault.open_record(actor=busy.ana, person=busy.carl, purpose="support", reason="Ticket 4711")
        roles = {"roles": ["support", "auditor"][: 1 + number % 2]}
        signed_in("Olga").post(f"/people/{shown(busy.ben)}/roles", roles)
    sequenced()
    query = f"/audit?who={shown(busy.ana)}"
    dora = signed_in("Dora")
    assert "Created an API client" in text_of(dora.get(query))
    monkeypatch.setattr(deeds, "MOST_LOOKED_AT", 4)
    page = text_of(dora.get(query))
    assert "Created an API client" not in page
    while "Look further back" in page:
        page = text_of(
            dora.get("/audit" + html.unescape(re.search(r'href="([^"#]+)[^"]*">Look further back', page)[1]))
        )
    assert "Created an API client" in page


def test_the_search_for_somebody_who_never_acted_ends_and_says_how_far_back_it_came(busy, monkeypatch):
    """A log of years is not gone through for one page: the reader decides how far."""
    monkeypatch.setattr(listing, "_HOURS_AT_ONCE", 1)
    monkeypatch.setattr(listing, "MOST_HOURS", 1)
    monkeypatch.setattr(deeds, "MOST_LOOKED_AT", 1)
    never = actions.add_staff(actor=busy.operator, email="ned@example.org", name="Ned", roles=("support",))
    sequenced()
    dora, query = signed_in("Dora"), f"/audit?who={ids.show('stf', never.id)}"
    page = text_of(dora.get(query))
    today = f"{clock.now():%Y-%m-%d}"
    assert re.search(rf'Nothing that fits back to <time datetime="{today}">', page), page[page.find("<main") :]
    assert rows_of(page) == []
    german = text_of(dora.get(query, headers={"accept-language": "de"}))
    assert re.search(rf'Bis zurück zum <time datetime="{today}">[^<]+</time> passt nichts\.', german)
    monkeypatch.setattr(listing, "MOST_HOURS", 3)
    page = text_of(dora.get(query))
    assert "Nothing that fits back to" not in page
    assert "Look further back" not in page


def test_an_entry_of_somebody_beyond_those_tried_says_so(busy, monkeypatch):
    monkeypatch.setattr(deeds, "MOST_TRIED", 0)
    deeds.forget()
    assert "A member of staff" in str(audit())


def test_the_pages_speak_german(busy):
    sequenced()
    page = text_of(signed_in("Dora").get("/audit", headers={"accept-language": "de"}))
    for words in ("Konsolenprotokoll", "Rollen einer Person geändert", "Anmeldungen"):
        assert words in page
