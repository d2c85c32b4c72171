"""A customer's page says what is held, for what and until when, and opens nothing for it."""

from __future__ import annotations

import re

import pytest
import time_machine

from keepfold.consent import actions as consent
from keepfold.console.customers import until, words
from keepfold.console.customers.until import Said, Until
from keepfold.kernel import db, ids
from keepfold.policy import queries as policy
from keepfold.policy.types import ConsentSpec, OptOutSpec, PurposeSpec, RetentionSpec
from keepfold.vault import actions as vault
from tests.console.customers import carl_at, open_carl, title_of, values_in, written
from tests.support.console import signed_in, text_of

PAGES = ("", "/open", "/openings", "/consents", "/edit", "/erase")
DAY = 86_400


@pytest.mark.parametrize("who", ["Ana", "Ben", "Dora"])
def test_what_is_held_is_named_and_no_value_is_shown(installation, who):
    page = signed_in(who).get(carl_at(installation))
    shown = text_of(page)
    assert page.status_code == 200
    for label in ("E-mail address", "First name", "Last name", "Telephone number", "City", "Country"):
        assert re.search(rf'<th scope="row">{label}<', shown)
    assert shown.count("Sealed: </span>••••••") == 6
    assert "Not held: Street and house number, State or province, Postcode." in re.sub(r"\s+", " ", shown)
    assert values_in(shown) == []
    assert values_in(title_of(page)) == []


def test_each_look_is_recorded_and_none_is_an_opening(installation):
    signed_in("Ana").get(carl_at(installation))
    assert written(installation)[1:] == [
        "vault.record.outline",
        "consent.event.list",
        "ledger.entries.list_of_person",
    ]


def test_why_and_until_when_each_field_is_held_stands_in_words(installation):
    shown = re.sub(r"\s+", " ", text_of(signed_in("Ben").get(carl_at(installation))))
    assert "Deliver what you ordered <small>Contract</small>" in shown
    assert "Keep the books that tax law demands <small>Legal duty</small>" in shown
    assert '<span class="badge warn">' in shown
    assert "90 days after their last order is closed" in shown
    assert "nobody told Keepfold when their last order is closed; their last question is answered." in shown
    assert "Unknown: 8 years after the end of the year in which their last order is closed." in shown
    assert "Last copy unreadable on" in shown


def test_a_consent_holds_the_field_while_it_lasts_and_for_a_day_in_the_calendar_afterwards(installation):
    ana, carl = installation.ana, installation.carl
    page = carl_at(installation)
    assert "Never asked. It opens nothing." in text_of(signed_in("Ana").get(page))
    consent.grant_consent(actor=ana, customer=carl, purpose="newsletter", channel="signup_form", form_version="4")
    assert "has to confirm it, Sign-up form, form 4." in text_of(signed_in("Ana").get(page))
    consent.confirm_consent(actor=ana, customer=carl, purpose="newsletter")
    shown = text_of(signed_in("Ana").get(page))
    assert re.search(r"Given on \d+ \w+( \d{4})?, Sign-up form, form 4\. Ends on", shown)
    consent.withdraw_consent(actor=ana, customer=carl, purpose="newsletter", channel="phone_verbal")
    shown = text_of(signed_in("Ana").get(page))
    assert "On the telephone." in shown
    assert re.search(r"Ends on \d+ \w+( \d{4})?: 14 days after their consent ends\.", shown)


def test_who_may_see_what_decides_which_parts_and_ways_there_are(installation):
    shown = {who: text_of(signed_in(who).get(carl_at(installation))) for who in ("Ana", "Ben", "Dora")}
    seen = {
        who: {
            word
            for word in ('/open"', '/edit"', '/erase"', "/openings", "/consents")
            if f"{carl_at(installation)}{word}" in page
        }
        for who, page in shown.items()
    }
    assert seen == {
        "Ana": {'/open"', '/edit"', '/erase"', "/openings", "/consents"},
        "Ben": {'/open"', '/edit"', "/consents"},
        "Dora": {"/openings"},
    }
    assert "Who opened what" in shown["Dora"]
    assert "Who opened what" not in shown["Ben"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_malformed_absent_and_erased_customers_are_one_and_the_same(installation, page, method):
    browser = signed_in("Ana")
    gone = vault.seal(actor=installation.operator, values={"city": "Ulm"}).id
    vault.erase(actor=installation.operator, person=gone, reason="asked")
    answers = []
    for text in (
        ids.show("cus", gone),
        ids.show("cus", ids.uuid7()),
        "cus_0",
        "Carl",
        ids.show("stf", installation.ben.id),
    ):
        answer = getattr(browser, method)(f"/customers/{text}{page}")
        if answer.status_code == 405:
            return
        answers.append(
            (
                answer.status_code,
                re.sub(r'<dd class="mono hash">.*?</dd>|nonce="[^"]*"|value="[^"]{64}"', "", text_of(answer)),
            )
        )
    assert {status for status, _text in answers} == {404}
    assert len({re.sub(r"[A-Za-z0-9+/=_-]{22,}", "", text) for _status, text in answers}) == 1
    assert "There is no such customer, or no longer." in answers[0][1]


@pytest.mark.parametrize("page", ["/open", "/edit", "/erase", "/consents"])
def test_whoever_lacks_the_right_learns_nothing_about_who_is_there(installation, page):
    browser = signed_in("Dora")
    there, absent = (
        browser.get(carl_at(installation, page)),
        browser.get(f"/customers/{ids.show('cus', ids.uuid7())}{page}"),
    )
    assert (there.status_code, absent.status_code) == (403, 403)
    assert "Your roles do not include this page." in text_of(there)


def test_altered_wishes_are_said_to_count_for_nothing(installation):
    consent.grant_consent(actor=installation.ana, customer=installation.carl, purpose="newsletter", channel="api")
    consent.confirm_consent(actor=installation.ana, customer=installation.carl, purpose="newsletter")
    db.execute("default", "UPDATE consent_state SET status = 2")
    for page in ("", "/consents"):
        answer = signed_in("Ana").get(carl_at(installation, page))
        assert answer.status_code == 200
        assert "is not what was recorded, so it counts for nothing." in text_of(answer)


def test_openings_by_others_stand_beside_with_who_and_why(installation):
    open_carl(signed_in("Ben"), installation)
    shown = re.sub(r"\s+", " ", text_of(signed_in("Ana").get(carl_at(installation))))
    assert "<b>Ben</b> opened" in shown
    assert "Answer your questions · FW-20418" in shown
    assert values_in(shown) == []


def test_everything_is_said_in_german_too(installation):
    browser = signed_in("Ana", HTTP_ACCEPT_LANGUAGE="de")
    for page in ("", "/open", "/openings", "/consents", "/edit?purpose=support", "/erase"):
        shown = text_of(browser.get(carl_at(installation, page)))
        assert '<html lang="de"' in shown
        for english in ("Held for", "What goes", "Where they stand", "Who opened", "Save the changes", "Which fields"):
            assert english not in shown
    assert "Ihre Bestellung liefern" in text_of(browser.get(carl_at(installation)))


def test_the_page_answers_in_good_time_with_many_entries(installation):
    """What a page shows does not grow with what was ever written about somebody."""
    import time

    for _number in range(30):
        vault.open_record(actor=installation.ben, person=installation.carl, purpose="support", reason="x-1")
    browser = signed_in("Ana")
    browser.get(carl_at(installation))
    began = time.perf_counter()
    assert browser.get(carl_at(installation)).status_code == 200
    assert time.perf_counter() - began < 2


# -------------------------------------------------------------------------------------------- until when, worked out


def purpose(since: str, keep: str = "P14D", **more) -> PurposeSpec:
    return PurposeSpec(
        name="p",
        number=1,
        label={"en": "p"},
        fields={},
        basis={"gdpr": "6.1.b"},
        retention=RetentionSpec(keep=keep, since=since, then="erase"),
        **more,
    )


CONSENT = ConsentSpec(kind="opt_in", expires="P2Y")


def test_a_consent_ends_with_a_no_or_with_its_time():
    spec = purpose("consent.ended", consent=CONSENT)
    assert until.of_purpose(spec, None, 0) == Until("never")
    assert until.of_purpose(spec, Said("pending", 100), 0) == Until("never")
    assert until.of_purpose(spec, Said("granted", 100), 0) == Until("agree")
    assert until.of_purpose(spec, Said("granted", 100, 1000), 0) == Until("agree", 1000 + 14 * DAY)
    assert until.of_purpose(spec, Said("expired", 100, 1000), 0) == Until("date", 1000 + 14 * DAY)
    assert until.of_purpose(spec, Said("withdrawn", 500, 1000), 0) == Until("date", 500 + 14 * DAY)


def test_an_opt_out_ends_what_needs_no_yes():
    spec = purpose("opt_out", "P0D", opt_out=OptOutSpec())
    assert until.of_purpose(spec, None, 0) == Until("agree")
    assert until.of_purpose(spec, Said("opted_out", 500), 0) == Until("date", 500)


def test_what_counts_from_becoming_a_customer_is_known_and_from_an_event_is_not():
    assert until.of_purpose(purpose("record.created"), None, 1000) == Until("date", 1000 + 14 * DAY)
    assert until.of_purpose(purpose("order.closed"), None, 1000) == Until("unknown", missing="order.closed")
    assert until.of_purpose(purpose("year_end(order.closed)"), None, 0) == Until("unknown", missing="order.closed")
    end = until.of_purpose(purpose("year_end(record.created)", "P1Y"), None, 0)
    assert end == Until("date", (365 + 365) * DAY)
    assert until.of_purpose(purpose("order.closed", consent=CONSENT), None, 1000) == Until("never")


def test_a_field_is_held_until_the_last_purpose_lets_go_as_far_as_it_is_known():
    unknown, agree, early, late = (
        Until("unknown", missing="order.closed"),
        Until("agree"),
        Until("date", 5),
        Until("date", 9),
    )
    assert until.together([early, late]) == late
    assert until.together([early, Until("never")]) == early
    assert until.together([late, agree]) == Until("agree")
    assert until.together([late, Until("agree", 7)]) == Until("agree", 9)
    assert until.together([late, agree, unknown]) == Until("unknown", missing="order.closed")
    assert until.together([Until("never")]) == until.together([]) == Until("nobody")


def test_every_moment_of_every_template_has_words():
    for name in policy.templates():
        for line in re.findall(r"from: ([a-z_.()]+)", policy.template(name)):
            assert "“" not in words.moment(line), line


def test_lengths_of_time_are_said_in_words():
    assert words.period(0, 90, 0) == "90 days"
    assert words.period(18, 0, 0) == "1 year and 6 months"
    assert words.period(0, 0, 15) == "15 working days"
    assert words.kept("", "opt_out") == "Until they opt out"


def test_time_is_over_is_said_where_it_is(installation):
    consent.withdraw_consent(actor=installation.ana, customer=installation.carl, purpose="newsletter")
    with time_machine.travel("2027-06-01", tick=True):
        assert "The time for it is over since" in text_of(signed_in("Ana").get(carl_at(installation)))
