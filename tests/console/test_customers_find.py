"""Finding a customer: a purpose first, values never in an address, and what was opened is told and recorded."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from keepfold.consent import actions as consent
from keepfold.kernel import ids
from keepfold.ledger import queries as ledger
from keepfold.vault import actions as vault
from tests.console.customers import CASE, addresses_in, title_of, values_in, written
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of

SEARCH = {"purpose": "support", "field": "email", "value": CARL["email"]}


@pytest.mark.parametrize("who", ["Ana", "Ben", "Dora"])
def test_without_a_purpose_there_is_never_a_name(installation, who):
    page = signed_in(who).get("/customers")
    assert page.status_code == 200
    assert values_in(text_of(page)) == []


def test_purposes_that_the_role_does_not_work_for_are_shown_with_the_reason(installation):
    page = text_of(signed_in("Ben").get("/customers"))
    choices = {name: choice for name, choice in re.findall(r'value="(\w+)"([^>]*)>', page) if "data-n" in choice}
    assert set(choices) == {"fulfil_order", "support", "bookkeeping", "newsletter"}
    assert {name for name, choice in choices.items() if "disabled" in choice} == {"bookkeeping", "newsletter"}
    assert "Your role does not work for this purpose." in page
    assert 'href="/decisions?purpose=newsletter&amp;action=vault.record.search"' in page


def test_only_fields_with_an_index_that_the_purpose_lists_can_be_searched(installation):
    page = text_of(signed_in("Ana").get("/customers?purpose=support"))
    assert re.findall(r'<option value="(\w+)"', page) == ["email", "phone"]
    page = text_of(signed_in("Ana").get("/customers?purpose=bookkeeping"))
    assert "Nothing can be searched for this purpose" in page


def test_a_search_shows_who_it_is_as_the_purpose_may_see_them(installation):
    page = signed_in("Ben").post("/customers", SEARCH | {"case": CASE})
    shown = text_of(page)
    assert page.status_code == 200
    assert "<bdi data-opened>Carl Lindqvist</bdi>" in shown
    assert "carl.lindqvist@example.org" in shown
    assert CARL["city"] not in shown
    assert "2 entries were written." in shown
    by_phone = text_of(signed_in("Ben").post("/customers", SEARCH | {"field": "phone", "value": "+46 70 174 06 05"}))
    assert '<span class="sealed"><span class="vh">Partly sealed: </span>•••0605</span>' in by_phone


def test_as_many_entries_stand_in_the_ledger_as_the_page_says(installation):
    before = ledger.status().pending
    signed_in("Ben").post("/customers", SEARCH | {"case": CASE})
    assert ledger.status().pending == before + 2
    assert written(installation)[1:] == ["vault.record.search", "vault.record.open_many"]


def test_what_was_searched_for_is_nowhere_but_in_the_answer_itself(installation, capfd):
    browser = signed_in("Ben")
    page = browser.post("/customers", SEARCH | {"case": CASE})
    assert page.headers["Cache-Control"] == "no-store"
    assert values_in(title_of(page)) == []
    assert values_in(addresses_in(page)) == []
    assert values_in(json.dumps(dict(browser.session.items()), default=str)) == []
    assert values_in(str(page.cookies)) == []
    assert values_in("".join(capfd.readouterr())) == []


def test_a_value_in_an_address_is_neither_searched_nor_repeated(installation):
    before = ledger.status().pending
    page = signed_in("Dora").get("/customers", SEARCH)
    assert values_in(text_of(page)) == []
    assert ledger.status().pending == before
    assert values_in(text_of(signed_in("Ana").get("/customers", SEARCH))) == []


def test_nobody_found_says_so_and_what_to_try(installation):
    page = signed_in("Ben").post("/customers", SEARCH | {"value": "nobody@example.org"})
    assert page.status_code == 200
    assert "Nobody with this in “E-mail address”" in text_of(page)
    assert "1 entry was written." in text_of(page)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": ""}, "Write what they told you"),
        ({"value": "no address"}, "Nobody can have this in “E-mail address”"),
        ({"field": "city"}, "Choose by what to search."),
        ({"case": "Mrs Lindqvist called"}, "Write a case or order number"),
        ({"purpose": "parties"}, "Choose what you need it for."),
    ],
)
def test_a_mistake_is_explained_and_nothing_typed_is_lost(installation, change, says):
    page = signed_in("Ben").post("/customers", SEARCH | change)
    assert page.status_code == 422
    assert says in text_of(page)
    assert 'id="problems"' in text_of(page)
    if "value" not in change and "purpose" not in change:
        assert CARL["email"] in text_of(page)
    assert "Lindqvist</bdi>" not in text_of(page)


def test_a_purpose_of_another_role_is_refused_at_the_gate_and_written_down(installation):
    page = signed_in("Ben").post("/customers", SEARCH | {"purpose": "newsletter"})
    assert page.status_code == 403
    assert "Your role does not work for this purpose." in text_of(page)
    assert "<code>actor.purpose</code>" in text_of(page)
    assert "Carl" not in text_of(page)
    mine = ledger.refusals(limit=1)
    assert [one.action for one in mine] in ([], ["vault.record.search"])


def test_nobody_is_found_for_a_purpose_that_they_have_not_agreed_to(installation):
    wanted = SEARCH | {"purpose": "newsletter"}
    assert "Nobody with this" in text_of(signed_in("Ana").post("/customers", wanted))
    consent.grant_consent(actor=installation.ana, customer=installation.carl, purpose="newsletter", channel="api")
    consent.confirm_consent(actor=installation.ana, customer=installation.carl, purpose="newsletter")
    assert "1 customer found" in text_of(signed_in("Ana").post("/customers", wanted))


def test_people_who_share_a_number_are_paged_without_the_number_in_an_address(installation):
    people = [
        {"email": f"p{number}@example.org", "last_name": f"Shared{number}", "phone": "+4930901820"}
        for number in range(27)
    ]
    vault.seal_many(actor=installation.operator, records=people)
    browser = signed_in("Ben")
    wanted = {"purpose": "support", "field": "phone", "value": "+49 30 901820"}
    first = text_of(browser.post("/customers", wanted))
    assert "27 customers found" in first
    assert first.count("<bdi data-opened>Shared") == 25
    after = re.search(r'name="after" value="(cus_\w+)"', first)[1]
    second = text_of(browser.post("/customers", wanted | {"after": after}))
    assert second.count("<bdi data-opened>Shared") == 2
    assert 'name="after"' not in second


def test_the_newest_ids_are_listed_without_names_and_paged_both_ways(installation):
    people = [
        one.id for one in vault.seal_many(actor=installation.operator, records=[{"city": f"T{n}"} for n in range(24)])
    ]
    newest = sorted([installation.carl, *people], reverse=True)
    browser = signed_in("Ben")

    def listed(query: str) -> list[bytes]:
        return [
            ids.parse("cus", one)
            for one in re.findall(r'href="/customers/(cus_\w+)"', text_of(browser.get(f"/customers?{query}")))
        ]

    first = listed("")
    assert first == newest[:10]
    second = listed(f"after={ids.show('cus', first[-1])}")
    assert second == newest[10:20]
    assert listed(f"before={ids.show('cus', second[0])}") == first
    assert listed("after=nonsense") == first


def test_the_names_of_listed_people_open_for_a_purpose_under_one_entry(installation):
    carl = ids.show("cus", installation.carl)
    form = {"purpose": "support", "act": "names", "ids": [carl, "cus_nonsense"]}
    page = text_of(signed_in("Ben").post("/customers", form))
    assert "<bdi data-opened>Carl Lindqvist</bdi>" in page
    assert "1 entry was written." in page
    refused = signed_in("Ana").post("/customers", form | {"purpose": "newsletter"})
    assert refused.status_code == 403
    assert "They have not agreed to it." in text_of(refused)
    assert "Carl" not in text_of(refused)


def test_an_id_leads_to_its_page_and_anything_else_is_explained(installation):
    carl = ids.show("cus", installation.carl)
    answer = signed_in("Dora").get("/customers", {"id": f" {carl} "})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/customers/{carl}")
    for text in ("Carl", "//evil.example", "stf_01h455vb4pex5vsknk084sn02q"):
        answer = signed_in("Dora").get("/customers", {"id": text})
        assert answer.status_code == 422
        assert "Write a whole customer id" in text_of(answer)
        assert "evil" not in text_of(answer)


def test_taking_out_is_for_those_who_hold_it_with_a_reason_and_an_entry_of_its_own(installation):
    carl = ids.show("cus", installation.carl)
    form = {"purpose": "support", "ids": [carl], "reason": "list for the court", "as": "csv"}
    assert signed_in("Ben").post("/customers/export", form).status_code == 403
    assert "Your role takes nothing out of Keepfold." in text_of(signed_in("Ben").post("/customers", SEARCH))
    answer = signed_in("Ana").post("/customers/export", form)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="customers-support-')
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.reader(io.StringIO(text_of(answer).removeprefix("\ufeff"))))
    assert rows[0] == ["Customer", "E-mail address", "First name", "Last name", "Telephone number", "Country"]
    assert rows[1] == [carl, CARL["email"], "Carl", "Lindqvist", "•••0605", "SE"]
    assert written(installation)[-1] == "vault.record.export"
    (row,) = json.loads(text_of(signed_in("Ana").post("/customers/export", form | {"as": "json"})))
    assert (row["email"], row["masked"]) == (CARL["email"], ["phone"])
    assert signed_in("Ana").post("/customers/export", form | {"reason": ""}).status_code == 422
    assert signed_in("Ana").get("/customers/export").status_code == 405


def test_no_cell_of_a_file_is_a_formula(installation):
    person = vault.seal(
        actor=installation.operator, values={"last_name": "=cmd|' /C calc'!A0", "email": "x@example.org"}
    ).id
    form = {"purpose": "support", "ids": [ids.show("cus", person)], "reason": "audit", "as": "csv"}
    rows = list(
        csv.reader(io.StringIO(text_of(signed_in("Ana").post("/customers/export", form)).removeprefix("\ufeff")))
    )
    assert rows[1][3] == "'=cmd|' /C calc'!A0"


def test_a_ledger_that_takes_no_entry_lets_nobody_be_found(installation, monkeypatch):
    from keepfold.kernel.errors import Unavailable

    def refuse(*_args):
        raise Unavailable("The ledger takes no entries.", code="ledger.away")

    monkeypatch.setattr("keepfold.ledger.recorder.LedgerRecorder.append", refuse)
    page = signed_in("Ben").post("/customers", SEARCH)
    assert page.status_code == 503
    assert values_in(text_of(page)) == []
