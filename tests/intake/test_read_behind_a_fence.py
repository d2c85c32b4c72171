"""What strangers made is read by a child that has nothing worth taking, and takes nothing along when it falls."""

from __future__ import annotations

import io
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from keepfold.intake.sources import fence, fenced
from keepfold.intake.sources.fenced import Fenced
from keepfold.intake.sources.memory import filled
from keepfold.intake.sources.opening import Options, open_source
from keepfold.intake.types import Position
from keepfold.kernel.errors import KeepfoldError, TooLarge, Unavailable
from tests.intake.importing import Importing
from tests.intake.test_fuzz_sources import SEEDS, seeds, spoiled  # noqa: F401  (seeds is a fixture)

SECONDS = 60.0
PLAIN = Options()


def read(content: bytes, name: str, options: Options = PLAIN, **limits):
    """Read a file behind the fence; return its columns and rows."""
    with filled([content]) as number, closing(Fenced(number, **limits)) as source:
        source.open_file(name, options)
        names = [column.name for column in source.columns()]
        rows = [row for batch in source.batches(names, Position(), 500) for _, row in batch.rows]
        return names, rows


def plainly(path):
    """Read a file as the command line does."""
    with closing(open_source(str(path), Options(), {})) as source:
        names = [column.name for column in source.columns()]
        return names, [tuple(row) for batch in source.batches(names, Position(), 500) for _, row in batch.rows]


def parquet(table) -> bytes:
    from pyarrow import parquet as files

    out = io.BytesIO()
    files.write_table(table, out)
    return out.getvalue()


@pytest.mark.parametrize("ending", list(SEEDS))
def test_a_good_file_reads_the_same_behind_the_fence(tmp_path, seeds, ending):  # noqa: F811
    path = tmp_path / f"people{ending}"
    path.write_bytes(seeds[ending])
    assert read(seeds[ending], path.name) == plainly(path)


def test_typed_values_arrive_as_the_same_text(tmp_path):
    from datetime import UTC, date, datetime
    from decimal import Decimal

    import pyarrow as pa

    from keepfold.intake.rules.plain import plain

    table = pa.table(
        {
            "a": [Decimal("12.00"), Decimal("12.50")],
            "b": [date(2026, 12, 31), None],
            "c": [datetime(2026, 12, 31, 8, tzinfo=UTC), None],
            "d": [2**62, -1],
            "e": [True, False],
            "f": [49301234567.0, 1.5],
            "g": [["x", "y"], []],
        }
    )
    path = tmp_path / "typed.parquet"
    path.write_bytes(parquet(table))
    _, mine = read(path.read_bytes(), "typed.parquet")
    _, theirs = plainly(path)
    shown = [
        [[plain(value, keep=True) if value is not None else None for value in row] for row in rows]
        for rows in (mine, theirs)
    ]
    assert shown[0] == shown[1]


@pytest.mark.slow
def test_spoiled_files_are_read_or_refused_clearly_by_one_fence_after_another(seeds):  # noqa: F811
    dice, refused = random.Random(20), 0
    for number in range(160):
        ending = list(SEEDS)[number % 4]
        error = refusal(spoiled(seeds[ending], dice, number // 4 % 4), f"x{ending}")
        if error is not None:
            refused += 1
            assert error.code.startswith("intake.")
            assert "carl" not in error.readable().lower()
    assert refused > 40


def refusal(content: bytes, name: str) -> KeepfoldError | None:
    """Return the clear error of a file that cannot be read; anything else that is raised fails the test."""
    try:
        read(content, name)
    except KeepfoldError as error:
        return error
    return None


# -- bombs -----------------------------------------------------------------------------------------------------------


def bomb_of_one_word() -> bytes:
    """Three million rows that all name the same word of a megabyte, in 150 kB."""
    import pyarrow as pa

    column = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000_000, pa.int32()), pa.array(["x" * 1_000_000]))
    return parquet(pa.table({"email": column}))


def bomb_of_zeros() -> bytes:
    """One value of half a gigabyte, in some kilobytes."""
    import pyarrow as pa
    from pyarrow import parquet as files

    out = io.BytesIO()
    column = pa.array([b"\0" * (1 << 29)], pa.binary())
    files.write_table(
        pa.table({"email": column}), out, compression="zstd", use_dictionary=False, write_statistics=False
    )
    return out.getvalue()


def bomb_of_a_column(tmp_path) -> bytes:
    """A column that SQLite makes up, 800 MB a row."""
    path = tmp_path / "bomb.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT GENERATED ALWAYS AS (hex(zeroblob(400000000))) VIRTUAL);"
        "INSERT INTO t (id) VALUES (1)"
    )
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["word", "zeros", "column"])
def test_a_small_file_that_unpacks_to_gigabytes_is_refused_within_bounds(tmp_path, kind):
    content, name = {
        "word": lambda: (bomb_of_one_word(), "bomb.parquet"),
        "zeros": lambda: (bomb_of_zeros(), "bomb.parquet"),
        "column": lambda: (bomb_of_a_column(tmp_path), "bomb.sqlite"),
    }[kind]()
    assert len(content) < 1_000_000
    began = time.monotonic()
    with pytest.raises(KeepfoldError) as refused:
        read(content, name)
    assert time.monotonic() - began < SECONDS
    assert refused.value.code.startswith("intake.")


def test_a_bomb_fails_its_import_and_neither_server_nor_worker(installation):
    ana = Importing()
    ana.upload(bomb_of_one_word(), "bomb.parquet")
    ana.work()
    if ana.held.state == "mapping":
        ana.check()
        ana.work()
    assert ana.held.state == "failed"
    assert not ana.held.open
    assert Importing().to_report().held.state == "checked"


def test_a_zip_is_refused_by_its_first_bytes_however_large_it_unpacks(installation):
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", b"0" * (64 << 20))
    ana = Importing()
    assert ana.upload(out.getvalue(), "people.csv").status_code == 422


def test_a_view_that_never_ends_is_not_even_offered(tmp_path):
    path = tmp_path / "endless.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS email FROM n;"
        "CREATE TABLE people (email TEXT); INSERT INTO people VALUES ('zora@example.org')"
    )
    connection.close()
    assert read(path.read_bytes(), "endless.sqlite") == (["email"], [("zora@example.org",)])


def test_values_beyond_64_kilobytes_refuse_their_row_and_no_other():
    content = b"email\n" + b"x" * 70_000 + b"\nzora@example.org\n"
    with filled([content]) as number, closing(Fenced(number)) as source:
        source.open_file("people.csv", Options())
        (batch,) = source.batches(["email"], Position(), 10)
    assert [row for _, row in batch.rows] == [("zora@example.org",)]
    assert [(flaw.row, flaw.code) for flaw in batch.flaws] == [(1, "value.too-long")]


def test_too_many_columns_are_refused():
    with pytest.raises(TooLarge):
        read((",".join(f"c{number}" for number in range(3000)) + "\n").encode() * 2, "wide.csv")


# -- the child -------------------------------------------------------------------------------------------------------


def inside(code: str) -> str:
    """Run code in a confined child and return what it prints."""
    program = f"from keepfold.intake.sources.fence import confine\nconfine({fenced.MEMORY}, 60)\n{code}"
    environment = fenced._environment(fenced.MEMORY)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def test_the_child_can_write_to_no_disk(tmp_path):
    path = tmp_path / "spilled"
    told = inside(f"open({str(path)!r}, 'wb').write(b'zora' * 10_000)")
    assert "File too large" in told
    assert not path.exists() or path.stat().st_size == 0


def test_the_child_gets_no_secret_of_ours(monkeypatch):
    monkeypatch.setenv("KEEPFOLD_ROOT_PASSPHRASE", "four sealed words here")
    monkeypatch.setenv("PGPASSWORD", "a servers password")
    environment = fenced._environment(1 << 30)
    assert not [name for name in environment if name.startswith("KEEPFOLD")]
    assert "four sealed words here" not in str(environment)
    assert "a servers password" not in str(environment)
    assert environment["PGPASSFILE"] == "/dev/null"


def test_the_child_loads_neither_django_nor_keys():
    program = "import keepfold.intake.sources.fence, sys; print([m for m in sys.modules if m.startswith(('django', 'keepfold.vault', 'keepfold.kernel.crypto', 'keepfold.kernel.db'))])"
    done = subprocess.run(
        [sys.executable, "-c", program], env=fenced._environment(1 << 30), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_child_has_no_more_memory_than_it_may():
    assert "MemoryError" in inside("x = bytearray(3 << 30)")


def test_the_child_cannot_be_looked_into_and_leaves_no_dump():
    assert (
        inside("import ctypes, resource; print(ctypes.CDLL(None).prctl(3), resource.getrlimit(resource.RLIMIT_CORE))")
        == "0 (0, 0)"
    )


def test_the_child_ends_with_whoever_started_it():
    program = (
        "import time\nfrom keepfold.intake.sources.fenced import Fenced\n"
        "source = Fenced()\ntry: source.open_path('/nonexistent', ())\nexcept Exception: pass\n"
        "print(source._child.pid, flush=True)\ntime.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": fenced._SOURCE_FOLDER}
    parent = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert _lives(child)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    until = time.monotonic() + 10
    while _lives(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _lives(child)


def _lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_that_falls_silent_or_lies_is_given_up(monkeypatch):
    with filled([b"email\nx\n"]) as number:
        source = Fenced(number)
        source.open_file("people.csv", Options())
        os.kill(source._child.pid, signal.SIGSTOP)
        monkeypatch.setattr(fenced, "PATIENCE_SECONDS", 0.2)
        with pytest.raises(Unavailable, match="too slowly"):
            source.sample(10)
        source._child.wait()
        with pytest.raises(TooLarge):
            source.sample(10)
        source.close()
        assert source._child.stdout.closed
        assert source._child.stdin.closed


@pytest.mark.parametrize(
    "answer", [b"\xff\xff\xff\xff", fence.LENGTH.pack(3) + b"\xc1\xc1\xc1", fence.LENGTH.pack(1) + b"\x01", b""]
)
def test_what_a_child_answers_is_never_believed(answer):
    command = [sys.executable, "-c", f"import sys; sys.stdin.buffer.read(4); sys.stdout.buffer.write({answer!r})"]
    source = Fenced()
    source._child.kill()
    source._child.wait()
    for pipe in (source._child.stdin, source._child.stdout):
        pipe.close()
    source._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with pytest.raises(KeepfoldError) as refused:
        source.sample(10)
    assert refused.value.code.startswith("intake.")
    source.close()


def test_an_error_of_a_parser_leaves_the_fence_by_its_kind_alone():
    answer = fence._answer(fence._Reader(), {"do": "sample", "size": 1})
    assert b"LookupError" in answer
    assert (
        fenced._error({"error": {"kind": "ValueError", "problem": {"detail": "zora@example.org"}}}).detail
        == "This source cannot be read."
    )
    assert fenced._error({"error": {"kind": "Unopened", "problem": {"detail": "x"}}}).code == "intake.source-unreadable"
    assert fenced._error("nonsense").code == "intake.source-unreadable"
