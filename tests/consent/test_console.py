"""The page about everybody's consents: counts, a trend and the latest events; nobody is named or gone through for it."""

from __future__ import annotations

import csv
import io
import re

import pytest

from keepfold.consent import actions, queries
from keepfold.consent.console import trend
from keepfold.consent.types import SaidOn
from keepfold.kernel import clock, db, ids
from keepfold.ledger import queries as ledger
from keepfold.policy import queries as policy
from keepfold.vault import actions as vault
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of


@pytest.fixture
def said(installation):
    """Let Carl agree, two others say no, one wait for a confirmation, and one say nothing."""
    others = [
        one.id for one in vault.seal_many(actor=installation.operator, records=[{"city": f"T{n}"} for n in range(4)])
    ]
    ana = installation.ana
    actions.grant_consent(
        actor=ana, customer=installation.carl, purpose="newsletter", channel="signup_form", form_version="7"
    )
    actions.confirm_consent(actor=ana, customer=installation.carl, purpose="newsletter")
    for person in others[:2]:
        actions.withdraw_consent(actor=ana, customer=person, purpose="newsletter", channel="portal")
    actions.grant_consent(actor=ana, customer=others[2], purpose="newsletter", channel="api")
    return installation


def cells(page: str) -> list[list[str]]:
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("</tr>") if "<t" in row]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in found]


def test_everybody_is_counted_where_they_stand(said):
    page = text_of(signed_in("Ana").get("/consents"))
    assert cells(page) == [["Send you news and offers by e-mail", "1", "2", "1", "0", "1"]]
    assert "20 % of all customers" in page


def test_nobody_is_named_and_no_value_is_shown(said):
    page = text_of(signed_in("Ana").get("/consents"))
    assert [value for value in CARL.values() if value in page] == []
    assert f"/customers/{ids.show('cus', said.carl)}/consents" in page


def test_the_latest_events_come_with_their_evidence_and_are_paged(said, monkeypatch):
    for _number in range(12):
        actions.withdraw_consent(actor=said.ana, customer=said.carl, purpose="newsletter", channel="email")
    browser = signed_in("Ana")
    page = text_of(browser.get("/consents"))
    events = page.split('id="t-events"', 1)[1]
    assert events.count("<td") // 3 >= 10
    assert "E-mail" in events
    following = re.search(r'rel="next" href="([^"]+)"', events)[1].replace("&amp;", "&")
    older = text_of(browser.get(f"/consents{following.removeprefix('/consents')}")).split('id="t-events"', 1)[1]
    assert "Said yes, to be confirmed" in older
    assert "Sign-up form, 7" in older


def test_the_wording_in_every_language_and_what_a_yes_opens_is_shown(said):
    page = re.sub(r"\s+", " ", text_of(signed_in("Ana").get("/consents")))
    assert '<p class="read" lang="en">Send you news and offers by e-mail</p>' in page
    assert '<p class="read" lang="de">Ihnen Neuigkeiten und Angebote per E-Mail senden</p>' in page
    assert "E-mail address, First name" in page
    assert "Sign-up form, Account page, Program" in page
    assert "2 years" in page


def test_the_trend_counts_yes_and_no_by_week():
    today = int(clock.now_s()) // 86_400
    chart = trend(
        [
            SaidOn(said="granted", day=today, number=3),
            SaidOn(said="confirmed", day=today, number=1),
            SaidOn(said="asked", day=today, number=9),
            SaidOn(said="withdrawn", day=today - 7, number=2),
            SaidOn(said="granted", day=today - 1000, number=5),
        ]
    )
    assert chart.finding == "In 13 weeks 4 said yes and 2 said no."
    assert [row[1:] for row in chart.rows][-2:] == [(0, 2), (4, 0)]
    assert len(chart.rows) == 13


def test_the_counts_can_be_exported(said):
    answer = signed_in("Ana").get("/consents?as=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode().removeprefix("\ufeff"))))
    assert rows[0] == ["Purpose", "Agree", "Said no", "To be confirmed", "Ended", "Said nothing"]
    assert rows[1] == ["Send you news and offers by e-mail", "1", "2", "1", "0", "1"]


def test_nobody_is_gone_through_for_the_page(said, monkeypatch):
    asked = []
    for name in ("fetch_all", "fetch_one"):
        run = getattr(db, name)
        monkeypatch.setattr(db, name, lambda *call, run=run: asked.append(call) or run(*call))
    signed_in("Ana").get("/consents")
    monkeypatch.undo()
    plans = [
        str(db.fetch_all(using, f"EXPLAIN QUERY PLAN {sql}", *parameters))
        for using, sql, *parameters in asked
        if "consent_" in sql or "vault_" in sql
    ]
    assert plans
    assert [plan for plan in plans if re.search(r"SCAN (consent_(event|state)\b(?! USING)|vault_person)", plan)] == []


def test_looking_is_recorded_once_and_concerns_nobody(said):
    before = ledger.status().pending
    signed_in("Ana").get("/consents")
    assert ledger.status().pending == before + 1


def test_it_is_for_those_who_may_list_everybodys_wishes(said):
    for who in ("Ben", "Dora"):
        assert signed_in(who).get("/consents").status_code == 403
        assert 'href="/consents"' not in text_of(signed_in(who).get("/customers"))
    assert 'href="/consents"' in text_of(signed_in("Ana").get("/customers"))


def test_a_policy_without_anything_up_to_people_says_so(installation, monkeypatch):
    schema = policy.schema()
    monkeypatch.delitem(schema.purposes, "newsletter")
    page = text_of(signed_in("Ana").get("/consents"))
    assert "Nothing is up to the customers" in page


def test_whoever_cannot_count_people_says_unknown(said, monkeypatch):
    monkeypatch.setattr(queries._Wiring, "count", None)
    page = text_of(signed_in("Ana").get("/consents"))
    assert "Unknown" in page
    assert cells(page)[0][-1] == "–"


def test_the_page_speaks_german(said):
    page = text_of(signed_in("Ana", HTTP_ACCEPT_LANGUAGE="de").get("/consents"))
    assert "Wie alle dazu stehen" in page
    assert "Where everybody stands" not in page
    assert "Ihnen Neuigkeiten und Angebote per E-Mail senden" in page
