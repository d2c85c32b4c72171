"""Mallory asks for long files, several at once, so that nobody else is answered."""

from __future__ import annotations

from itertools import count

import pytest

from keepfold.kernel.errors import TooMany
from keepfold.ui import exports
from keepfold.ui.tables import Column

COLUMNS = (Column("n", "Number", kind="number"),)


def endless():
    return ({"n": number} for number in count())


def test_files_leave_a_thread_of_the_server_to_everybody_else():
    first = exports.answer("csv", "things", COLUMNS, endless())
    with pytest.raises(TooMany):
        exports.answer("json", "things", COLUMNS, endless())
    first.close()
    second = exports.answer("csv", "things", COLUMNS, endless())
    assert next(iter(second.streaming_content))
    second.close()


def test_a_file_that_ended_or_broke_off_makes_room():
    whole = exports.answer("csv", "things", COLUMNS, [{"n": 1}])
    assert b"1" in b"".join(whole.streaming_content)

    def breaking():
        yield {"n": 1}
        raise RuntimeError

    broken = exports.answer("csv", "things", COLUMNS, breaking())
    with pytest.raises(RuntimeError):
        b"".join(broken.streaming_content)
    forgotten = exports.answer("csv", "things", COLUMNS, endless())
    del forgotten
    exports.answer("csv", "things", COLUMNS, []).close()
