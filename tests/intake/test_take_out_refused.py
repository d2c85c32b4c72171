"""Refused rows leave without their values, or for a reason; and what is hostile in a file stays text."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.utils import translation

from keepfold.intake.console import refused
from keepfold.kernel import config, db
from tests.intake.importing import Importing, main_of
from tests.support.console import text_of
from tests.support.entries import waiting_actions

POLYGLOT = "\"><img src=x onerror=alert(1)>'`{{7*7}}<script>alert(1)</script>"


def test_refused_rows_are_listed_by_number_and_reason_and_exported_without_values(installation):
    ana = Importing().to_end()
    page = main_of(ana.browser.get(f"{ana.where}/refused"))
    assert "It is not an e-mail address that mail can be sent to." in page
    exported = b"".join(ana.browser.get(f"{ana.where}/refused?as=csv").streaming_content).decode()
    assert "email.malformed" in exported
    for text in (page, exported):
        assert "this is no address" not in text


def test_rows_leave_only_with_a_reason_and_after_that_was_written_down(installation):
    ana = Importing().to_end()
    without = ana.browser.post(f"{ana.where}/refused", {"reason": ""})
    assert without.status_code == 422
    assert 'aria-invalid="true"' in text_of(without)
    answer = ana.browser.post(f"{ana.where}/refused", {"reason": "mending ticket 4711"})
    assert ("intake.rejects.take_out", True) in waiting_actions()
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0] == ["Row", "Why", "Email", "First name", "Last name", "Phone"]
    assert rows[1][0] == "3"
    assert rows[1][2:] == ["this is no address", "Wrongly", "Written", "+41 44 668 18 00"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "zora" not in str(rows)


def test_columns_that_are_not_needed_do_not_leave_either(installation):
    ana = Importing().to_end()
    answer = ana.browser.post(f"{ana.where}/refused", {"reason": "mending ticket 4711"})
    assert b"555 0197" not in b"".join(answer.streaming_content)


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(cell):
    assert refused.guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["+46 70 174 06 05", "-12.50", "zora@example.org", "", "Zora", "+1 (212) 555-0100"])
def test_phone_numbers_and_plain_cells_stay_as_they_are(cell):
    assert refused.guarded(cell) == cell


def test_rows_that_could_not_even_be_read_are_named_too(installation):
    ana = Importing().to_end("Email,Name\nzora@example.org,Zora\nbroken\nno address,Max\n")
    answer = ana.browser.post(f"{ana.where}/refused", {"reason": "mending ticket 4711"})
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row[0] for row in rows] == ["Row", "2", "3"]


def test_the_file_takes_a_turn_and_whoever_must_wait_has_taken_nothing_out(installation):
    ana = Importing().to_end()

    def take_out() -> Any:
        return ana.browser.post(f"{ana.where}/refused", {"reason": "mending ticket 4711"})

    def deeds() -> int:
        return waiting_actions().count(("intake.rejects.take_out", True))

    begun = [take_out() for _ in range(config.current().web_threads - 1)]
    before = deeds()
    assert {answer.status_code for answer in begun} == {200}
    refusal = take_out()
    assert refusal.status_code == 429
    assert "Another file is being written at this moment." in text_of(refusal)
    assert ana.browser.get(f"{ana.where}/refused?as=csv").status_code == 429
    assert deeds() == before
    b"".join(begun.pop().streaming_content)
    again = take_out()
    assert again.status_code == 200
    for answer in (*begun, again):
        answer.close()
    assert deeds() == before + 1


def test_a_turn_ends_when_the_rows_cannot_be_given_out(installation):
    """Somebody wrote into the import's row: it is not trusted, and nobody waits for a file that is not written."""
    ana = Importing().to_end()
    db.execute("default", "UPDATE intake_import SET draft = NULL")
    for _ in range(config.current().web_threads + 1):
        answer = ana.browser.post(f"{ana.where}/refused", {"reason": "mending ticket 4711"})
        assert answer.status_code == 503


def test_the_file_speaks_the_language_of_whoever_takes_it_out(installation):
    ana = Importing(HTTP_ACCEPT_LANGUAGE="de").to_end()
    answer = ana.browser.post(f"{ana.where}/refused", {"reason": "Ticket 4711"})
    translation.deactivate()
    assert b"".join(answer.streaming_content).decode().startswith("Zeile,Warum,")


# -- hostile content -------------------------------------------------------------------------------------------------


def test_hostile_names_of_columns_files_and_mappings_stay_text(installation):
    header = POLYGLOT.replace('"', '""')
    content = f'Email,"{header}"\nzora@example.org,"{header}"\nno address,x\n'
    ana = Importing()
    ana.upload(content, "<img src=x onerror=alert(1)>.csv")
    pages = [ana.page()]
    pages.append(ana.work().page())
    ana.check(**{"to-1": "first_name"})
    pages.append(ana.work().page())
    ana.decide("save", name=POLYGLOT[:80])
    ana.decide("launch")
    pages += [ana.work().page(), main_of(ana.browser.get(f"{ana.where}/refused")), main_of(ana.browser.get("/imports"))]
    ana.upload(content)
    pages.append(ana.work().page())
    for page in pages:
        assert "<img src=x" not in page
        assert "<script>alert" not in page
        assert "49" not in page.partition("{{7")[2][:4]
    assert any("&lt;img src=x" in page for page in pages)
