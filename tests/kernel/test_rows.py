"""Raw rows on both databases."""

from __future__ import annotations

import os

import pytest

from keepfold.kernel import db


def rows(number):
    return [
        (os.urandom(32), os.urandom(16), os.urandom(32), 200, os.urandom(50), 10**15 + place) for place in range(number)
    ]


COLUMNS = ("key_hash", "actor", "request_hash", "status", "response", "expires_us")


@pytest.mark.parametrize("number", [0, 1, 3, 8, 500])
def test_rows_come_back_as_they_went_in_blobs_as_bytes(store, number):
    given = rows(number)
    with db.atomic():
        db.rows_insert("default", "kernel_remembered", COLUMNS, given)
    names = ", ".join(COLUMNS)
    found = db.fetch_all("default", f"SELECT {names} FROM kernel_remembered ORDER BY expires_us")
    assert found == given
    assert all(type(value) is bytes for row in found for value in row[:3])
