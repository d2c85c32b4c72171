"""Marks on rows: one for each row, none without a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.kernel import rowmac
from keepfold.kernel.errors import Unavailable
from tests.support.rows import marked

COLUMN = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=8), st.binary(max_size=8))
ROW = st.tuples(st.sampled_from(("people_client", "people_token", "consent_state")), st.lists(COLUMN, max_size=5))


@given(ROW, ROW)
def test_two_rows_have_the_same_mark_only_when_they_are_the_same(one, other):
    with marked():
        first, second = rowmac.mark(one[0], *one[1]), rowmac.mark(other[0], *other[1])
    assert len(first) == rowmac.SIZE
    assert rowmac.same(first, second) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("ab", "c"), ("a", "bc")), (("1",), (1,)), ((b"a",), ("a",)), ((None,), ()), (("a", None), (None, "a"))],
)
def test_neither_borders_nor_kinds_of_columns_are_lost(one, other):
    with marked():
        assert rowmac.mark("people_client", *one) != rowmac.mark("people_client", *other)


@pytest.mark.parametrize("found", [None, b"", bytes(32), b"x"])
def test_a_row_without_its_mark_is_not_ours(found):
    with marked():
        assert not rowmac.same(found, rowmac.mark("people_client", 1))


def test_nothing_is_marked_or_believed_without_keys():
    with marked():
        rowmac.wire(keys=None)
        with pytest.raises(Unavailable) as refused:
            rowmac.mark("people_client", 1)
    assert refused.value.code == "rows.unwired"
