"""Who did what with a customer's data: found by field, purpose, person and day; refusals too; exportable."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from keepfold.consent import actions as consent
from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.kernel.errors import NotAllowed
from keepfold.ledger.sequencer import checkpoint_beat, sequence_once
from keepfold.people import actions as people
from keepfold.people import queries
from keepfold.vault import actions as vault
from tests.console.customers import carl_at, open_carl, values_in
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of


def rows(page: str) -> list[list[str]]:
    """Return the rows of the table as texts."""
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0] if "<tbody>" in page else ""
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("</tr>") if "<t" in row]
    return [[re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip() for cell in row] for row in cells]


def listed(installation, query: str = "", who: str = "Ana") -> list[list[str]]:
    return rows(text_of(signed_in(who).get(carl_at(installation, f"/openings{query}"))))


def test_who_opened_the_telephone_number_last_week_and_why_is_two_steps_away(installation):
    """From the customer's page: the tab, then the field; or the field's own link at once."""
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1)):
        vault.open_record(
            actor=installation.ben, person=installation.carl, purpose="support", fields=["phone"], reason="FW-7"
        )
        vault.open_record(
            actor=installation.ana, person=installation.carl, purpose="support", fields=["email"], reason="FW-8"
        )
    with time_machine.travel(datetime.now(UTC) + timedelta(days=8)):
        browser = signed_in("Ana")
        page = text_of(browser.get(carl_at(installation)))
        link = re.search(rf'href="({carl_at(installation)}/openings\?field=phone&amp;kind=openings)"', page)[1]
        (row,) = rows(text_of(browser.get(link.replace("&amp;", "&"))))
    assert row[:3] == ["Opened Telephone number", "Ben", "Answer your questions · FW-7"]


def test_refusals_stand_there_with_the_rule_in_words(installation):
    with pytest.raises(NotAllowed):
        vault.open_record(
            actor=installation.ben, person=installation.carl, purpose="newsletter", fields=["email"], reason="FW-9"
        )
    (row,) = listed(installation, "?answer=refused")
    assert row[0].startswith("Got a refusal for E-mail address")
    assert row[1] == "Ben"
    assert row[2] == "Send you news and offers by e-mail · FW-9 · Your role does not work for this purpose."
    assert "Refused" in row[3]


def test_a_client_is_called_by_its_name_and_the_operator_is_keepfold_itself(installation):
    client = people.create_client(
        actor=installation.operator, name="web-shop", actions=["vault.record.open"], purposes=["support"]
    ).client
    shop = Actor(
        kind="client", id=client.id, name="web-shop", actions=client.grants.actions, purposes=client.grants.purposes
    )
    vault.open_record(actor=shop, person=installation.carl, purpose="support", fields=["email"])
    seen = listed(installation)
    assert [row[1] for row in seen] == ["You", "web-shop", "Keepfold itself"]


def test_somebody_who_is_gone_is_said_to_be_no_longer_here(installation, monkeypatch):
    open_carl(signed_in("Ben"), installation)
    monkeypatch.setattr(queries, "names_of", lambda _ids: {})
    assert "Someone no longer here" in [row[1] for row in listed(installation)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?kind=openings", ["Opened Telephone number", "Opened E-mail address"]),
        ("?kind=changes", ["Changed City", "Added this customer"]),
        ("?kind=consents", ["Recorded a yes to “Send you news and offers by e-mail” that waits for confirmation"]),
        ("?field=phone", ["Opened Telephone number"]),
        ("?field=city", ["Changed City"]),
        ("?purpose=support", ["Opened Telephone number", "Opened E-mail address"]),
        ("?kind=openings&who={ben}", ["Opened Telephone number"]),
        ("?kind=openings&who={ana}", ["Opened E-mail address"]),
        ("?kind=openings&answer=refused", []),
        ("?kind=openings&at_from=2031-01-01", []),
        ("?kind=openings&at_to=2020-01-01", []),
        (
            "?kind=nonsense&field=nonsense&who=nonsense&purpose=support",
            ["Opened Telephone number", "Opened E-mail address"],
        ),
    ],
)
def test_the_list_is_narrowed_by_what_happened_field_purpose_person_answer_and_day(installation, query, expected):
    ana, ben, carl = installation.ana, installation.ben, installation.carl
    vault.update(actor=ana, person=carl, values={"city": "Ulm"})
    consent.grant_consent(actor=ana, customer=carl, purpose="newsletter", channel="api")
    vault.open_record(actor=ana, person=carl, purpose="support", fields=["email"])
    vault.open_record(actor=ben, person=carl, purpose="support", fields=["phone"])
    query = query.format(ana=ids.show("stf", ana.id), ben=ids.show("stf", ben.id))
    assert [row[0] for row in listed(installation, query)] == expected


def test_a_search_that_found_them_counts_as_an_opening_by_that_field(installation):
    vault.search(actor=installation.ben, field="phone", value=CARL["phone"], purpose="support", reason="FW-3")
    (row,) = listed(installation, "?kind=openings&field=phone")
    assert row[:3] == ["Found them by Telephone number", "Ben", "Answer your questions · FW-3"]


def test_an_entry_says_how_far_it_has_come_and_leads_to_its_place(installation):
    open_carl(signed_in("Ben"), installation)
    (row,) = listed(installation, "?kind=openings")
    assert "Waiting" in row[4]
    while sequence_once():
        pass
    page = text_of(signed_in("Ana").get(carl_at(installation, "/openings?kind=openings")))
    assert "Recorded" in rows(page)[0][4]
    assert re.search(r'<th scope="row"><a href="/ledger/entries/\d+">', page)
    checkpoint_beat()
    assert "Signed" in listed(installation, "?kind=openings")[0][4]


def test_the_id_of_an_entry_leads_to_its_place_once_it_has_one(installation):
    entry = ids.show(
        "ent", vault.open_record(actor=installation.ben, person=installation.carl, purpose="support").entry
    )
    browser = signed_in("Ana")
    assert browser.get(f"/customers/entries/{entry}").status_code == 404
    while sequence_once():
        pass
    answer = browser.get(f"/customers/entries/{entry}")
    assert (answer.status_code, answer.headers["Location"].startswith("/ledger/entries/")) == (302, True)
    for text in ("ent_0", "nonsense", ids.show("ent", ids.uuid7()), ids.show("cus", installation.carl)):
        assert browser.get(f"/customers/entries/{text}").status_code == 404
    assert signed_in("Ben").get(f"/customers/entries/{entry}").status_code == 403


def test_long_histories_are_paged_and_filters_reach_behind_the_first_pages(installation):
    vault.open_record(
        actor=installation.ben, person=installation.carl, purpose="support", fields=["phone"], reason="FW-1"
    )
    for number in range(230):
        vault.open_record(
            actor=installation.ana, person=installation.carl, purpose="support", fields=["email"], reason=f"N-{number}"
        )
    assert [row[2] for row in listed(installation, "?field=phone")] == ["Answer your questions · FW-1"]
    browser = signed_in("Ana")
    page = text_of(browser.get(carl_at(installation, "/openings?kind=openings")))
    assert len(rows(page)) == 50
    seen = [row[2] for row in rows(page)]
    while link := re.search(r'rel="next" href="([^"]+)"', page):
        page = text_of(
            browser.get(
                carl_at(installation, "/openings")
                + link[1].replace("&amp;", "&").split("#")[0].removeprefix(carl_at(installation, "/openings"))
            )
        )
        seen += [row[2] for row in rows(page)]
    assert len(seen) == len(set(seen)) == 231


def test_it_can_be_exported_as_it_is_filtered(installation):
    open_carl(signed_in("Ben"), installation)
    answer = signed_in("Dora").get(carl_at(installation, "/openings?kind=openings&as=csv"))
    text = b"".join(answer.streaming_content).decode()
    table = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert table[0] == ["What", "Who", "Why", "Answer", "Ledger", "When"]
    assert table[1][1:4] == ["Ben", "Answer your questions · FW-20418", "Allowed"]
    answer = signed_in("Dora").get(carl_at(installation, "/openings?kind=openings&as=json"))
    (row,) = json.loads(b"".join(answer.streaming_content))
    assert row["who"] == "Ben"
    assert values_in(text) == []


def test_the_auditor_sees_all_of_it_and_the_agent_none(installation):
    open_carl(signed_in("Ben"), installation)
    assert [row[1] for row in listed(installation, "?kind=openings", "Dora")] == ["Ben"]
    assert signed_in("Ben").get(carl_at(installation, "/openings")).status_code == 403
    assert values_in(text_of(signed_in("Dora").get(carl_at(installation, "/openings")))) == []


def test_a_missing_entry_halts_the_page_instead_of_being_left_out(installation):
    from keepfold.kernel import db

    open_carl(signed_in("Ben"), installation)
    while sequence_once():
        pass
    db.execute("default", "DELETE FROM ledger_tag")
    page = signed_in("Ana").get(carl_at(installation, "/openings"))
    assert page.status_code == 503
    assert "missing from the ledger" in text_of(page)


def counted(person: bytes) -> int:
    """Return how many entries there are about a person."""
    from keepfold.kernel import db

    return db.fetch_one("default", "SELECT next FROM ledger_subject WHERE subject = %s", [person])[0]


NOTHING = ("?answer=refused", "?kind=consents", "?field=city", "?purpose=newsletter", "?at_to=2020-01-01", "?who={sys}")


@pytest.mark.parametrize("query", ["", "?kind=openings", "?n=25&after=500", *NOTHING])
def test_one_view_of_the_page_is_one_entry_whatever_is_asked_for(installation, query):
    recorded(installation, 900)
    before = counted(installation.carl)
    browser, query = signed_in("Ana"), query.format(sys=ids.show("sys", ids.uuid7()))
    assert browser.get(carl_at(installation, f"/openings{query}")).status_code == 200
    assert counted(installation.carl) - before == 1


def recorded(installation, number: int, **changes: object) -> None:
    """Let Ben have opened Carl's telephone number so many times, written down as the gate does."""
    from keepfold.gate.types import Context, Decision, Entry
    from keepfold.kernel import db
    from keepfold.ledger.recorder import recorder

    yes = Decision(allowed=True, rules=("purpose.support",), reason="", purpose_number=1, policy_hash=bytes(32))
    with db.atomic():
        for case in range(number):
            asked = {"purpose": "support", "fields": ("phone",), "reason": f"N-{case}"} | changes
            context = Context(
                actor=installation.ben, action="vault.record.open", subjects=(installation.carl,), **asked
            )
            recorder.append(
                Entry(id=ids.uuid7(), context=context, decision=yes, subjects=(installation.carl,), details={})
            )


def test_what_one_page_does_not_reach_is_said_and_leads_on_until_it_is_found(installation, monkeypatch):
    from keepfold.ledger import actions, history

    monkeypatch.setattr(history, "MOST_LOOKED_AT", 40)
    monkeypatch.setattr(actions, "MOST_LOOKED_AT", 40)
    recorded(installation, 1, fields=("city",), reason="FW-1")
    recorded(installation, 90)
    browser, pages = signed_in("Ana"), 1
    page = text_of(browser.get(carl_at(installation, "/openings?field=city")))
    while "Nothing that fits among 40 entries" in page:
        assert rows(page) == []
        link = re.search(r'href="([^"#]+)[^"]*">Look further back', page)[1].replace("&amp;", "&")
        page, pages = text_of(browser.get(carl_at(installation, "/openings") + link)), pages + 1
    assert pages == 3
    assert [row[2] for row in rows(page)] == ["Answer your questions · FW-1"]


def test_a_filter_pages_through_all_that_fit_without_gap_or_repetition(installation):
    for case in range(120):
        recorded(installation, 1, fields=("email",) if case % 2 else ("phone",), reason=f"C-{case}")
    browser, seen = signed_in("Ana"), []
    page = text_of(browser.get(carl_at(installation, "/openings?field=email&n=25")))
    while True:
        seen += [row[2] for row in rows(page)]
        following = re.search(r'rel="next" href="([^"#]+)', page)
        if following is None:
            break
        page = text_of(browser.get(carl_at(installation, "/openings") + following[1].replace("&amp;", "&")))
    assert seen == [f"Answer your questions · C-{case}" for case in range(119, 0, -2)]


def test_whoever_may_be_asked_for_is_still_there_after_asking_for_one(installation):
    recorded(installation, 3)
    page = text_of(signed_in("Ana").get(carl_at(installation, f"/openings?who={ids.show('stf', installation.ben.id)}")))
    choices = page.split('name="who">')[1].split("</select>")[0]
    assert re.findall(r"(selected)?>([^<]+)</option>", choices) == [
        ("", "All"),
        ("selected", "Ben"),
        ("", "Keepfold itself"),
        ("", "You"),
    ]


def test_a_file_of_them_holds_more_than_any_one_look_reaches(installation, monkeypatch):
    from keepfold.ledger import history

    monkeypatch.setattr(history, "MOST_LOOKED_AT", 40)
    recorded(installation, 1, fields=("city",), reason="FW-1")
    recorded(installation, 90)
    recorded(installation, 1, fields=("city",), reason="FW-2")
    answer = signed_in("Ana").get(carl_at(installation, "/openings?field=city&as=json"))
    found = json.loads(b"".join(answer.streaming_content))
    assert [row["why"].rpartition(" ")[2] for row in found] == ["FW-2", "FW-1"]
