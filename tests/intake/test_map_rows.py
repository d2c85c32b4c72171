from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.intake.rules.convert import Converter, Unfit, plain
from keepfold.intake.rules.mapping import document, parse
from keepfold.kernel.errors import Invalid
from tests.intake.schemas import boxed, field, schema, shop

COLUMNS = ("FirstName", "LastName", "Email", "Born")


def plan(fields, columns=COLUMNS, schema=None, **more):
    return parse({"mapping": 1, "fields": fields} | more, columns, schema or shop())


def convert(fields, row, columns=COLUMNS, policy=None, **more):
    return Converter(plan(fields, columns, policy, **more), columns, policy or shop())(row)


def test_columns_are_joined_split_defaulted_and_fixed():
    record = convert(
        {
            "address": {"join": ["FirstName", "LastName"], "with": ", "},
            "first_name": {"split": "LastName", "take": "first"},
            "last_name": {"split": "LastName", "take": "rest"},
            "country": {"column": "Born", "default": "DE"},
            "city": {"constant": "Berlin"},
            "email": "Email",
        },
        ("Ana", "Maria de Souza", "ana@example.com", None),
    )
    assert record.values == {
        "address": "Ana, Maria de Souza", "first_name": "Maria", "last_name": "de Souza", "country": "DE",
        "city": "Berlin", "email": "ana@example.com",
    }  # fmt: skip
    assert record.problems == []


def test_empty_values_are_left_out_and_a_file_may_say_what_empty_is():
    assert convert({"email": "Email", "city": "Born"}, (None, None, " ", "")).values == {}
    assert convert({"city": "Born"}, (None, None, None, "NULL"), empty=["NULL"]).values == {}
    assert convert({"last_name": "LastName"}, (None, "Null", None, None)).values == {"last_name": "Null"}


def test_a_date_form_turns_dates_round_and_names_the_field_of_one_that_does_not_fit():
    policy = schema(field("born", "date"))
    rule = {"born": {"column": "Born", "date": "%d.%m.%Y"}}
    assert convert(rule, ("", "", "", "31.12.1990"), policy=policy).values == {"born": "1990-12-31"}
    problem = convert(rule, ("", "", "", "31.13.1990"), policy=policy).problems[0]
    assert (problem.field, problem.code) == ("born", "value.date-format")
    assert "1990" not in problem.message


def test_a_day_kept_as_midnight_becomes_a_day():
    policy = schema(field("born", "date"))
    for value in (datetime(1990, 12, 31, tzinfo=UTC), date(1990, 12, 31), "1990-12-31 00:00:00", "1990-12-31"):
        assert convert({"born": "Born"}, ("", "", "", value), policy=policy).values == {"born": "1990-12-31"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (49301234567.0, "49301234567"),
        (Decimal("1.50"), "1.50"),
        (float("nan"), None),
        (True, True),
        (1e300, "1e+300"),
    ],
)
def test_typed_values_become_the_text_that_people_would_write(value, text):
    assert plain(value) == text


def test_bytes_and_nested_values_are_refused_unless_the_data_item_is_a_list():
    with pytest.raises(Unfit):
        plain(b"x")
    policy = boxed()
    row = ("Main 1", "Porto", ["a", "b"])
    columns = ("street", "city", "tags")
    rules = {"address": {"parts": {"street": "street", "city": "city"}}, "tags": "tags"}
    assert convert(rules, row, columns, policy).values == {
        "address": {"street": "Main 1", "city": "Porto"},
        "tags": ["a", "b"],
    }
    assert convert({"email": "tags"}, row, columns, policy).problems[0].code == "value.nested"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([], "fields"),
        ({"mapping": 1, "fields": {}}, "fields"),
        ({"mapping": 2, "fields": {"email": "Email"}}, "mapping: 1"),
        ({"mapping": 1, "fields": {"email": "Email"}, "emty": []}, "did you mean empty"),
        ({"mapping": 1, "fields": {"emial": "Email"}}, "did you mean email"),
        ({"mapping": 1, "fields": {"shoe_size_zzz": "Email"}}, "it would need data:"),
        ({"mapping": 1, "fields": {"email": "Emial"}}, "did you mean Email"),
        ({"mapping": 1, "fields": {"email": {"colunm": "Email"}}}, "did you mean column"),
        ({"mapping": 1, "fields": {"email": {"column": "Email", "constant": "x"}}}, "exactly one of"),
        ({"mapping": 1, "fields": {"email": 7}}, "neither the name of a column nor a rule"),
        ({"mapping": 1, "fields": {"email": {"split": "Email", "take": "third"}}}, "wrong kind"),
        ({"mapping": 1, "fields": {"email": {"parts": {"a": "Email"}}}}, "no parts in the policy"),
        ({"mapping": 1, "fields": {"email": "Email"}, "empty": "x"}, "empty is a list"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_what_is_wrong(raw, said):
    with pytest.raises(Invalid) as caught:
        parse(raw, COLUMNS, shop())
    assert said in " ".join(caught.value.extra.get("errors", [caught.value.detail]))


def test_a_part_that_the_structure_has_not_is_named():
    with pytest.raises(Invalid, match="did you mean street"):
        parse({"mapping": 1, "fields": {"address": {"parts": {"stret": "a"}}}}, ("a",), boxed())


def test_a_part_that_reads_a_missing_column_is_named_once():
    with pytest.raises(Invalid) as caught:
        parse({"mapping": 1, "fields": {"address": {"parts": {"street": "b"}}}}, ("a",), boxed())
    assert len(caught.value.extra["errors"]) == 1


def test_what_is_written_is_what_is_read():
    fields = {
        "email": "Email",
        "address": {"join": ["FirstName", "LastName"], "with": ", "},
        "first_name": {"split": "LastName", "take": "rest"},
        "country": {"column": "Born", "default": "DE"},
    }
    first = plan(fields)
    assert document(first.fields) == fields
    assert plan(document(first.fields)) == first


def test_the_digest_follows_what_is_done_and_not_what_is_said():
    base = plan({"email": "Email"})
    assert plan({"email": "Email"}, not_stored=["Born"], policy="x").digest() == base.digest()
    assert plan({"email": "Born"}).digest() != base.digest()
    assert plan({"email": "Email"}, empty=["-"]).digest() != base.digest()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=12,
)


@given(
    _JSON
    | st.fixed_dictionaries(
        {"mapping": st.just(1), "fields": st.dictionaries(st.sampled_from(["email", "phone", "x"]), _JSON)}
    )
)
def test_whatever_a_mapping_file_holds_it_is_a_plan_or_a_clear_refusal(raw):
    with contextlib.suppress(Invalid):
        assert set(parse(raw, COLUMNS, shop()).reads()) <= set(COLUMNS)
