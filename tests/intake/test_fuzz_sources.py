"""Whatever bytes a file holds, the answer is a proposal or a clear error: never a trace, never a value."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfold.intake import mappings
from keepfold.intake.rules.content import column_shares
from keepfold.intake.rules.convert import Converter
from keepfold.intake.rules.mapping import parse
from keepfold.intake.rules.propose import propose
from keepfold.intake.sources.opening import Options, open_source
from keepfold.intake.types import Position
from keepfold.kernel.errors import KeepfoldError
from tests.intake.schemas import shop

SEEDS = {
    ".csv": b'email,first_name,phone\ncarl@example.com,Carl,+1 212 555 0100\n"a\nb",c\n',
    ".jsonl": b'{"email": "carl@example.com", "address": {"city": "Porto"}}\n{"email": null}\n',
    ".parquet": None,
    ".sqlite": None,
}
ROUNDS = 625  # of each of four kinds, four ways to spoil a file: 10,000 files


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """Return one good file of each kind, as bytes."""
    import sqlite3

    import pyarrow as pa
    from pyarrow import parquet

    folder = tmp_path_factory.mktemp("seeds")
    parquet.write_table(pa.table({"email": ["carl@example.com"], "address": [{"city": "Porto"}]}), folder / "x")
    connection = sqlite3.connect(folder / "y")
    connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, city TEXT)")
    connection.execute("INSERT INTO people VALUES (1, 'carl@example.com', 'Porto')")
    connection.commit()
    connection.close()
    return SEEDS | {".parquet": (folder / "x").read_bytes(), ".sqlite": (folder / "y").read_bytes()}


def read_through(path) -> None:
    """Do all that an import does before it stores."""
    schema = shop()
    with contextlib.closing(open_source(str(path), Options(), {})) as source:
        names = [column.name for column in source.columns()]
        proposal = propose(names, column_shares(len(names), source.sample(50)), schema)
        plan = proposal.plan()
        convert = Converter(plan, plan.reads(), schema)
        source.fingerprint()
        for batch in source.batches(plan.reads(), Position(), 20):
            for _, row in batch.rows:
                convert(row)


def refusal(path) -> KeepfoldError | None:
    """Return the clear error of a file that cannot be read; anything else that is raised fails the test."""
    try:
        read_through(path)
    except KeepfoldError as error:
        return error
    return None


def spoiled(seed: bytes, dice: random.Random, way: int) -> bytes:
    if way == 0:
        return dice.randbytes(dice.randint(0, 400))
    content = bytearray(seed)
    if way == 1:
        for _ in range(dice.randint(1, 8)):
            content[dice.randrange(len(content))] = dice.randrange(256)
    elif way == 2:
        del content[dice.randrange(len(content)) :]
    else:
        place = dice.randrange(len(content))
        content[place:place] = dice.randbytes(dice.randint(1, 40))
    return bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("ending", list(SEEDS))
def test_spoiled_files_are_read_or_refused_clearly(tmp_path, seeds, ending):
    dice = random.Random(ending)
    refused = 0
    for number in range(ROUNDS * 4):
        path = tmp_path / f"x{ending}"
        path.write_bytes(spoiled(seeds[ending], dice, number % 4))
        error = refusal(path)
        if error is not None:
            refused += 1
            assert "carl" not in error.readable().lower()
            assert error.code.startswith("intake.")
    assert refused > ROUNDS // 2


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from([".yaml", ".toml"]))
def test_whatever_a_mapping_file_is_it_is_used_or_refused_clearly(tmp_path_factory, content, ending):
    path = tmp_path_factory.getbasetemp() / f"mapping{ending}"
    path.write_bytes(content)
    with contextlib.suppress(KeepfoldError):
        parse(mappings.read(path), ("email",), shop())
