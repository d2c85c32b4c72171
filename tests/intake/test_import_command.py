from __future__ import annotations

import json
import tomllib

import click
import pytest
from click.testing import CliRunner

from keepfold.intake import cli
from keepfold.kernel.errors import Conflict, Invalid, KeepfoldError, NotFound
from keepfold.vault import queries as vault
from tests.intake.test_apply_batches import FIELDS, people, write_csv


@pytest.fixture
def command(installation, monkeypatch):
    """Return a function that runs the command in this process and returns (code, stdout, stderr)."""

    def run(*words: str):
        monkeypatch.setattr("sys.argv", ["keepfold", "import", *words])
        done = CliRunner().invoke(cli.import_, list(words), standalone_mode=False)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.return_value, done.stdout, done.stderr

    return run


@pytest.fixture
def table(tmp_path):
    return write_csv(tmp_path / "people.csv", people(8))


def test_a_mapping_is_written_reviewed_and_read_back(command, table, tmp_path):
    written = tmp_path / "map.yaml"
    _, first, said = command(str(table), "--write-mapping", str(written))
    assert "map.yaml" in said
    text = written.read_text()
    assert text.startswith("# Which column becomes which data item.")
    assert "postal_code: postcode" in text
    code, second, _ = command(str(table), "--mapping", str(written))
    assert code == 0
    assert "as the mapping file says" in second
    assert first.partition("Dry run")[2].splitlines()[1] == second.partition("Dry run")[2].splitlines()[1]


def test_a_mapping_file_is_never_overwritten(command, table, tmp_path):
    written = tmp_path / "map.yaml"
    written.write_text("mine")
    with pytest.raises(Conflict):
        command(str(table), "--write-mapping", str(written))
    assert written.read_text() == "mine"


def test_a_mapping_is_not_written_as_something_it_is_not(command, table, tmp_path):
    with pytest.raises(Invalid):
        command(str(table), "--write-mapping", str(tmp_path / "map.toml"))
    assert not (tmp_path / "map.toml").exists()


def test_a_mapping_in_toml_is_read_too(command, table, tmp_path):
    path = tmp_path / "map.toml"
    path.write_text('mapping = 1\n[fields]\nemail = "email"\nfirst_name = "given_name"\nlast_name = {constant = "X"}\n')
    assert tomllib.loads(path.read_text())["fields"]["email"] == "email"
    code, out, _ = command(str(table), "--mapping", str(path), "--json")
    document = json.loads(out)
    assert code == 0
    assert document["mapping"] == {"email": "email", "first_name": "given_name", "last_name": {"constant": "X"}}
    assert {gap["field"] for gap in document["missing"]} == {"address", "city", "country"}
    assert {out["column"] for out in document["not_stored"]} == set(FIELDS.values()) - {"email", "given_name"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fields: [", "line"),
        ("a: b: c", "line 1"),
        ("\x00", "cannot be read"),
        ("x: !!python/object:os.system {}", "line 1"),
        ("[" * 5000, "cannot be read"),
    ],
)
def test_a_mapping_file_that_is_not_yaml_says_where(command, table, tmp_path, text, said):
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(KeepfoldError) as caught:
        command(str(table), "--mapping", str(path))
    assert said in caught.value.readable()


def test_a_missing_mapping_file_is_told(command, table, tmp_path):
    with pytest.raises(NotFound):
        command(str(table), "--mapping", str(tmp_path / "none.yaml"))


def test_a_source_that_fits_nothing_is_refused_with_the_data_items(command, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("colour,weight\nred,7\n")
    with pytest.raises(Invalid) as caught:
        command(str(path))
    assert "email" in caught.value.next_step


def test_without_a_natural_key_a_warning_is_given(command, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("first name,city\nCarl,Porto\n")
    _, out, _ = command(str(path))
    assert "No natural key (email) is mapped" in out


def test_columns_from_a_strangers_file_cannot_steer_the_terminal(command, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("email,\x1b[2J[bold]evil[/bold]\ncarl@example.com,x\n")
    _, out, _ = command(str(path))
    assert "\x1b" not in out
    assert "[bold]evil[/bold]" in out


def test_json_output_is_one_document_and_nothing_else(command, table):
    for words in ([], ["--apply"], ["--apply"]):
        code, out, err = command(str(table), "--json", *words)
        document = json.loads(out)
        assert (code, err) == (0, "")
        assert document["complete"] is True
    assert document["nothing_to_do"] is True


def test_the_dry_run_says_what_to_type_next_and_hides_addresses(command, table):
    _, out, _ = command(str(table), "--existing", "update")
    assert out.rstrip().endswith(f"keepfold import {table} --existing update --apply")
    assert "x://…" in cli._typed.__globals__["shlex"].join(["x://…"])


def test_refusals_are_not_written_over_the_source(command, table):
    with pytest.raises(Invalid):
        command(str(table), "--rejects", str(table))
    with pytest.raises(Invalid):
        command(str(table), "--rejects", str(table.with_suffix(".txt")))
    assert table.read_text().startswith("given_name")


def test_a_delimiter_has_one_character(command, table):
    with pytest.raises(Invalid):
        command(str(table), "--delimiter", "::")
    code, _, _ = command(str(table), "--delimiter", ",")
    assert code == 0


def test_a_table_and_a_query_exclude_each_other(command, table):
    with pytest.raises(Invalid):
        command(str(table), "--table", "a", "--query", "SELECT 1")
    with pytest.raises(Invalid):
        command(str(table), "--table", "a")


def test_an_import_of_several_batches_reports_the_whole(command, tmp_path):
    before = vault.status().people
    rows = people(25)
    rows[13]["email"] = "nobody"
    path = write_csv(tmp_path / "p.csv", rows)
    code, out, _ = command(str(path), "--apply", "--batch", "4")
    assert code == 0
    assert "25 rows: 24 sealed, 1 refused." in out
    assert "email" in out.partition("First row")[2]
    assert vault.status().people == before + 24


def test_the_password_of_an_address_is_not_repeated(monkeypatch):
    monkeypatch.setattr(
        "sys.argv", ["keepfold", "import", "postgresql://ana:hunter22@host/shop", "--table", "customers"]
    )
    assert cli._typed() == "keepfold import 'postgresql://…' --table customers"


def test_the_command_explains_itself():
    out = CliRunner().invoke(cli.import_, ["--help"]).output
    assert isinstance(cli.import_, click.Command)
    assert "stores nothing until you add --apply" in out
