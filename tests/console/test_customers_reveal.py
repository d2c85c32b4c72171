"""Opening for a purpose: four questions, values in one answer that is kept nowhere, and a refusal that explains itself."""

from __future__ import annotations

import json
import re
import threading
from html.parser import HTMLParser

import pytest
from django.db import connections

from keepfold.consent import actions as consent
from keepfold.kernel import ids
from keepfold.kernel.errors import Unavailable
from keepfold.ledger import actions as ledger
from keepfold.vault import actions as vault
from keepfold.vault import opening
from tests.console.customers import CASE, addresses_in, carl_at, open_carl, title_of, values_in, written
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of

POLYGLOTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "javascript:alert(1)//",
    "{{ 7*7 }}{% load x %}",
    "</title><svg onload=alert(1)>",
    "&lt;b&gt;&amp;",
    "<a hx-get=/customers hx-trigger=load>",
)


def test_the_form_asks_four_questions_and_shows_no_value(installation):
    page = signed_in("Ben").get(carl_at(installation, "/open"))
    shown = text_of(page)
    for question in ("1. What is it for?", "2. Which fields?", "3. For how long?", "4. Which case?"):
        assert question in shown
    assert "What will open" in shown
    assert "What will be recorded" in shown
    assert values_in(shown) == []
    assert values_in(title_of(page)) == []


def test_refused_purposes_say_why_and_lead_to_the_explainer_with_the_question(installation):
    shown = text_of(signed_in("Ana").get(carl_at(installation, "/open")))
    assert "They have not agreed to it." in shown
    carl = ids.show("cus", installation.carl)
    assert f'href="/decisions?purpose=newsletter&amp;action=vault.record.open&amp;customer={carl}"' in shown
    newsletter = re.search(r'<input type="radio"[^>]*value="newsletter"[^>]*>', shown)[0]
    assert "disabled" in newsletter


def test_required_fields_are_ticked_and_what_is_not_held_cannot_be(installation):
    shown = text_of(signed_in("Ben").get(carl_at(installation, "/open?purpose=fulfil_order")))
    boxes = {
        name: box
        for box, name in re.findall(
            r'(<input type="checkbox"[^>]*name="fields-fulfil_order" value="(\w+)"[^>]*>)', shown
        )
    }
    assert {name for name, box in boxes.items() if "checked" in box} == {
        "email",
        "first_name",
        "last_name",
        "city",
        "country",
    }
    assert {name for name, box in boxes.items() if "disabled" in box} == {"address", "postal_code", "state"}


def test_what_was_opened_is_shown_for_a_while_with_purpose_and_entry(installation):
    page = open_carl(signed_in("Ben"), installation, minutes="1")
    shown = text_of(page)
    assert page.status_code == 200
    assert re.search(r'class="opened"[^>]*data-reveal-until="[^"]+"', shown)
    assert '<bdi id="' in shown
    assert "carl.lindqvist@example.org" in shown
    assert "Answer your questions" in shown
    assert f'<noscript><meta http-equiv="refresh" content="60;url={carl_at(installation)}"></noscript>' in shown
    assert f'data-reveal-home="{carl_at(installation)}"' in shown
    entry = re.search(r"ent_\w{26}", shown)[0]
    (found,) = [one for one in _entries(installation) if one.entry.action == "vault.record.open"]
    assert ids.parse("ent", entry).hex() == found.details["id"]
    assert (found.details["reason"], found.details["purpose"]) == (CASE, "support")


def _entries(installation):
    return ledger.entries_of(actor=installation.operator, person=installation.carl).entries


def test_masked_values_say_so_and_why(installation):
    shown = text_of(open_carl(signed_in("Ben"), installation))
    assert "Partly sealed: </span>•••0605" in shown
    assert "Last four characters only. Masked for “Answer your questions” in the policy." in shown
    assert "0701740605" not in shown.replace(" ", "")


def test_only_the_chosen_fields_open_and_are_recorded(installation):
    shown = text_of(open_carl(signed_in("Ben"), installation, **{"fields-support": ["country"]}))
    assert "Sweden" in shown
    assert set(values_in(shown)) == {"Sweden"}
    (found,) = [one for one in _entries(installation) if one.entry.action == "vault.record.open"]
    assert found.details["fields"] == ["country"]


def test_an_opened_value_is_in_no_address_title_session_log_or_cache(installation, capfd):
    browser = signed_in("Ben")
    page = open_carl(browser, installation)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    assert "ETag" not in page.headers
    assert values_in(title_of(page)) == []
    assert values_in(addresses_in(page)) == []
    assert values_in(json.dumps(dict(browser.session.items()), default=str)) == []
    assert values_in(str(page.headers)) == []
    assert values_in("".join(capfd.readouterr())) == []


def test_loading_the_answer_again_opens_again_and_is_recorded_again(installation):
    browser = signed_in("Ben")
    open_carl(browser, installation)
    open_carl(browser, installation)
    assert written(installation).count("vault.record.open") == 2


def test_nobody_sees_by_an_address_what_somebody_else_opened(installation):
    open_carl(signed_in("Ben"), installation)
    for who in ("Ben", "Ana"):
        for address in ("", "/open", "/open?purpose=support&field=email"):
            assert values_in(text_of(signed_in(who).get(carl_at(installation, address)))) == []
    assert signed_in("Dora").get(carl_at(installation, "/open")).status_code == 403
    assert signed_in("Dora").post(carl_at(installation, "/open"), {}).status_code == 403


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"case": ""}, "Write a case or order number"),
        ({"case": "Mrs Muster called"}, "Write a case or order number"),
        ({"case": "carl@example.org1"}, "Write a case or order number"),
        ({"fields-support": []}, "Choose at least one field."),
        ({"purpose": ""}, "Choose what it is for."),
        ({"purpose": "parties"}, "Choose what it is for."),
    ],
)
def test_without_an_answer_to_every_question_nothing_opens(installation, change, says):
    page = open_carl(signed_in("Ben"), installation, **change)
    assert page.status_code == 422
    assert says in text_of(page)
    assert values_in(text_of(page)) == []
    assert "vault.record.open" not in written(installation)


def test_an_invented_time_limit_is_the_usual_one(installation):
    shown = text_of(open_carl(signed_in("Ben"), installation, minutes="9999"))
    assert 'content="300;url=' in shown


@pytest.mark.parametrize(
    ("who", "purpose", "rule", "says"),
    [
        ("Ben", "newsletter", "actor.purpose", "Your role does not work for this purpose."),
        ("Ana", "newsletter", "consent.missing", "They have not agreed to it."),
        (
            "Ana",
            "bookkeeping",
            "field.not-in-purpose",
            "“Keep the books that tax law demands” does not need this data.",
        ),
    ],
)
def test_a_refusal_is_an_answer_that_explains_itself(installation, who, purpose, rule, says):
    form = {"fields-newsletter": ["email"], "fields-bookkeeping": ["email"]}
    page = open_carl(signed_in(who), installation, purpose, **form)
    shown = text_of(page)
    assert page.status_code == 403
    assert says in shown
    assert f"<code>{rule}</code>" in shown
    assert f"/decisions?purpose={purpose}&amp;action=vault.record.open" in shown
    assert values_in(shown) == []
    refused = _entries(installation)[1]
    assert (refused.entry.action, refused.entry.allowed) == ("vault.record.open", False)


def test_a_withdrawal_counts_for_the_next_opening(installation):
    ana, carl = installation.ana, installation.carl
    consent.grant_consent(actor=ana, customer=carl, purpose="newsletter", channel="api")
    consent.confirm_consent(actor=ana, customer=carl, purpose="newsletter")
    form = {"fields-newsletter": ["email"]}
    assert open_carl(signed_in("Ana"), installation, "newsletter", **form).status_code == 200
    consent.withdraw_consent(actor=ana, customer=carl, purpose="newsletter")
    page = open_carl(signed_in("Ana"), installation, "newsletter", **form)
    assert (page.status_code, "They withdrew their consent." in text_of(page)) == (403, True)


@pytest.mark.parametrize(
    "broken",
    [
        "keepfold.ledger.recorder.LedgerRecorder.append",
        "keepfold.kernel.clock.guard",
        "keepfold.vault.keys.people.Opener.open",
    ],
)
def test_when_ledger_clock_or_keys_fail_there_is_a_refusal_and_no_value(installation, monkeypatch, broken):
    def refuse(*_args, **_more):
        raise Unavailable("Away.", code="test.away", next_step="Wait.")

    monkeypatch.setattr(broken, refuse)
    page = open_carl(signed_in("Ben"), installation)
    assert page.status_code == 503
    assert "Away." in text_of(page)
    assert values_in(text_of(page)) == []


def test_whoever_is_erased_while_it_opens_is_not_there_and_no_value_comes(installation, monkeypatch):
    """The entry is durable, then another thread erases Carl, then the values would be read."""
    real = opening.open_people

    def erase_first(*args):
        monkeypatch.setattr(opening, "open_people", real)
        worker = threading.Thread(target=_erase, args=(installation,))
        worker.start()
        worker.join()
        return real(*args)

    monkeypatch.setattr(opening, "open_people", erase_first)
    page = open_carl(signed_in("Ben"), installation)
    assert page.status_code == 404
    assert "There is no such customer, or no longer." in text_of(page)
    assert values_in(text_of(page)) == []


def _erase(installation):
    vault.erase(actor=installation.operator, person=installation.carl, reason="asked")
    connections.close_all()


def test_nothing_that_a_customer_wrote_is_ever_markup_on_any_page(installation):
    names = ("first_name", "last_name", "address", "city", "state")
    made = [
        vault.seal(
            actor=installation.operator,
            values={"email": f"m{start}@example.org"} | dict(zip(names, texts, strict=False)),
        ).id
        for start in (0, 4)
        for texts in [POLYGLOTS[start:]]
    ]
    browser = signed_in("Ana")
    everything = list(vault.open_record(actor=installation.ana, person=made[0], purpose="fulfil_order").values)
    for person in made:
        at = f"/customers/{ids.show('cus', person)}"
        pages = [
            browser.post(f"{at}/open", {"purpose": "fulfil_order", "fields-fulfil_order": everything, "case": CASE}),
            browser.post(f"{at}/edit", {"purpose": "fulfil_order", "act": "open", "case": CASE}),
            browser.post("/customers", {"purpose": "support", "act": "names", "ids": [ids.show("cus", person)]}),
            browser.get(at),
            browser.get(f"{at}/openings"),
        ]
        for page in pages:
            assert page.status_code == 200
            _is_inert(text_of(page))


class _Markup(HTMLParser):
    """What a browser would make of a page: its elements with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def _is_inert(page: str) -> None:
    markup = _Markup()
    markup.feed(page)
    for tag, attributes in markup.found:
        assert not [name for name in attributes if name.startswith("on")], tag
        assert tag != "script" or "nonce" in attributes
        assert tag != "img"
        assert not any(
            str(value).startswith("javascript:")
            for name, value in attributes.items()
            if name in {"href", "src", "action"}
        )
        assert "hx-nonce" in attributes or not [name for name in attributes if name.startswith("hx-")], tag
    assert "49{%" not in page
    assert page.count("<title>") == 1


def test_what_somebody_typed_is_never_markup_either(installation):
    browser = signed_in("Ana")
    for text in POLYGLOTS:
        pages = [
            browser.post(carl_at(installation, "/open"), {"purpose": text, "case": text, "why": text, "minutes": text}),
            browser.post("/customers", {"purpose": "support", "field": "email", "value": text, "case": text}),
            browser.post(
                carl_at(installation, "/edit"), {"purpose": "support", "case": text, "act": "save", "f-email": text}
            ),
            browser.get("/customers", {"id": text, "purpose": text}),
            browser.post(carl_at(installation, "/erase"), {"reason": text, "last": text}),
        ]
        for page in pages:
            assert page.status_code in {200, 422}
            _is_inert(text_of(page))


def test_a_form_of_another_page_opens_nothing(installation):
    browser = signed_in("Ben")
    browser.handler.enforce_csrf_checks = True
    page = open_carl(browser, installation)
    assert page.status_code == 403
    assert values_in(text_of(page)) == []
    assert "vault.record.open" not in written(installation)


def test_lists_and_days_are_shown_as_people_read_them(installation):
    from keepfold.console.customers import values
    from keepfold.policy.types import FieldSpec, PartSpec

    spec = FieldSpec(
        name="order_items",
        number=1,
        type="list",
        label={"en": "Orders"},
        compartment="orders",
        compartment_number=1,
        parts=(
            PartSpec(name="item", type="text", max_length=9),
            PartSpec(name="bought_on", type="date", max_length=10),
        ),
    )
    shown = values.value_of(spec, [{"item": "Lamp", "bought_on": "2026-11-24"}, {"item": "<b>"}])
    assert shown.heads == ("item", "bought on")
    assert shown.rows[0] == (("item", "Lamp"), ("bought on", "24 November 2026"))
    assert shown.rows[1][1] == ("bought on", "–")
    assert values.plain([{"item": "Lamp", "price": 2.5}, {"item": "Oil"}]) == "item: Lamp, price: 2.5; item: Oil"
    assert values.text_of("country", "SE") == "Sweden"
    assert (values.text_of("boolean", True), values.text_of("boolean", False)) == ("Yes", "No")
    assert CARL["city"] not in shown.text
