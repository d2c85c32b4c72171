"""Numbers: append-only, kept over renames, never given twice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfold.kernel.errors import Conflict
from keepfold.policy.compile import compile_policy
from keepfold.policy.format.document import Policy
from keepfold.policy.numbers import Numbers, assign, fresh
from tests.policy.base import loaded

SHOP = loaded("shop").policy
EMAIL = SHOP.data["email"]


def policy(*names: str | tuple[str, str]) -> Policy:
    """Return a policy with these data items; a pair is a name and a former name."""
    pairs = [name if isinstance(name, tuple) else (name, None) for name in names]
    items = {name: msgspec.structs.replace(EMAIL, was=was, identity=False) for name, was in pairs}
    return msgspec.structs.replace(SHOP, data=items, purposes={})


def test_the_first_policy_is_numbered_from_one_in_the_order_of_the_file():
    numbers = assign(policy("email", "second"), Numbers())
    assert numbers.data == {"email": 1, "second": 2}
    assert numbers.index == {"email.exact": 1, "second.exact": 2}
    assert numbers.compartment == {"contact": 1}


def test_what_is_known_keeps_its_number_and_what_is_new_gets_the_next():
    first = assign(policy("email", "second"), Numbers())
    second = assign(policy("third", "second"), first)
    assert second.data == {"email": 1, "second": 2, "third": 3}
    assert list(fresh(second, first)) == [("data", "third", 3), ("index", "third.exact", 3)]


def test_a_number_is_not_given_again_after_its_name_is_gone():
    first = assign(policy("email"), Numbers())
    assert assign(policy("other"), first).data["other"] == 2


def test_a_rename_keeps_the_number_of_the_data_and_of_its_index():
    first = assign(policy("email", "second"), Numbers())
    second = assign(policy(("mail", "email"), "second"), first)
    assert second.data["mail"] == 1
    assert second.index["mail.exact"] == 1


def test_a_rename_that_was_done_already_changes_nothing():
    first = assign(policy("email"), Numbers())
    second = assign(policy(("mail", "email")), first)
    assert assign(policy(("mail", "email")), second) == second


def test_a_name_that_belonged_to_something_else_cannot_come_back_as_something_new():
    first = assign(policy("email"), Numbers())
    second = assign(policy(("mail", "email")), first)
    with pytest.raises(Conflict) as caught:
        assign(policy("mail", "email"), second)
    assert caught.value.code == "policy.name-taken"


def test_the_schema_carries_the_numbers_of_the_registry():
    known = Numbers(data={"old": 41}, compartment={"old": 7}, purpose={"old": 9}, index={"old.exact": 3})
    numbers = assign(SHOP, known)
    schema = compile_policy(SHOP, bytes(32), numbers).schema
    assert schema.fields["email"].number == 42
    assert schema.compartments["contact"] == 8
    assert schema.purposes["fulfil_order"].number == 10
    assert schema.fields["email"].index[0].number == 4


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(NAMES, st.none() | NAMES, min_size=1, max_size=4), min_size=1, max_size=6))
def test_however_policies_follow_each_other_no_number_ever_means_two_things_at_once(history):
    known = Numbers()
    for step in history:
        names = [(name, was) for name, was in step.items() if was not in step or was is None]
        if not names:
            continue
        try:
            after = assign(policy(*names), known)
        except Conflict:
            continue
        given_now = [after.data[name] for name, _ in names]
        assert len(set(given_now)) == len(given_now)
        assert all(after.data[name] == number for name, number in known.data.items())
        assert all(number <= max(known.data.values(), default=0) + len(names) for number in after.data.values())
        known = after
