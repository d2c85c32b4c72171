"""A customer's consents: where they stand, how we know, and recording what they say with what opens or closes by it."""

from __future__ import annotations

import re

import pytest

from keepfold.consent import actions as consent
from keepfold.consent import queries
from keepfold.kernel.errors import NotAllowed
from keepfold.vault import actions as vault
from tests.console.customers import carl_at, values_in, written
from tests.support.console import signed_in, text_of

YES = {"purpose": "newsletter", "act": "grant", "channel": "signup_form", "form_version": "2026-11"}
NO = {"purpose": "newsletter", "act": "withdraw", "channel": "phone_verbal"}


def say(installation, form, who="Ana"):
    return signed_in(who).post(carl_at(installation, "/consents"), form)


def stands(installation) -> str:
    return next((one.status for one in queries.facts_of(installation.carl).values()), "nothing")


def test_what_is_up_to_them_is_shown_and_what_is_not_is_named(installation):
    page = re.sub(r"\s+", " ", text_of(signed_in("Ana").get(carl_at(installation, "/consents"))))
    assert "Never asked. It opens nothing." in page
    assert "They have said nothing yet" in page
    assert (
        "for another ground holds: Deliver what you ordered, Keep the books that tax law demands, Answer your questions."
        in page
    )
    assert values_in(page) == []


def test_before_anything_is_recorded_the_page_says_what_opens_or_closes(installation):
    browser = signed_in("Ana")
    at = carl_at(installation, "/consents")
    grant = text_of(browser.get(f"{at}?purpose=newsletter&act=grant"))
    assert "Opens once they confirm it:" in grant
    assert "E-mail address, First name, for “Send you news and offers by e-mail” and nothing else." in grant
    assert re.findall(r'<option value="(\w+)"', grant) == ["signup_form", "account_form", "api"]
    withdraw = text_of(browser.get(f"{at}?purpose=newsletter&act=withdraw"))
    assert "Closes at once:" in withdraw
    assert "nobody opens E-mail address, First name for “Send you news and offers by e-mail” any more" in withdraw
    assert "phone_verbal" in withdraw
    assert written(installation).count("consent.event.grant") == 0


def test_a_yes_waits_for_its_confirmation_and_then_opens(installation):
    answer = say(installation, YES)
    assert (answer.status_code, answer.headers["Location"]) == (302, carl_at(installation, "/consents"))
    page = text_of(signed_in("Ana").get(carl_at(installation, "/consents")))
    assert "To be confirmed" in page
    assert "act=confirm" in page
    assert stands(installation) == "nothing"
    assert say(installation, {"purpose": "newsletter", "act": "confirm"}).status_code == 302
    assert stands(installation) == "granted"
    vault.open_record(actor=installation.ana, person=installation.carl, purpose="newsletter")
    page = text_of(signed_in("Ana").get(carl_at(installation, "/consents")))
    assert re.search(r"Given on [^.]+, Sign-up form, form 2026-11\. Ends on", page)
    assert "Agrees" in page


def test_a_no_works_at_once_and_is_told_once(installation):
    say(installation, YES)
    say(installation, {"purpose": "newsletter", "act": "confirm"})
    browser = signed_in("Ana")
    page = text_of(browser.post(carl_at(installation, "/consents"), NO, follow=True))
    assert "Withdrawn. It works now." in page
    assert "Withdrawn. It works now." not in text_of(browser.get(carl_at(installation, "/consents")))
    with pytest.raises(NotAllowed):
        vault.open_record(actor=installation.ana, person=installation.carl, purpose="newsletter")
    history = consent.list_consents(actor=installation.ana, customer=installation.carl).events
    assert [one.said for one in history] == ["withdrawn", "confirmed", "asked"]
    assert history[0].evidence.channel == "phone_verbal"
    assert {one.evidence.staff for one in history if one.said != "confirmed"} == {installation.ana.id}


def test_the_history_says_who_recorded_what_and_where_it_was_said(installation):
    say(installation, NO, "Ben")
    page = re.sub(r"\s+", " ", text_of(signed_in("Ana").get(carl_at(installation, "/consents"))))
    assert re.search(r"<td>Withdrew</td>.*<td class=\"p2\">On the telephone</td><td class=\"p3\">Ben</td>", page)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (YES | {"channel": ""}, "Choose where they said it."),
        (YES | {"channel": "paper"}, "The policy does not ask for this consent there."),
        (YES | {"form_version": "Mrs Muster signed"}, "Write the form version in letters and digits"),
        ({"purpose": "newsletter", "act": "confirm"}, "Nothing waits to be confirmed any more."),
    ],
)
def test_a_mistake_is_explained_and_nothing_is_recorded(installation, form, says):
    page = say(installation, form)
    assert page.status_code == 422
    assert says in text_of(page)
    assert consent.list_consents(actor=installation.ana, customer=installation.carl).events == ()


def test_an_agent_without_the_purpose_records_a_no_and_never_a_yes(installation):
    page = text_of(signed_in("Ben").get(carl_at(installation, "/consents")))
    assert "act=withdraw" in page
    assert "act=grant" not in page
    assert "you may record a no." in page
    refused = say(installation, YES, "Ben")
    assert refused.status_code == 403
    assert "Your role does not work for this purpose." in text_of(refused)
    assert say(installation, NO, "Ben").status_code == 302


@pytest.mark.parametrize("form", [{"purpose": "support", "act": "grant"}, {"purpose": "newsletter", "act": "erase"}])
def test_what_cannot_be_recorded_is_not_there(installation, form):
    assert say(installation, form).status_code == 404
    assert signed_in("Ana").get(carl_at(installation, "/consents"), form).status_code == 404


def test_an_unknown_purpose_records_nothing(installation):
    assert say(installation, {"purpose": "parties", "act": "grant"}).status_code == 200
    assert consent.list_consents(actor=installation.ana, customer=installation.carl).events == ()


def test_the_auditor_does_not_read_wishes(installation):
    assert signed_in("Dora").get(carl_at(installation, "/consents")).status_code == 403
    assert signed_in("Dora").post(carl_at(installation, "/consents"), NO).status_code == 403
