"""The policy's pages as each of the cast sees them: the document, versions, differences, who sees what, the workshop."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from django.utils.html import escape

from keepfold.policy import queries
from keepfold.policy.actions import activate, submit_version
from keepfold.policy.templates import text_of
from tests.support.console import signed_in, visitor
from tests.support.console import text_of as page_of

PAGES = ["/policy", "/policy/access", "/policy/versions", "/policy/versions/active", "/policy/versions/active/text",
         "/policy/versions/active/file", "/policy/diff", "/policy/workshop", "/policy/workshop/new"]  # fmt: skip
# Who gets 200: support and everybody else reads the document; the auditor reads what she holds a grant for.
SEES = {
    "Olga": set(PAGES),
    "Ana": set(PAGES),
    "Ben": {"/policy"},
    "Dora": set(PAGES) - {"/policy/workshop/new"},
    "Devi": set(PAGES),
}


@pytest.fixture
def devi(installation):
    from keepfold.people import actions

    actions.add_staff(actor=installation.operator, email="devi@example.org", name="Devi", roles=("developer",))


@pytest.mark.parametrize("name", sorted(SEES))
def test_each_role_sees_its_pages_and_no_other(installation, devi, name):
    browser = signed_in(name)
    answers = {path: browser.get(path).status_code for path in PAGES}
    assert {path for path, status in answers.items() if status == 200} == SEES[name]
    assert {status for path, status in answers.items() if path not in SEES[name]} <= {403}


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_anything_without_signing_in(installation, path):
    assert visitor().get(path).headers["Location"].startswith("/sign-in")


def test_the_document_says_every_kind_of_data_every_purpose_and_every_recipient(installation):
    page = page_of(signed_in("Ben").get("/policy"))
    policy = queries.active().policy
    for section, anchor in (("data", "data"), ("purposes", "purpose"), ("recipients", "recipient")):
        for name, entry in getattr(policy, section).items():
            assert f'id="{anchor}-{name}"' in page
            assert escape(entry.label.texts["en"]) in page
    assert "Consent, GDPR 6(1)(a)" in page
    assert policy.controller.name in page
    assert "/file" not in page


def test_the_document_speaks_german(installation):
    page = page_of(signed_in("Ben", HTTP_ACCEPT_LANGUAGE="de").get("/policy"))
    policy = queries.active().policy
    assert all(escape(purpose.label.texts["de"]) in page for purpose in policy.purposes.values())
    assert "Einwilligung, Art. 6 Abs. 1 Buchst. a DSGVO" in page
    assert "nachdem" in page


def test_the_file_comes_with_its_comments(installation):
    answer = signed_in("Ana").get("/policy/versions/active/file?download")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.content.decode() == text_of(installation.policy)
    assert "# " in answer.content.decode()


def test_there_is_a_page_before_there_is_a_policy(stores):
    from keepfold.people import actions
    from keepfold.people.queries import operator
    from keepfold.site import wiring
    from keepfold.vault import keys

    wiring.wire()
    keys.init()
    actions.bootstrap_owner(actor=operator(), email="owner@example.org", name="Olga")
    browser = signed_in("Olga")
    assert "No policy is in force yet" in page_of(browser.get("/policy"))
    for path in ("/policy/versions", "/policy/diff", "/policy/workshop", "/policy/workshop/new"):
        assert browser.get(path).status_code == 200
    assert browser.get("/policy/access").status_code == 503


def second(installation) -> tuple[str, str]:
    first = queries.active().version
    source = text_of(installation.policy).replace("P90D", "P120D").replace("P24M", "P12M")
    made = submit_version(actor=installation.ana, source=source).version
    activate(actor=installation.ana, version=made)
    return first, made


def test_versions_say_when_they_were_in_force_and_who_handed_them_in(installation):
    first, made = second(installation)
    page = page_of(signed_in("Dora").get("/policy/versions"))
    assert page.index(made[:12]) < page.index(first[:12])
    assert "In force" in page
    assert "Was in force" in page
    assert ">Ana<" in page
    former = page_of(signed_in("Dora").get("/policy/versions?state=former"))
    assert first[:12] in former
    assert made[:12] not in former


def test_versions_can_be_exported(installation):
    second(installation)
    answer = signed_in("Dora").get("/policy/versions?as=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 3


def test_a_version_says_what_it_changed_who_is_affected_and_who_put_it_in_force(installation):
    _, made = second(installation)
    page = page_of(signed_in("Dora").get(f"/policy/versions/{made[:10]}"))
    assert "Wider" in page
    assert "Narrower" in page
    assert re.search(r"\d+ (people|person) (agreed|is held|are held)", page)
    assert "Ana" in page
    assert made in page


def test_two_versions_are_compared_by_meaning_and_by_lines(installation):
    first, made = second(installation)
    page = page_of(signed_in("Ana").get(f"/policy/diff?from={first}&to={made}"))
    assert "They must hear of it" in page
    assert '<span class="cut"' in page
    assert '<span class="add"' in page
    back = page_of(signed_in("Ana").get(f"/policy/diff?from={made}&to={first}"))
    assert back.count("Wider") == page.count("Narrower")


@pytest.mark.parametrize("version", ["00000000", "zzzzzzzz", "f" * 64, "..", "%00", "active%0a"])
def test_a_version_that_is_not_there_is_not_found(installation, version):
    for tail in ("", "/text", "/file"):
        assert signed_in("Ana").get(f"/policy/versions/{version}{tail}").status_code == 404
    assert signed_in("Ana").get(f"/policy/diff?from={version}&to=active").status_code == 404


def test_the_record_of_a_version_is_taken_by_whoever_may_and_taking_it_is_written_down(installation):
    answer = signed_in("Dora").post("/policy/versions/active/evidence")
    taken = json.loads(answer.content)
    assert taken["version"] == queries.active().version
    assert taken["in_force"][0]["row_genuine"]
    assert signed_in("Ben").post("/policy/versions/active/evidence").status_code == 403
    assert signed_in("Dora").get("/policy/versions/active/evidence").status_code == 405


def test_who_sees_what_agrees_with_what_the_policy_decides(installation):
    from keepfold.gate.types import Actor
    from keepfold.kernel import clock
    from keepfold.people.queries import grants_of
    from keepfold.policy.decide import decide
    from keepfold.policy.types import Question

    answer = signed_in("Dora").get("/policy/access?as=json")
    rows = json.loads(b"".join(answer.streaming_content))
    shown = {(row["item"], row["role"]): row["shown"] for row in rows}
    policy, compiled = queries.active().policy, queries.active().compiled
    grants = grants_of(("support",))
    for item, spec in policy.data.items():
        actor = Actor(kind="staff", id=bytes(16), roles=("support",), actions=grants.actions, purposes=grants.purposes)
        asked = [
            decide(
                compiled,
                Question(actor=actor, action="vault.record.open", now_s=clock.now_s(), purpose=purpose, fields=(item,)),
            )
            for purpose in policy.purposes
        ]
        best = {treatment for decision in asked if decision.allowed for treatment in decision.fields.values()}
        expected = "in full" if "clear" in best else "in part" if best else "nothing"
        assert shown[spec.label.texts["en"], "Support"] == expected, item


def test_a_row_about_a_version_that_somebody_altered_is_called_so(installation):
    from keepfold.kernel import db

    _, made = second(installation)
    db.execute("default", "UPDATE policy_activation SET people = %s", [installation.ben.id])
    assert "not as Keepfold wrote them" in page_of(signed_in("Dora").get(f"/policy/versions/{made}"))
