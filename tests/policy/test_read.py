"""Reading a file: what is not a policy is refused with its place, in words."""

from __future__ import annotations

import pytest

from keepfold.policy.format.tree import MAX_BYTES, MAX_LINES, Unreadable, read_tree
from keepfold.policy.load import load, load_stored
from keepfold.policy.templates import text_of

SHOP = text_of("media-shop")


def found(source: bytes | str) -> list[tuple[str, int, int]]:
    return [(one.check, one.place.line, one.place.column) for one in load(source).report.findings]


@pytest.mark.parametrize(
    ("source", "check", "line", "column"),
    [
        ("", "file.empty", 0, 0),
        ("# only a comment\n", "file.empty", 0, 0),
        ("policy: 1\nid: [a", "file.syntax", 2, 7),
        ("policy: 1\nid: a: b", "file.syntax", 2, 6),
        ("policy: 1\n\tid: a", "file.syntax", 2, 1),
        ("policy: &one 1", "file.anchor", 1, 9),
        ("policy: *one", "file.anchor", 1, 9),
        ("policy: !!python/object:os.system x", "file.tag", 1, 9),
        ("policy: 1\n---\npolicy: 1", "file.many-documents", 2, 1),
        ("? [a, b]\n: 1", "file.key-not-text", 1, 3),
        ("policy: 99999999999999999999", "file.number", 1, 9),
        (b"policy: \xff", "file.encoding", 1, 9),
        (b"a: 1\nid: caf\xe9", "file.encoding", 2, 8),
        ("policy: \x00", "file.syntax", 1, 9),
        ('policy: "\\UFFFFFFFF"', "file.syntax", 0, 0),
        ("[" * 40 + "]" * 40, "file.too-deep", 1, 17),
        ("- [a]\n" * 12_000, "file.too-large", 10_000, 4),
        ("a: 1" + "\n" * 20_000 + "b: 1", "file.too-large", 0, 0),
        (b"#" * (MAX_BYTES + 1), "file.too-large", 0, 0),
    ],
)
def test_what_is_not_a_tree_of_values_is_refused_with_its_place(source, check, line, column):
    assert found(source) == [(check, line, column)]


def test_a_stored_policy_is_read_back_however_many_lines_it_has():
    policy, policy_hash = load_stored(SHOP + "\n" * MAX_LINES)
    assert policy.id == load(SHOP).policy.id
    assert policy_hash == load(SHOP).hash


def test_ten_thousand_brackets_do_not_exhaust_the_stack():
    assert found("[" * 10_000)[0][0] == "file.too-deep"
    assert found("{a: " * 10_000)[0][0] == "file.too-deep"


def test_a_billion_laughs_are_refused_at_the_first_anchor():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
    assert found(bomb) == [("file.anchor", 1, 4)]


def test_a_key_that_is_there_twice_is_named_where_it_is_the_second_time():
    source = SHOP.replace("  dpo:", "  country: FR\n  dpo:")
    assert ("file.duplicate-key", 13, 3) in found(source)


def test_an_unknown_key_is_named_with_line_column_and_the_nearest_known_key():
    source = SHOP.replace("    identity: true", "    identitty: true")
    finding = load(source).report.findings[0]
    line = source.splitlines().index("    identitty: true") + 1
    assert (finding.check, finding.place.line, finding.place.column) == ("key.unknown", line, 5)
    assert finding.message == "`identitty` is not a key that `data.email` knows."
    assert finding.hint == "Did you mean `identity`?"


def test_a_misspelt_key_is_not_reported_as_missing_too():
    assert [one[0] for one in found(SHOP.replace("    basis: {gdpr: 6.1.c", "    bassis: {gdpr: 6.1.c"))] == [
        "key.unknown"
    ]


def test_a_missing_key_is_named_at_the_entry_that_lacks_it():
    source = SHOP.replace("    type: phone\n", "")
    finding = load(source).report.findings[0]
    assert (finding.check, finding.place.path) == ("key.missing", "data.phone")
    assert finding.message == "`data.phone` lacks `type`."
    assert source.splitlines()[finding.place.line - 1] == "  phone:"


def test_all_mistakes_are_found_in_one_reading():
    source = (
        SHOP.replace("type: phone", "type: fone")
        .replace("P90D", "90 days")
        .replace("country: DE\n", "country: Germany\n", 1)
    )
    assert [one[0] for one in found(source)] == ["value.pattern", "value.choice", "value.pattern"]


@pytest.mark.parametrize(
    ("before", "after", "check", "says"),
    [
        ("effective_from: 2026-01-01", "effective_from: 2026-02-30", "value.pattern", "is not a day of the calendar"),
        ("keep: P90D", "keep: 90 days", "value.pattern", "is not a period such as P90D"),
        ("from: order.closed", "from: Order closed", "value.pattern", "is not a moment such as"),
        ("identity: true", "identity: yes", "value.type", "`true` or `false` is needed"),
        ("max_length: 200", "max_length: many", "value.type", "a whole number is needed"),
        ("max_length: 200", "max_length: 0", "value.range", "between 1 and 100000"),
        ("minimum_age: 16", "minimum_age: 160", "value.range", "between 0 and 21"),
        ("  name: Your Media Shop GmbH", "  name:", "value.empty", "This is empty"),
        ("id: media-shop", "id: Media Shop", "value.pattern", "is not an id"),
        ("policy: 1", "policy: 2", "value.choice", "is not possible here"),
        ("regimes: [gdpr]", "regimes: gdpr", "value.type", "a list is needed"),
        ("also: [de]", "also: [deutsch]", "value.pattern", "is not a language code"),
        ("email: required", "email: {show: masked}", "key.missing", "lacks `need`"),
        ("email: required", "email: {need: required, shown: masked}", "key.unknown", "`shown` is not a key known here"),
        ("index: exact", "index: exactly", "value.choice", "is not possible here"),
        ("  name: Your Media Shop GmbH", '  name: "\\u0007"', "value.characters", "cannot be printed"),
        ("  name: Your Media Shop GmbH", f"  name: {'x' * 400}", "value.too-long", "longer than 300"),
    ],
)
def test_a_wrong_value_is_explained(before, after, check, says):
    assert before in SHOP
    finding = load(SHOP.replace(before, after)).report.findings[0]
    assert finding.check == check
    assert says in finding.message


def test_a_number_in_place_of_a_paragraph_is_to_be_quoted():
    source = text_of("lender").replace('glba: "1016.14"', "glba: 1016.14", 1)
    finding = load(source).report.findings[0]
    assert (finding.check, finding.hint) == ("value.choice", 'Put it in quotes: "1016.14".')


def test_norway_is_a_country_and_not_a_no():
    source = SHOP.replace("country: DE\n    contract", "country: NO\n    contract")
    assert load(source).report.ok


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm():
    source = ("\ufeff" + SHOP.replace("\n", "\r\n")).encode()
    assert load(source).report.version == load(SHOP).report.version


def test_a_message_never_repeats_a_long_value():
    source = SHOP.replace("type: phone", f"type: {'x' * 5000}")
    assert all(len(one.message) < 200 for one in load(source).report.findings)


def test_reading_gives_the_plain_document():
    assert read_tree("a: 1\nb: [x, true, null, '7', \"y\\n\"]\nc: {}").plain() == {
        "a": 1,
        "b": ["x", True, None, "7", "y\n"],
        "c": {},
    }
    with pytest.raises(Unreadable):
        read_tree("a: [")
