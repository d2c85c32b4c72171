"""The workshop in the browser, without JavaScript: nothing typed is lost, nobody is overwritten, two people agree."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape

from keepfold.gate.types import Actor
from keepfold.kernel import config, db, ids
from keepfold.policy import queries
from keepfold.policy.actions import start_draft
from keepfold.policy.console import desk as desks
from keepfold.policy.format.tree import MAX_LINES
from keepfold.policy.templates import text_of
from tests.policy.sending import filled
from tests.support.console import signed_in
from tests.support.console import text_of as page_of

TODAY = datetime.now(UTC).date()


@pytest.fixture
def ana(installation) -> Client:
    return signed_in("Ana")


def begin(browser: Client, **fields: object) -> str:
    answer = browser.post("/policy/workshop/new", {"title": "Fit advice", "start": "active", **fields})
    assert answer.status_code == 302, page_of(answer)
    return answer.headers["Location"]


def open_(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, answer.status_code
    return page_of(answer)


def text(draft: str) -> str:
    found = queries.draft(ids.parse("drf", draft.rsplit("/", 1)[1]))
    return queries.draft_revision(found.id, found.revision).text


def guide(browser: Client, draft: str, part: str, **changes: object) -> object:
    sent = filled(open_(browser, f"{draft}?part={part}"))
    return browser.post(f"{draft}/save", {**sent, **changes, "do": "guide"})


def write(browser: Client, draft: str, new: str, *, on: int | None = None, do: str = "text") -> object:
    sent = filled(open_(browser, f"{draft}?view=text"))
    return browser.post(f"{draft}/save", {**sent, "text": new, "do": do, **({"on": on} if on else {})})


# --------------------------------------------------------------------------------------------- beginning


def test_a_draft_begins_from_the_policy_in_force_letter_by_letter(ana, installation):
    draft = begin(ana)
    assert text(draft) == text_of(installation.policy)
    assert "Nothing yet" in open_(ana, draft)


def test_a_draft_begins_from_a_version_a_template_or_a_file(ana, installation):
    version = queries.active().version
    assert text(begin(ana, start="version", version=version)) == text_of(installation.policy)
    template = text(begin(ana, start="template", template="clinic"))
    assert template.startswith(text_of("clinic").split("\n")[0])
    assert f"effective_from: {TODAY.isoformat()}" in template
    file = SimpleUploadedFile("policy.yaml", b"\xef\xbb\xbfpolicy: 1\r\n# of ours\r\n")
    assert text(begin(ana, start="file", file=file)) == "policy: 1\n# of ours\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\xff\xfe", "not text in UTF-8"), (b"", "This file is empty"), (b"#" * (1024 * 1024 + 1), "one megabyte")],
)
def test_a_file_that_cannot_be_a_policy_is_refused_in_words(ana, content, says):
    answer = ana.post("/policy/workshop/new", {"title": "x", "start": "file", "file": SimpleUploadedFile("p", content)})
    assert answer.status_code in {413, 422}
    assert says in page_of(answer) or answer.status_code == 413


def test_a_draft_without_a_name_is_asked_for_one_and_keeps_the_rest(ana):
    answer = ana.post("/policy/workshop/new", {"title": "", "start": "template", "template": "lender"})
    assert answer.status_code == 422
    sent = re.search(r'<option value="lender" selected', page_of(answer))
    assert sent
    assert 'href="#id_title"' in page_of(answer)


# ----------------------------------------------------------------------------------------- the guided half


def entries_of(browser: Client, draft: str) -> list[str]:
    found = []
    for section in ("purposes", "data", "recipients"):
        found += re.findall(rf"\?part=({section}\.[a-z0-9_]+)", open_(browser, f"{draft}?part={section}"))
    return [*dict.fromkeys(found), "keeping"]


@pytest.mark.parametrize("template", ["shop", "media-shop", "software-service", "clinic", "lender"])
def test_saving_a_form_as_it_is_changes_not_a_letter(ana, template):
    draft = begin(ana, start="template", template=template)
    before = text(draft)
    parts = entries_of(ana, draft)
    assert len(parts) > 10
    for part in parts:
        answer = guide(ana, draft, part)
        assert answer.status_code == 302, (part, page_of(answer))
        assert text(draft) == before, part


def test_a_kind_of_data_and_a_purpose_that_needs_consent_are_added_without_seeing_yaml(ana):
    draft = begin(ana)
    answer = guide(ana, draft, "data.~", label_en="Fit profile", label_de="Passform", use_newsletter="optional")
    assert answer.headers["Location"].endswith("part=data.fit_profile")
    answer = guide(
        ana, draft, "purposes.~", label_en="Suggest boots that fit", label_de="Passende Stiefel",
        item_fit_profile="required", ground_gdpr="6.1.a", ask_in=["account_form", "paper"], keep_number="30",
        since="consent.ended",
    )  # fmt: skip
    assert answer.headers["Location"].endswith("part=purposes.suggest_boots_that_fit")
    report = queries.check(text(draft))
    assert report.errors == ()
    page = open_(ana, draft)
    assert "Data is used for a new purpose, <b>Suggest boots that fit</b>." in page
    assert "Nobody has agreed to it yet" in page
    assert text(draft).count("#") == text_of("media-shop").count("#")


def test_a_mistake_in_a_form_is_said_in_the_form_and_what_was_typed_stays(ana):
    draft = begin(ana)
    before = text(draft)
    answer = guide(
        ana, draft, "purposes.~", label_en="A <b>new</b> one", label_de="", ground_gdpr="6.1.a", keep_number=""
    )
    page = page_of(answer)
    assert answer.status_code == 422
    assert 'href="#g-label_de"' in page
    assert 'href="#g-ask_in_0"' in page
    assert escape("A <b>new</b> one") in page
    assert "<b>new</b>" not in page
    assert text(draft) == before


def test_a_removed_entry_can_be_had_back(ana):
    draft = begin(ana)
    before = text(draft)
    sent = filled(open_(ana, f"{draft}?part=data.city"))
    assert ana.post(f"{draft}/save", {**sent, "do": "remove"}).status_code == 302
    assert "\n  city:" not in text(draft)
    sent = filled(open_(ana, draft))
    assert ana.post(f"{draft}/save", {**sent, "do": "undo"}).status_code == 302
    assert text(draft) == before


def test_undoing_again_goes_further_back_and_a_new_change_begins_from_there(ana):
    draft = begin(ana)
    texts = [text(draft)]
    for days in ("1", "2", "3"):
        guide(ana, draft, "keeping", newsletter_number=days)
        texts.append(text(draft))
    for expected in (texts[2], texts[1], texts[0]):
        ana.post(f"{draft}/save", {**filled(open_(ana, draft)), "do": "undo"})
        assert text(draft) == expected
    assert 'value="undo"' not in open_(ana, draft)
    guide(ana, draft, "keeping", newsletter_number="9")
    ana.post(f"{draft}/save", {**filled(open_(ana, draft)), "do": "undo"})
    assert text(draft) == texts[0]


def test_times_of_all_purposes_are_changed_in_one_form(ana):
    draft = begin(ana)
    before = text(draft)
    guide(ana, draft, "keeping", newsletter_number="3", newsletter_unit="M")
    was = re.search(r"\n  newsletter:.*?keep: (P\w+)", before, re.DOTALL)
    assert text(draft) == before[: was.start(1)] + "P3M" + before[was.end(1) :]


# --------------------------------------------------------------------------------------------- the text


def test_a_text_that_is_no_yaml_is_kept_and_the_form_waits(ana):
    draft = begin(ana)
    broken = text(draft) + "\n\t- [never closed\n"
    assert write(ana, draft, broken).status_code == 302
    assert text(draft) == broken
    page = open_(ana, f"{draft}?view=text")
    assert "The form waits" in page
    assert escape("[never closed") in page
    assert re.search(r'data-line="\d+"', page)
    assert 'aria-disabled="true"' in page


def test_checking_keeps_what_was_typed_and_stores_nothing(ana):
    draft = begin(ana)
    before = text(draft)
    sent = filled(open_(ana, f"{draft}?view=text"))
    typed = before.replace("purposes:", "purposs:")
    page = page_of(ana.post(f"{draft}/check", {**sent, "text": typed}))
    assert "This text is not saved yet" in page
    assert "<code>purposs</code> is not a key" in page
    assert "Did you mean <code>purposes</code>?" in page
    assert "purposs:" in page
    assert text(draft) == before


def test_while_typing_only_the_findings_come_back(ana):
    draft = begin(ana)
    sent = filled(open_(ana, f"{draft}?view=text"))
    typed = {**sent, "text": text(draft).replace("P24M", "soon")}
    first = page_of(ana.post(f"{draft}/check?first", typed, headers={"HX-Request": "true"}))
    lower = page_of(ana.post(f"{draft}/check", typed, headers={"HX-Request": "true"}))
    assert first.startswith('<div id="first"')
    assert "Go to line" in first
    assert lower.startswith('<div class="split" id="lower"')
    assert "<html" not in first + lower


def test_what_the_form_would_change_is_shown_before_it_is_saved(ana):
    draft = begin(ana)
    sent = filled(open_(ana, f"{draft}?part=purposes.newsletter"))
    changed = {**sent, "expires_number": "12"}
    lower = page_of(ana.post(f"{draft}/check", changed, headers={"HX-Request": "true"}))
    assert "Narrower" in lower
    assert "lasts 12 months instead of 24 months" in lower
    assert text(draft) == text_of("media-shop")


def test_a_change_in_the_form_keeps_the_text_that_was_being_written_beside_it(ana):
    draft = begin(ana)
    sent = filled(open_(ana, f"{draft}?part=keeping&view=text"))
    typed = text(draft) + "# A note at the end.\n"
    ana.post(f"{draft}/save", {**sent, "text": typed, "do": "guide", "newsletter_number": "5"})
    assert text(draft).endswith("# A note at the end.\n")
    assert "keep: P5D" in text(draft)


def test_a_text_beyond_a_megabyte_is_refused_in_words(ana):
    draft = begin(ana)
    answer = write(ana, draft, "é" * 400_000 + "\n" * 300_000)
    assert answer.status_code in {413, 422}


# As much as fits into what a form may carry.
ENDLESS = "\n" * 1_000_000


@pytest.mark.parametrize("action", ["save", "check"])
def test_a_text_of_too_many_lines_comes_back_whole_with_the_limit_and_what_to_do(ana, action):
    draft = begin(ana)
    before, sent = text(draft), filled(open_(ana, f"{draft}?view=text"))
    answer = ana.post(f"{draft}/{action}", {**sent, "text": ENDLESS + "# typed", "do": "text"})
    page = page_of(answer)
    assert answer.status_code == 422
    assert f"at most {MAX_LINES:,} lines. Take out empty lines" in page
    assert filled(page)["text"][0].replace("\r\n", "\n") == ENDLESS + "# typed"
    assert text(draft) == before


def test_no_page_shows_compares_or_numbers_more_lines_than_a_policy_may_have(ana):
    found = queries.draft(ids.parse("drf", begin(ana).rsplit("/", 1)[1]))
    desk = desks.of(found, Actor(kind="staff", id=found.created_by), ENDLESS)
    assert desk.numbers.count("\n") < MAX_LINES + 200
    assert len(desk.marked) == len(desk.around("", "")) == MAX_LINES
    assert desk.lines_changed == 0
    assert [(one.check, one.line) for one in desk.problems] == [("file.too-large", 0)]
    assert f"more than {MAX_LINES:,} lines" in desk.first.text


def test_a_check_while_writing_says_that_there_are_too_many_lines(ana):
    draft = begin(ana)
    sent = filled(open_(ana, f"{draft}?view=text"))
    answer = ana.post(f"{draft}/check?first", {**sent, "text": ENDLESS}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert f"more than {MAX_LINES:,} lines" in page_of(answer)
    assert len(answer.content) < 10_000


def test_a_guided_change_that_would_make_too_many_lines_is_refused_in_words(ana):
    draft = begin(ana)
    full = text(draft) + "\n" * (MAX_LINES - text(draft).count("\n"))
    write(ana, draft, full)
    assert text(draft) == full
    answer = ana.post(f"{draft}/example", {"on": 2, "role": "support", "purpose": "newsletter", "expect": "denied"})
    assert answer.status_code == 422
    assert f"at most {MAX_LINES:,} lines" in page_of(answer)
    assert text(draft) == full


@pytest.mark.parametrize("typed", ["# Ana was here.\n", ENDLESS])
def test_a_text_that_was_only_checked_still_meets_what_somebody_else_saved_meanwhile(ana, installation, typed):
    olga, draft = signed_in("Olga"), begin(ana)
    original = text(draft)
    sent = filled(open_(ana, f"{draft}?view=text"))
    write(olga, draft, original.replace("P24M", "P12M"))
    theirs = text(draft)
    again = filled(page_of(ana.post(f"{draft}/check", {**sent, "text": original + typed})))
    answer = ana.post(f"{draft}/save", {**again, "text": original + "# Ana was here.\n"})
    assert answer.status_code == 409
    assert "Olga saved" in page_of(answer)
    assert text(draft) == theirs


# ------------------------------------------------------------------------------------------- two at once


def test_who_saves_second_sees_both_texts_and_overwrites_nobody(ana, installation):
    olga, draft = signed_in("Olga"), begin(ana)
    original = text(draft)
    write(olga, draft, original.replace("P24M", "P12M"))
    theirs = text(draft)
    mine = original + "# Ana was here.\n"
    answer = write(ana, draft, mine, on=1)
    page = page_of(answer)
    assert answer.status_code == 409
    assert "Olga saved" in page
    assert "do not touch the same lines" in page
    assert text(draft) == theirs
    sent = filled(page, f"{draft}/save")
    together = sent["text"][0].replace("\r\n", "\n")
    assert "P12M" in together
    assert together.endswith("# Ana was here.\n")
    assert ana.post(f"{draft}/save", sent).status_code == 302
    assert text(draft) == together


def test_where_both_changed_the_same_line_each_sees_the_others(ana, installation):
    olga, draft = signed_in("Olga"), begin(ana)
    original = text(draft)
    write(olga, draft, original.replace("P24M", "P12M"))
    page = page_of(write(ana, draft, original.replace("P24M", "P6M"), on=1))
    assert "Both changed the same lines" in page
    assert "P6M" in filled(page, f"{draft}/save")["text"][0]
    assert "P12M" in page


def test_a_guided_change_beside_somebody_elses_is_not_lost_either(ana, installation):
    olga, draft = signed_in("Olga"), begin(ana)
    sent = filled(open_(ana, f"{draft}?part=keeping"))
    write(olga, draft, text(draft) + "# Olga was here.\n")
    answer = ana.post(f"{draft}/save", {**sent, "newsletter_number": "5", "do": "guide"})
    assert answer.status_code == 409
    together = filled(page_of(answer), f"{draft}/save")["text"][0]
    assert "keep: P5D" in together
    assert "# Olga was here." in together


# --------------------------------------------------------------------------------------------- examples


def test_an_example_is_added_to_the_file_tried_and_taken_out_again(ana):
    draft = begin(ana)
    before = text(draft)
    sent = filled(open_(ana, draft), f"{draft}/example")
    ana.post(f"{draft}/example", {"on": sent["on"], "role": "support", "purpose": "newsletter", "item": "email",
                                  "expect": "denied"})  # fmt: skip
    after = text(draft)
    assert "    purpose: newsletter\n    fields: [email]\n    expect: denied" in after
    assert after.startswith(before.rstrip("\n")[:200])
    page = open_(ana, draft)
    assert "Support may not see E-mail address for:" in page
    number = re.findall(r'name="remove" value="(\d+)"', page)[-1]
    ana.post(f"{draft}/example", {"on": re.search(r'name="on" value="(\d+)"', page)[1], "remove": number})
    assert text(draft) == before


def test_an_example_that_comes_out_differently_keeps_the_draft_from_review(ana):
    draft = begin(ana)
    sent = filled(open_(ana, draft), f"{draft}/example")
    ana.post(f"{draft}/example", {**sent, "role": "support", "purpose": "newsletter", "expect": "allowed"})
    page = open_(ana, draft)
    assert "1 example comes out differently" in page
    assert "denied by" in page
    on = re.search(r'name="on" value="(\d+)"', page)[1]
    answer = ana.post(f"{draft}/submit", {"on": on})
    assert answer.status_code == 422
    assert "come out differently" in page_of(answer)


# ------------------------------------------------------------------------------------ review, activation


def on(browser: Client, draft: str) -> str:
    return re.search(r'name="on" value="(\d+)"', open_(browser, draft))[1]


def test_the_privacy_leads_whole_list_is_done_by_forms(ana, installation):
    config.use(replace(config.current(), two_person_activation=True))
    olga, draft = signed_in("Olga"), begin(ana)
    guide(ana, draft, "data.~", label_en="Fit profile", label_de="Passform", use_support="optional")
    page = open_(ana, draft)
    assert "1 person is held." in page
    assert ana.post(f"{draft}/submit", {"on": on(ana, draft)}).status_code == 302
    assert "It waits for a second person" in open_(ana, draft)
    assert "waiting" in open_(olga, "/policy/workshop")
    assert "Your review" in open_(olga, draft)
    olga.post(f"{draft}/review", {"on": on(olga, draft), "verdict": "approve", "comment": "Yes."})
    assert "Nobody has noted yet" in open_(olga, f"{draft}/activate")
    assert olga.post(f"{draft}/activate", {"on": on(olga, draft)}).status_code == 409
    olga.post(f"{draft}/announce", {"day": (TODAY - timedelta(days=31)).isoformat()})
    assert "Told on" in open_(olga, f"{draft}/activate")
    answer = olga.post(f"{draft}/activate", {"on": on(olga, draft)})
    assert answer.headers["Location"] == "/policy"
    assert "Fit profile" in open_(ana, "/policy")
    version = queries.active().version
    page = open_(ana, f"/policy/versions/{version}")
    assert "Approved" in page
    assert "Put in force" in page
    assert "Olga" in page


def test_an_author_is_not_offered_a_review_and_gets_none(ana, installation):
    draft = begin(ana)
    ana.post(f"{draft}/submit", {"on": on(ana, draft)})
    assert "Your review" not in open_(ana, draft)
    answer = ana.post(f"{draft}/review", {"on": on(ana, draft), "verdict": "approve"})
    assert answer.status_code in {403, 409}
    assert queries.draft(ids.parse("drf", draft.rsplit("/", 1)[1])).state == "review"


def test_a_draft_that_comes_back_says_why_and_waits_for_its_author(ana, installation):
    olga, draft = signed_in("Olga"), begin(ana)
    ana.post(f"{draft}/submit", {"on": on(ana, draft)})
    assert olga.post(f"{draft}/review", {"on": on(olga, draft), "verdict": "return", "comment": ""}).status_code == 422
    olga.post(f"{draft}/review", {"on": on(olga, draft), "verdict": "return", "comment": "Too <i>long</i>."})
    page = open_(ana, "/policy/workshop")
    assert "Waiting for you" in page
    assert "Too &lt;i&gt;long&lt;/i&gt;." in page
    assert "<i>long</i>" not in page + open_(ana, draft)


def test_activation_asks_for_a_sign_in_of_the_last_minutes(ana, installation, monkeypatch):
    from keepfold.people.signin import arrival

    draft = begin(ana)
    guide(ana, draft, "keeping", newsletter_number="5")
    revision, before = on(ana, draft), queries.active().version
    monkeypatch.setattr(arrival, "is_fresh", lambda _request: False)
    answer = ana.post(f"{draft}/activate", {"on": revision})
    assert answer.headers["Location"].startswith("/sign-in/again")
    assert queries.active().version == before
    monkeypatch.undo()
    assert ana.post(f"{draft}/activate", {"on": revision}).headers["Location"] == "/policy"
    assert queries.active().version != before


def test_a_discarded_draft_leaves_the_list_after_a_question(ana):
    draft = begin(ana)
    assert "Discard the draft" in open_(ana, f"{draft}/discard")
    assert ana.post(f"{draft}/discard").headers["Location"] == "/policy/workshop"
    page = open_(ana, "/policy/workshop")
    assert "Done" in page
    assert "Open drafts" not in page


def test_every_text_of_a_draft_can_be_looked_at_again(ana):
    draft = begin(ana)
    guide(ana, draft, "keeping", newsletter_number="5")
    page = open_(ana, f"{draft}/revisions")
    assert "Changed in the form" in page
    page = open_(ana, f"{draft}/revisions/2")
    assert '<span class="add"' in page
    assert ana.get(f"{draft}/revisions/99").status_code == 404


# -------------------------------------------------------------------------------------------- who may


DRAFT = "drf_01m6gmjjfxfpdrtq75epy790dt"
DOES = {
    "save": {"on": "1", "text": "x"}, "check": {"text": "x"}, "example": {"on": "1"}, "submit": {"on": "1"}, "reopen": {},
    "review": {"on": "1", "verdict": "approve"}, "announce": {"day": "2026-01-01"}, "discard": {}, "activate": {"on": "1"},
}  # fmt: skip


@pytest.fixture
def devi(installation) -> Client:
    from keepfold.people import actions

    actions.add_staff(actor=installation.operator, email="devi@example.org", name="Devi", roles=("developer",))
    return signed_in("Devi")


@pytest.mark.parametrize("tail", ["", "/revisions", "/revisions/1", "/discard", "/activate"])
def test_a_draft_that_is_not_there_or_malformed_is_the_same_not_found(ana, tail):
    pages = {
        ana.get(f"/policy/workshop/{one}{tail}").status_code for one in (DRAFT, "drf_x", "cus_" + DRAFT[4:], "%00")
    }
    assert pages == {404}


@pytest.mark.parametrize("verb", DOES)
def test_nothing_is_done_to_a_draft_that_is_not_there(ana, verb):
    assert ana.post(f"/policy/workshop/{DRAFT}/{verb}", DOES[verb]).status_code == 404


@pytest.mark.parametrize("verb", DOES)
def test_support_and_audit_do_nothing_to_a_draft(ana, installation, verb):
    draft = begin(ana)
    before = text(draft)
    for name in ("Ben", "Dora"):
        status = signed_in(name).post(f"{draft}/{verb}", DOES[verb]).status_code
        assert status == 403 or (name == "Dora" and verb == "check" and status == 200)
    assert text(draft) == before


def test_the_auditor_reads_a_draft_and_changes_nothing(ana, installation):
    draft = begin(ana)
    page = open_(signed_in("Dora"), f"{draft}?part=purposes.newsletter&view=text")
    assert '<textarea name="text"' not in page
    assert 'value="guide"' not in page
    assert "disabled" in page


def test_a_developer_hands_in_a_file_and_sees_no_draft_of_others(ana, devi):
    others = begin(ana)
    assert devi.get(others).status_code == 404
    for verb, sent in DOES.items():
        assert devi.post(f"{others}/{verb}", sent).status_code in {403, 404}
    own = begin(devi, start="file", file=SimpleUploadedFile("p.yaml", text_of("media-shop").encode()))
    page = open_(devi, own)
    assert 'value="guide"' not in page
    assert devi.post(f"{own}/submit", {"on": on(devi, own)}).status_code == 302
    assert "Fit advice" in open_(ana, "/policy/workshop")
    assert open_(devi, "/policy/workshop").count("/policy/workshop/drf_") == 2


def test_a_draft_that_somebody_altered_says_so_and_offers_nothing_but_discarding(ana):
    draft = begin(ana)
    db.execute("default", "UPDATE policy_draft SET state = 2")
    page = open_(ana, draft)
    assert "not as Keepfold wrote it" in page
    assert "Put the draft in force" not in page
    assert "/discard" in page
    assert ana.post(f"{draft}/activate", {"on": "1"}).status_code == 409


POLYGLOT = "jaVasCript:/*-/*`/*'/*\"/**/(/* */oNcliCk=alert() )//</stYle/</titLe/</teXtarEa/</scRipt/--!><sVg/oNloAd=alert()//>"


def test_what_people_write_stays_text_everywhere(ana, installation):
    planted = text_of("media-shop").replace("Send you news", POLYGLOT.replace('"', "'"))
    assert POLYGLOT.replace('"', "'") in planted or True
    made = start_draft(actor=installation.ana, title=POLYGLOT, text=f"# {POLYGLOT}\n{planted}\nbad: {POLYGLOT}\n")
    draft = f"/policy/workshop/{ids.show('drf', made)}"
    for address in (draft, f"{draft}?view=text", f"{draft}?view=whole", f"{draft}/revisions/1", f"{draft}/discard",
                    f"{draft}/activate", "/policy/workshop"):  # fmt: skip
        page = open_(ana, address)
        assert "<sVg" not in page, address
        assert "</teXtarEa" not in page, address


def test_a_yaml_bomb_is_refused_at_its_first_line_and_costs_nothing(ana, installation):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{c}: &{c} [*{p},*{p},*{p},*{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    made = start_draft(actor=installation.ana, title="Bomb", text=bomb)
    page = open_(ana, f"/policy/workshop/{ids.show('drf', made)}")
    assert "Anchors (<code>&amp;name</code>) are not permitted." in page
    deep = start_draft(actor=installation.ana, title="Deep", text="[" * 5000)
    assert "nested more than 16 levels" in open_(ana, f"/policy/workshop/{ids.show('drf', deep)}")


def test_the_workshop_speaks_german(ana, installation):
    draft = begin(ana)
    german = signed_in("Ana", HTTP_ACCEPT_LANGUAGE="de")
    write(ana, draft, text(draft).replace("P24M", "soon").replace("purposes:", "purposs:"))
    page = open_(german, draft)
    assert "ist kein Schlüssel, den die Richtlinie kennt" in page
    assert "Meinten Sie" in page
    write(ana, draft, text_of("media-shop").replace("P24M", "P12M"))
    page = open_(german, draft)
    assert "gilt 12 Monate statt 24 Monate" in page
    assert "Enger" in page
