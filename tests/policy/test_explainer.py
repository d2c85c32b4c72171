"""The decision explainer: its rules are those of `decide`, and its page answers, compares, and looks at nobody unasked."""

from __future__ import annotations

import functools
import json
import re

import msgspec
import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.ledger import queries as ledger
from keepfold.people import actions as people_actions
from keepfold.people import queries as staff
from keepfold.policy import actions, queries
from keepfold.policy.compile import compile_policy
from keepfold.policy.console import asking, changing, reasons, words
from keepfold.policy.decide import decide
from keepfold.policy.explain import explain
from keepfold.policy.load import load
from keepfold.policy.types import ConsentFact, PersonFacts, Question
from tests.ledger.support import sequence
from tests.policy.base import loaded
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of

SHOP = loaded("shop")
COMPILED = compile_policy(SHOP.policy, SHOP.hash)
NAMES = words.Names(SHOP.policy)
NOW = 1_800_000_000
DAY = 86_400
# Rules that say the same of a permission as of a refusal have names of their own while they hold.
HOLDING = {"field", "person.state", "ground", "retention"}

actors = st.builds(
    Actor,
    kind=st.just("staff"),
    id=st.just(bytes(16)),
    roles=st.sampled_from([(), ("support",), ("accounting",), ("support", "accounting")]),
    actions=st.sampled_from([(), ("*",), ("vault.*",), ("vault.record.open",), ("people.*",)]),
    purposes=st.sampled_from([(), ("*",), ("support",), ("newsletter", "fulfil_order")]),
)
consents = st.builds(
    ConsentFact,
    status=st.sampled_from(["granted", "withdrawn", "objected", "opted_out"]),
    at_s=st.integers(NOW - 900 * DAY, NOW),
    expires_s=st.one_of(st.none(), st.integers(NOW - 10 * DAY, NOW + 10 * DAY)),
    altered=st.booleans(),
)
people = st.builds(
    PersonFacts,
    consents=st.dictionaries(st.sampled_from(sorted(COMPILED.purposes)), consents, max_size=3),
    restricted=st.booleans(),
    frozen=st.booleans(),
    erased=st.booleans(),
    moments=st.dictionaries(
        st.sampled_from(["order.closed", "support.closed", "consent.ended", "opt_out"]),
        st.integers(NOW - 4000 * DAY, NOW),
        max_size=3,
    ),
)
questions = st.builds(
    Question,
    actor=actors,
    action=st.sampled_from(["vault.record.open", "vault.record.search", "people.client.create"]),
    now_s=st.sampled_from([NOW, COMPILED.effective_s - 1, COMPILED.effective_s]),
    purpose=st.one_of(st.none(), st.sampled_from([*COMPILED.purposes, "fortune_telling"])),
    fields=st.lists(st.sampled_from([*COMPILED.fields, "shoe_size"]), max_size=3, unique=True).map(tuple),
    person=people,
    uses_data=st.booleans(),
    needs_purpose=st.booleans(),
    gpc=st.booleans(),
)


def subject(question, *, is_known=True, who="Ben"):
    return reasons.Subject(COMPILED, NAMES, question, who, "", lambda _path: 0, is_known=is_known)


# ------------------------------------------------------------------------------------------------------------ the rules


@settings(max_examples=400, deadline=None)
@given(questions)
def test_whatever_is_asked_the_rules_shown_stop_where_the_decision_stops(question):
    decision = decide(COMPILED, question)
    answer = reasons.answer(subject(question))
    assert answer.decision == decision
    assert (answer.stop is None) is decision.allowed
    if answer.stop is not None:
        assert (answer.stop.rule,) == decision.rules
        assert answer.word == "Refused"
    else:
        assert answer.word in {"Allowed", "Masked"}
    assert [step.outcome for step in answer.steps].count("stop") == (0 if decision.allowed else 1)


@settings(max_examples=200, deadline=None)
@given(questions)
def test_the_explainer_and_the_explanation_for_programs_name_the_same_refusing_rules(question):
    refusing = [rule.rule for rule in reasons.every(subject(question)) if rule.holds is False]
    known = explain(COMPILED, question)
    programs = [step.rule for step in known.steps if step.effect == "refuses"]
    # For programs every field and every state is a rule of its own; here the first of them stands for the others.
    assert set(refusing) <= set(programs)
    assert refusing[:1] == programs[:1]


@settings(max_examples=200, deadline=None)
@given(questions)
def test_nothing_is_claimed_of_a_customer_whom_nobody_looked_at(question):
    asked = msgspec.structs.replace(question, person=None, uses_data=True)
    answer = reasons.answer(subject(asked, is_known=False))
    if asked.purpose in COMPILED.purposes and answer.stop is None:
        assert answer.word == "Unknown"
        assert answer.tone == "warn"
    if answer.word == "Allowed":
        assert asked.purpose is None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions)
def test_every_change_that_is_offered_was_tried_and_answers_otherwise(monkeypatch, question):
    monkeypatch.setattr(asking.people, "roles", functools.partial(staff.roles, stored=False))
    monkeypatch.setattr(asking.people, "grants_of", functools.partial(staff.grants_of, stored=False))
    offered: list[asking.Asked] = []
    asked = asking.Asked(action=question.action, purpose=question.purpose or "", fields=question.fields)
    answer = reasons.answer(subject(question))
    changing.lines(subject(question), asked, answer, lambda other: offered.append(other) or "/decisions")
    for other in offered:
        if other.who != asked.who:
            changed = msgspec.structs.replace(question, actor=asking.as_role(other.who.removeprefix("role:")))
        elif other.purpose != asked.purpose:
            changed = msgspec.structs.replace(question, purpose=other.purpose)
        else:
            continue
        assert decide(COMPILED, changed).allowed is not answer.decision.allowed


def test_every_rule_that_refuses_has_a_sentence_in_the_readers_language():
    from django.utils.translation import override

    from keepfold.policy.sentences import RULES

    unreachable = {"action.unknown", "policy.none-active"}
    assert set(reasons._refusals()) == set(RULES) - unreachable
    with override("de"):
        german = reasons._refusals()
    assert all(german[rule] != english for rule, english in reasons._refusals().items())


def test_each_stated_fact_is_what_it_says():
    purpose = COMPILED.purposes["newsletter"]

    def rule(said="", state="", kept="", name="newsletter"):
        facts = asking.stated(asking.Stated(said, state, kept), name, COMPILED.purposes[name], NOW)
        actor = Actor(kind="staff", id=bytes(16), actions=("*",), purposes=("*",))
        asked = Question(actor=actor, action="vault.record.open", now_s=NOW, purpose=name, person=facts)
        return decide(COMPILED, asked).rules[0]

    assert purpose.needs_consent
    assert rule() == "consent.missing"
    assert rule("granted") == "basis.gdpr:6.1.a"
    assert rule("expired") == "consent.expired"
    assert rule("withdrawn") == "consent.withdrawn"
    assert rule("opted_out") == "opt-out"
    assert rule("objected", name="fraud_check") == "objection"
    assert [rule("granted", state) for state in ("restricted", "frozen", "erased")] == [
        "person.restricted",
        "person.frozen",
        "person.erased",
    ]
    for name in ("fulfil_order", "bookkeeping", "support", "fraud_check"):
        assert rule(kept="running", name=name).startswith("basis.")
        assert rule(kept="over", name=name) == "retention.ended"


@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.text(max_size=40), max_size=3), st.text(max_size=40))
def test_whatever_stands_in_an_address_is_read_without_complaint_and_written_again(who, purpose, fields, customer):
    given_ = QueryDict(mutable=True)
    given_.update({"who": who, "purpose": purpose, "customer": customer, "action": purpose, "on": who, "said": who})
    given_.setlist("field", fields)
    asked = asking.read(given_)
    again = QueryDict(mutable=True)
    for name, value in asked.parameters():
        again.appendlist(name, value)
    assert asking.read(again) == asked


# ------------------------------------------------------------------------------------------------------------- the page


def ask(client, status=200, method="get", **asked):
    """Ask the page a question and return its text."""
    answer = getattr(client, method)("/decisions", asked)
    assert answer.status_code == status, text_of(answer)[:2000]
    return text_of(answer)


def verdict(page):
    """Return every answer on a page."""
    return re.findall(r'<h2 class="big \w+" id="h-\w">(\w+)\.</h2>', page)


def test_without_a_question_the_page_offers_some(installation):
    page = ask(signed_in("Ben"))
    assert verdict(page) == []
    (first, *others) = re.findall(r'<li><a href="(/decisions\?[^"]+)">', page)
    assert len(others) == 2
    answer = signed_in("Ben").get(first.replace("&amp;", "&"))
    assert verdict(text_of(answer)) == ["Refused"]


def test_a_refusal_names_the_rule_the_line_and_what_would_change_it(installation):
    page = ask(signed_in("Ana"), who="role:support", purpose="newsletter", field="phone")
    assert verdict(page) == ["Refused"]
    assert "Support may not act for" in page
    assert '<code class="dim3">actor.purpose</code>' in page
    assert re.search(r"purposes\.newsletter\.data ∌ phone · policy\.yaml:\d+", page)
    assert "Not reached. It would refuse too." in page
    assert "Another purpose" in page
    assert page.count('<li class="stop">') == 1


def test_what_support_sees_masked_is_called_masked(installation):
    page = ask(signed_in("Ana"), who="role:support", purpose="support", field="phone")
    assert verdict(page) == ["Masked"]


@pytest.mark.parametrize(
    ("said", "word"), [("", "Refused"), ("granted", "Allowed"), ("withdrawn", "Refused"), ("expired", "Refused")]
)
def test_a_stated_customer_decides_by_what_was_stated(installation, said, word):
    assert verdict(ask(signed_in("Ana"), purpose="newsletter", said=said)) == [word]


def test_a_day_before_the_policy_holds_is_refused(installation):
    page = ask(signed_in("Ana"), purpose="support", on="2001-01-01")
    assert verdict(page) == ["Refused"]
    assert "This policy holds only from" in page


def test_a_real_customer_is_unknown_until_somebody_looks_and_the_look_is_written_down(installation):
    ana, carl = signed_in("Ana"), ids.show("cus", installation.carl)
    sequence()
    before = ledger.status().size
    page = ask(ana, purpose="newsletter", customer=carl)
    assert verdict(page) == ["Unknown"]
    sequence()
    assert ledger.status().size == before
    page = ask(ana, method="post", purpose="newsletter", customer=carl)
    assert verdict(page) == ["Refused"]
    assert "The customer has said nothing about it." in page
    sequence()
    newest = ledger.show(ledger.status().size - 1)
    assert (newest.action, newest.allowed, newest.subjects) == ("policy.decision.explain", True, 1)
    for value in CARL.values():
        assert value not in page


def test_who_may_not_ask_about_customers_is_refused_and_learns_nothing(installation):
    dora, carl = signed_in("Dora"), ids.show("cus", installation.carl)
    page = ask(dora, purpose="newsletter", customer=carl)
    assert "stay closed to you" in page
    assert "Look at this customer" not in page
    refused = dora.post("/decisions", {"purpose": "newsletter", "customer": carl})
    assert refused.status_code == 403
    nobody = dora.post("/decisions", {"purpose": "newsletter", "customer": ids.show("cus", bytes(16))})
    assert nobody.status_code == 403


def test_an_absent_and_an_erased_customer_are_answered_alike(installation):
    from keepfold.vault import actions as vault

    ana = signed_in("Ana")
    absent = ana.post("/decisions", {"purpose": "support", "customer": ids.show("cus", bytes(16))})
    vault.erase(actor=installation.ana, person=installation.carl, reason="asked for it")
    erased = ana.post("/decisions", {"purpose": "support", "customer": ids.show("cus", installation.carl)})
    assert absent.status_code == erased.status_code == 404


def test_what_is_no_id_is_named_as_a_mistake_and_never_repeated_in_an_answer(installation):
    page = ask(signed_in("Ana"), status=422, purpose="support", customer="carl.lindqvist@example.org")
    assert 'href="#q-customer"' in page
    assert verdict(page) == []


def test_an_unknown_purpose_is_refused_and_a_value_in_its_place_does_not_come_back(installation):
    assert verdict(ask(signed_in("Ana"), purpose="fortune_telling")) == ["Refused"]
    page = ask(signed_in("Ana"), purpose="Carl Lindqvist <b>", field="4111 1111 1111 1111")
    assert "Lindqvist" not in page
    assert "4111" not in page


def test_nobody_asks_about_others_whom_they_may_not_list(installation):
    dora = ids.show("stf", installation.dora.id)
    assert verdict(ask(signed_in("Ana"), who=f"staff:{dora}", purpose="support")) == ["Refused"]
    page = ask(signed_in("Ben"), status=422, who=f"staff:{dora}", purpose="support")
    unknown = ask(signed_in("Ana"), status=422, who=f"staff:{ids.show('stf', bytes(16))}", purpose="support")
    assert "There is nobody of that name whom you may ask about." in page
    assert "There is nobody of that name whom you may ask about." in unknown
    assert "Dora" not in page


def test_a_client_is_asked_about_by_its_id(installation):
    made = people_actions.create_client(
        actor=installation.operator, name="Shop", actions=("vault.record.open",), purposes=("support",)
    )
    client = ids.show("cli", made.client.id)
    assert verdict(ask(signed_in("Ana"), who=f"client:{client}", purpose="support")) == ["Allowed"]
    people_actions.revoke_client(actor=installation.operator, client=made.client.id)
    ask(signed_in("Ana"), status=422, who=f"client:{client}", purpose="support")


def widened(installation):
    """Submit the policy in force with one more field for the newsletter, and return its version."""
    return actions.submit_version(actor=installation.operator, source=wider_text()).version


def wider_text():
    """Return the policy in force with one more field for the newsletter."""
    document = queries.document("active")
    document["purposes"]["newsletter"]["data"]["phone"] = {"need": "optional", "show": "masked"}
    document["examples"] = [one for one in document["examples"] if "phone" not in one.get("fields", [])]
    return json.dumps(document, ensure_ascii=False)


def test_the_old_and_the_new_rule_decide_the_same_question_differently(installation):
    version = widened(installation)
    asked = {"purpose": "newsletter", "field": "phone", "said": "granted"}
    page = ask(signed_in("Ana"), **asked, against=version)
    assert verdict(page) == ["Refused", "Masked"]
    assert "They answer differently." in page
    other = ask(signed_in("Ana"), purpose="newsletter", field="email", said="granted", against=version[:12])
    assert verdict(other) == ["Allowed", "Allowed"]
    assert "They answer alike." in other


def test_a_draft_of_the_workshop_answers_beside_the_policy_in_force(installation):
    made = actions.start_draft(actor=installation.ana, title="Phone for news", text=wider_text(), base="")
    draft = ids.show("drf", made if isinstance(made, bytes) else made.id)
    page = ask(signed_in("Ana"), purpose="newsletter", field="phone", said="granted", draft=draft)
    assert verdict(page) == ["Refused", "Masked"]
    assert "Phone for news" in page
    hidden = ask(signed_in("Ben"), status=422, purpose="newsletter", field="phone", draft=draft)
    absent = ask(signed_in("Ben"), status=422, purpose="newsletter", field="phone", draft=ids.show("drf", bytes(16)))
    for shown in (hidden, absent):
        assert "There is no such draft, or it is not yours to see." in shown
        assert "Phone for news" not in shown


def test_an_example_of_the_page_is_one_that_the_policy_passes(installation):
    page = ask(signed_in("Ana"), who="role:support", purpose="support", field="phone")
    snippet = re.search(r'id="example"[^>]*>(.*?)</pre>', page, re.DOTALL)[1]
    text = queries.source("active")
    added = text.rstrip() + "\n" + "\n".join("  " + line for line in _plain(snippet).splitlines()) + "\n"
    assert load(added).report.ok, load(added).report.errors
    assert queries.run_tests(added)[-1].passed


def _plain(html):
    from html import unescape

    return unescape(html)


def test_an_action_without_data_is_decided_by_grants_alone(installation):
    assert verdict(ask(signed_in("Ana"), action="people.staff.add")) == ["Refused"]
    assert verdict(ask(signed_in("Ana"), who="role:owner", action="people.staff.add")) == ["Allowed"]


def test_the_page_speaks_german(installation):
    ana = signed_in("Ana", HTTP_ACCEPT_LANGUAGE="de")
    page = ask(ana, who="role:support", purpose="newsletter", field="phone")
    assert "Abgelehnt." in page
    assert "Was es ändern würde" in page
    assert "Refused" not in page


def test_while_no_policy_is_in_force_the_page_says_so(stores):
    from keepfold.people.models import Staff
    from keepfold.site import wiring
    from keepfold.vault import keys

    wiring.wire()
    keys.init()
    people_actions.bootstrap_owner(actor=staff.operator(), email="owner@example.org", name="Olga")
    assert Staff.objects.count() == 1
    page = ask(signed_in("Olga"), status=422, purpose="support")
    assert "No policy is in force" in page


def test_a_question_becomes_an_example_of_an_open_draft_by_one_button(installation):
    made = actions.start_draft(actor=installation.ana, title="Next year", text=queries.source("active"), base="")
    draft = ids.show("drf", made if isinstance(made, bytes) else made.id)
    ana = signed_in("Ana")
    page = ask(ana, who="role:support", purpose="support", field="phone")
    form = re.search(rf'<form method="post" action="(/policy/workshop/{draft}/example)">(.*?)</form>', page, re.DOTALL)
    given = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[2]))
    answer = ana.post(form[1], {name: _plain(value) for name, value in given.items()})
    assert answer.status_code == 302
    text = queries.draft_revision(ids.parse("drf", draft), 2).text
    assert queries.run_tests(text)[-1].passed
    assert "Add to “Next year”" not in ask(signed_in("Ben"), who="role:support", purpose="support", field="phone")
