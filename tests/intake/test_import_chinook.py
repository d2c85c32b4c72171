"""The public Chinook database, 59 customers of a media shop, from each of the three servers it is published for."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest

from keepfold.policy import actions as policy
from keepfold.policy import templates
from keepfold.vault import queries as vault
from tests.intake.searching import forms, hits, needles

NOT_NEEDED = {"customerid", "company", "fax", "supportrepid"}


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mysql", marks=pytest.mark.mysql),
    ]
)
def place(request, chinook):
    """Return what to type to name the customer table."""
    if request.param == "sqlite":
        return (str(chinook / "chinook.sqlite"), "--table", "Customer")
    table = "customer" if request.param == "postgresql" else "Customer"
    return (request.getfixturevalue(f"chinook_{request.param}"), "--table", table)


@pytest.fixture(scope="session")
def secrets(chinook):
    """Return what must not be found anywhere: addresses, surnames, telephone and fax numbers, in every written form."""
    connection = sqlite3.connect(f"file:{chinook / 'chinook.sqlite'}?mode=ro", uri=True)
    rows = connection.execute("SELECT Email, LastName, Phone, Fax FROM Customer").fetchall()
    connection.close()
    assert len(rows) == 59
    written = {value for row in rows for value in row if value}
    digits = {re.sub(r"\D", "", value) for row in rows for value in row[2:] if value}
    return written | {value.lower() for value in written} | digits | {f"+{number}" for number in digits}


def folded(name):
    return name.replace("_", "").lower()


def test_the_dry_run_names_each_column_that_no_purpose_needs_and_stores_nothing(keepfold, place):
    before = vault.status().people
    said = keepfold("import", *place)
    table = said.stdout.partition("No purpose in the policy needs these columns: they will not be stored.")[2]
    assert {
        folded(line.split()[0]) for line in table.partition("Dry run")[0].splitlines()[2:] if line.strip()
    } == NOT_NEEDED
    assert "Dry run: nothing was stored.\n59 rows, 59 acceptable, 0 refused." in said.stdout
    assert "--apply" in said.stdout
    assert vault.status().people == before


def test_the_import_seals_all_59_and_again_changes_nothing(keepfold, place):
    before = vault.status().people
    first = json.loads(keepfold("import", *place, "--apply", "--json").stdout)
    assert (first["sealed"], first["partial"], first["refused"], first["complete"]) == (59, 0, 0, True)
    keepfold("import", *place, "--apply", "--again")
    assert vault.status().people == before + 59


@pytest.fixture
def _strict(installation):
    """Have phone numbers checked by the plans of their countries: one of the 59 has a digit too many."""
    text = templates.text_of("media-shop").replace("check: shape", "check: plan ")
    version = policy.submit_version(actor=installation.operator, source=text, name="strict.yaml").version
    policy.activate(actor=installation.operator, version=version)


@pytest.mark.usefixtures("_strict")
def test_a_row_with_an_impossible_number_is_refused_whole_or_stored_without_it(keepfold, place, tmp_path):
    before = vault.status().people
    done = json.loads(keepfold("import", *place, "--apply", "--json", "--rejects", str(tmp_path / "r.csv")).stdout)
    assert (done["sealed"], done["partial"], done["refused"]) == (58, 0, 1)
    assert (tmp_path / "r.csv").read_text().splitlines()[1].startswith("9,phone,phone.not-possible,")
    rest = json.loads(keepfold("import", *place, "--apply", "--partial", "--json").stdout)
    assert (rest["sealed"], rest["partial"], rest["skipped"]) == (0, 1, 58)
    assert vault.status().people == before + 59


def test_nobodys_address_surname_or_number_is_in_any_file(keepfold, place, installation, tmp_path, secrets):
    report = installation.home / "refused.csv"
    keepfold("import", *place)
    keepfold("import", *place, "--apply", "--existing", "reject")
    keepfold("import", *place, "--apply", "--existing", "reject", "--again", "--rejects", str(report))
    keepfold("import", *place, "--existing", "update", "--apply")
    assert vault.status().people == 1 + 59
    assert report.exists()
    assert hits(installation.home, secrets) == []
    _, short = needles(secrets)
    assert short == set(), f"too short to be looked for: {short}"


def test_the_search_finds_each_form_of_each_value(tmp_path, secrets):
    for value in sorted(secrets)[:40]:
        for number, form in enumerate(forms(value)):
            (tmp_path / f"{number}").write_bytes(b"\x00\xffneighbours" + form + b"more")
        assert {found for _, found in hits(tmp_path, [value])} == {value}
        assert len(hits(tmp_path, [value])) == len(list(tmp_path.iterdir()))


def test_a_person_of_the_import_opens_for_a_purpose(keepfold, place, installation):
    from keepfold.vault import actions

    keepfold("import", *place, "--apply")
    found = actions.search(actor=installation.operator, field="email", value="luisg@embraer.com.br", purpose="support")
    opened = actions.open_record(actor=installation.operator, person=found[0], purpose="support")
    assert (opened.values["first_name"], opened.values["country"]) == ("Luís", "BR")
    assert "Embraer" not in str(opened.values)


def test_a_password_in_an_address_is_shown_nowhere(keepfold, installation, tmp_path):
    said = keepfold("import", f"postgresql://ana:hunter22@/shop?host={tmp_path}", "--table", "x", code=1)
    assert "hunter22" not in said.stdout + said.stderr
    assert hits(installation.home, ["hunter22"]) == []
