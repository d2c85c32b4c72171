from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from keepfold.intake.rules.text import column_names, guess_delimiter
from keepfold.intake.sources.delimited import Delimited
from keepfold.intake.sources.jsonlines import JsonLines
from keepfold.intake.sources.opening import Options, open_source
from keepfold.intake.sources.parquet import Parquet
from keepfold.intake.types import Position
from keepfold.kernel.errors import Conflict, Invalid, KeepfoldError, Malformed, NotFound, Unavailable

BEGIN = Position()
PEOPLE = "name;city\nJosé;Köln\nΕλένη;Αθήνα\n"


def everything(source, names, start=BEGIN, size=100):
    rows, flaws = [], []
    for batch in source.batches(names, start, size):
        rows += batch.rows
        flaws += batch.flaws
    return rows, flaws


def write(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_csv_file_is_read_in_any_unicode_encoding(tmp_path, encoding):
    source = Delimited(write(tmp_path, "people.csv", PEOPLE * 40, encoding))
    assert [column.name for column in source.columns()] == ["name", "city"]
    assert everything(source, ["city", "name"])[0][1] == (2, ("Αθήνα", "Ελένη"))


@pytest.mark.parametrize(
    ("encoding", "text", "said"),
    [("latin-1", "name,city\nJosé,Köln\n", "Latin-1"), ("cp1252", "name,price\nJosé,5 €\n", "Windows-1252")],
)
def test_a_csv_file_that_is_not_unicode_is_read_and_the_guess_said_aloud(tmp_path, encoding, text, said):
    source = Delimited(write(tmp_path, "old.csv", text, encoding))
    assert said in source.notes[0]
    assert everything(source, [column.name for column in source.columns()])[0][0][1][0] == "José"


def test_a_named_encoding_is_obeyed_and_an_unknown_one_refused(tmp_path):
    path = write(tmp_path, "greek.csv", "name,city\nΕλένη,Αθήνα\n", "cp1253")
    assert everything(Delimited(path, encoding="cp1253"), ["name"])[0] == [(1, ("Ελένη",))]
    with pytest.raises(Malformed, match="utf-8"):
        Delimited(path, encoding="utf-8")
    with pytest.raises(Invalid, match="not known"):
        Delimited(path, encoding="zip")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_even_when_values_hold_others(tmp_path, mark):
    rows = [["name", "note"], ["Roe, A.", "1;2"], ["Doe", "x"]]
    text = "".join(mark.join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)
    source = Delimited(write(tmp_path, "x.csv", text))
    assert everything(source, ["name", "note"])[0] == [(1, ("Roe, A.", "1;2")), (2, ("Doe", "x"))]


def test_a_row_of_another_width_is_refused_by_number_and_the_others_are_read(tmp_path):
    source = Delimited(write(tmp_path, "x.csv", "a,b\n1,2\n\n3\n4,5,6\n7,8\n"))
    rows, flaws = everything(source, ["a"])
    assert rows == [(1, ("1",)), (4, ("7",))]
    assert [(flaw.row, flaw.code) for flaw in flaws] == [(2, "row.columns"), (3, "row.columns")]
    assert "3 columns; the header has 2" in flaws[1].message


def test_a_field_beyond_the_limit_refuses_its_row_only(tmp_path):
    source = Delimited(write(tmp_path, "x.csv", f"a,b\n1,2\n{'x' * 200_000},1\n3,4\n"))
    rows, flaws = everything(source, ["a"])
    assert [number for number, _ in rows] == [1, 3]
    assert [flaw.code for flaw in flaws] == ["row.unreadable"]


def test_reading_goes_on_exactly_after_the_position(tmp_path):
    text = "n\n" + "".join(f"{number}\n" for number in range(1, 101))
    source = Delimited(write(tmp_path, "x.csv", text))
    batches = list(source.batches(["n"], Position(), 7))
    rest = everything(source, ["n"], batches[3].after, 10)[0]
    assert [number for batch in batches[:4] for number, _ in batch.rows] + [number for number, _ in rest] == [
        *range(1, 101)
    ]


def test_a_header_that_holds_a_persons_data_is_refused_without_showing_it(tmp_path):
    path = write(tmp_path, "x.csv", "carl@example.com,Carl\nana@example.com,Ana\n")
    with pytest.raises(Invalid) as caught:
        Delimited(path)
    assert caught.value.code == "intake.header-missing"
    assert "carl" not in caught.value.readable()
    source = Delimited(path, header=False)
    assert everything(source, ["column 1"])[0] == [(1, ("carl@example.com",)), (2, ("ana@example.com",))]


def test_a_file_that_changes_while_it_is_read_stops_the_import(tmp_path):
    path = write(tmp_path, "x.csv", "n\n1\n2\n3\n4\n")
    batches = Delimited(path).batches(["n"], Position(), 2)
    next(batches)
    path.write_text("n\n9\n9\n9\n9\n5\n")
    with pytest.raises(Conflict, match="changed"):
        next(batches)


def test_names_of_columns_are_never_empty_and_never_twice():
    assert column_names(["a", "", "a", " a "]) == ("a", "column 2", "a (2)", "a (3)")


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=5), min_size=2, max_size=2
        ),
        min_size=1,
    )
)
def test_a_delimiter_is_always_one_of_the_known_ones(rows):
    assert guess_delimiter("\n".join(",".join(row) for row in rows)) in {",", ";", "\t", "|"}


def test_json_lines_become_flat_columns_and_bad_lines_are_refused_by_number(tmp_path):
    lines = [
        '{"name": "Ana", "address": {"city": "Porto"}}',
        "",
        "[1, 2]",
        '{"name": "Ben", "tags": ["a"]}',
        "{nonsense",
    ]
    source = JsonLines(write(tmp_path, "x.jsonl", "\n".join(lines)))
    assert [column.name for column in source.columns()] == ["name", "address.city", "tags"]
    rows, flaws = everything(source, ["address.city", "name", "tags"])
    assert rows == [(1, ("Porto", "Ana", None)), (3, (None, "Ben", ["a"]))]
    assert [(flaw.row, flaw.code) for flaw in flaws] == [(2, "row.unreadable"), (4, "row.unreadable")]


def test_a_key_that_appears_late_is_still_a_column(tmp_path):
    lines = [json.dumps({"a": 1})] * 5000 + [json.dumps({"a": 1, "late": 2})]
    source = JsonLines(write(tmp_path, "x.ndjson", "\n".join(lines)))
    assert [column.name for column in source.columns()] == ["a", "late"]


def test_a_json_array_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(Malformed) as caught:
        JsonLines(write(tmp_path, "x.json", json.dumps([{"a": 1}, {"a": 2}], indent=1)))
    assert "jq" in caught.value.next_step


def parquet_file(folder: Path, rows: int = 10, group: int = 4) -> Path:
    table = pa.table(
        {
            "email": [f"p{n}@example.com" for n in range(rows)],
            "born": [date(1980, 1, 1 + n % 28) for n in range(rows)],
            "seen": pa.array(
                [datetime(2024, 1, 1, 12, 0, n % 60, tzinfo=UTC) for n in range(rows)], pa.timestamp("ns")
            ),
            "address": [{"city": f"Town {n}", "zip": None} for n in range(rows)],
            "tags": [["a", "b"]] * rows,
        }
    )
    path = folder / "x.parquet"
    parquet.write_table(table, path, row_group_size=group)
    return path


def test_a_parquet_file_is_read_by_column_with_structs_made_flat(tmp_path):
    source = Parquet(parquet_file(tmp_path))
    assert [column.name for column in source.columns()] == [
        "email",
        "born",
        "seen",
        "address.city",
        "address.zip",
        "tags",
    ]
    assert source.total() == 10
    rows, _ = everything(source, ["address.city", "email"], size=3)
    assert rows[9] == (10, ("Town 9", "p9@example.com"))


@pytest.mark.parametrize("start", range(11))
def test_a_parquet_file_goes_on_from_any_row(tmp_path, start):
    source = Parquet(parquet_file(tmp_path))
    rows, _ = everything(source, ["email"], Position(start), size=3)
    assert rows == [(n + 1, (f"p{n}@example.com",)) for n in range(start, 10)]


def test_a_moment_that_python_cannot_hold_refuses_its_row(tmp_path):
    path = tmp_path / "x.parquet"
    table = pa.table({"a": ["x", "y"], "when": pa.array([0, 2**53], pa.timestamp("ms"))})
    parquet.write_table(table, path)
    rows, flaws = everything(Parquet(path), ["a", "when"])
    assert len(rows) + len(flaws) == 2
    assert all(flaw.code == "value.unreadable" and flaw.field == "when" for flaw in flaws)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("missing.csv", None, NotFound),
        ("empty.csv", b"", Invalid),
        ("blank.csv", b"\n\n", Invalid),
        ("zeros.csv", b"a\0b\0\0\0c,d\n" * 10, Malformed),
        ("x.parquet", b"PAR1 not really PAR1", Malformed),
        ("x.jsonl", b"\xff\xfe\x00", Malformed),
        ("x.doc", b"hello", Invalid),
        ("x.sqlite", b"hello", Invalid),
        ("x.db", b"SQLite format 3\0rubbish", KeepfoldError),
    ],
)
def test_a_file_that_cannot_be_imported_says_what_is_wrong(tmp_path, name, content, error):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error) as caught:
        open_source(str(path), Options(), {})
    assert caught.value.code.startswith("intake.")


def test_a_folder_is_not_a_source(tmp_path):
    with pytest.raises(Invalid, match="not a file"):
        open_source(str(tmp_path), Options(), {})


def test_a_file_without_permission_says_so(tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")  # root may read everything, so the system is made to refuse

    path = write(tmp_path, "x.csv", "a\n1\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(Unavailable, match="may not be read"):
        open_source(str(path), Options(), {})


@pytest.mark.parametrize(
    ("name", "maker"), [("x.csv", lambda p: write(p, "x.csv", "a\n1\n")), ("x.parquet", parquet_file)]
)
def test_the_fingerprint_changes_with_the_content(tmp_path, name, maker):
    path = maker(tmp_path)
    before = open_source(str(path), Options(), {}).fingerprint()
    assert open_source(str(path), Options(), {}).fingerprint() == before
    if name == "x.csv":
        write(tmp_path, name, "a\n2\n")
    else:
        parquet_file(tmp_path, rows=11)
    assert open_source(str(path), Options(), {}).fingerprint() != before
