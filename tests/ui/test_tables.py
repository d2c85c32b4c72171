"""Tables: what may be asked of them, what they link to, and what leaves them as a file."""

import base64
import json
from datetime import UTC, date, datetime

import pytest
from django.template import engines
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from keepfold.ui import exports, tables
from keepfold.ui.components import Badge, Link

ROWS = [{"name": f"row {number}", "size": number, "href": f"/r/{number}"} for number in range(7)]
TABLE = tables.Table(
    key="things",
    caption="Things",
    columns=(
        tables.Column("name", "Name", sort=True),
        tables.Column("size", "Size", "number", rank=2, sort=True),
        tables.Column("note", "Note", rank=3),
    ),
    filters=(
        tables.Search("q", "Words"),
        tables.Choice("kind", "Kind", (("big", "Big"), ("small", "Small"))),
        tables.Days("at", "Days"),
    ),
    sort="-size",
    limit=3,
    empty=("No things", "They appear here."),
)


class Store:
    """Rows in memory with cursors as a room would keep them, and every question that was asked."""

    def __init__(self, rows=ROWS):
        self.rows = rows
        self.asked = []

    def __call__(self, query):
        self.asked.append(query)
        rows = sorted(self.rows, key=lambda row: row[query.sort], reverse=query.descending != query.backwards)
        found = tables.cursor_values(query.after or query.before, int)
        if found:
            seen = [row["size"] for row in rows].index(found[0])
            rows = rows[seen + 1 :]
        part = rows[: query.limit + 1]
        return tables.slice_of(part, query, lambda row: tables.cursor(row["size"]), dict, total=len(self.rows))


def shown(address="/things", source=None, table=TABLE, **more):
    return table.on(RequestFactory().get(address), source or Store(), **more)


def rendered(table):
    template = engines["django"].from_string("{% load ui %}{% table table %}")
    return template.render({"table": table})


def sizes(table):
    return [row["size"] for row in table.slice.rows]


def test_what_is_asked_for_reaches_the_source_typed():
    query = shown("/t?q=+boots+&kind=big&at_from=2026-11-01&sort=name&n=25").query
    assert query.filters == {"q": "boots", "kind": "big", "at": (date(2026, 11, 1), None)}
    assert (query.sort, query.descending, query.limit) == ("name", False, 25)


@pytest.mark.parametrize("address", ["?kind=huge&sort=note&n=7&at_from=tomorrow", "?sort=-secret&rows=tall", ""])
def test_what_is_not_offered_counts_for_nothing(address):
    table = shown(f"/t{address}")
    assert table.query.filters == {}
    assert (table.query.sort, table.query.descending, table.query.limit) == ("size", True, 3)
    assert table.density == ""


def test_cursors_lead_through_all_rows_and_back():
    table = shown()
    assert sizes(table) == [6, 5, 4]
    assert not table.page.back
    second = shown("/t" + table.page.next)
    assert sizes(second) == [3, 2, 1]
    third = shown("/t" + second.page.next)
    assert sizes(third) == [0]
    assert not third.page.next
    assert sizes(shown("/t" + third.page.back)) == [3, 2, 1]
    assert sizes(shown("/t" + second.page.back)) == [6, 5, 4]


@given(st.text(max_size=40))
def test_a_foreign_cursor_begins_anew(text):
    assert tables.cursor_values(text, int, str) is None


@given(st.integers(-(1 << 62), 1 << 62), st.text(max_size=20))
def test_a_cursor_gives_back_what_it_was_made_of(number, text):
    assert tables.cursor_values(tables.cursor(number, text), int, str) == (number, text)
    assert tables.cursor_values(tables.cursor(number, text), str, str) is None


def test_headings_sort_and_say_which_way():
    page = rendered(shown())
    assert 'aria-sort="descending"' in page
    assert 'href="?sort=size#t-things"' in page
    assert 'href="?sort=name#t-things"' in page
    assert rendered(shown("/t?sort=size")).count('aria-sort="ascending"') == 1


def test_links_keep_the_filters_and_forget_the_place():
    table = shown("/t?kind=big&after=abc&rows=compact")
    assert table.address(sort="name") == "?kind=big&rows=compact&sort=name#t-things"
    assert table.clear_address == "?rows=compact#t-things"
    assert 'data-density="compact"' in rendered(table)


def test_a_row_is_headed_and_linked():
    page = rendered(shown())
    assert '<th scope="row"><a href="/r/6">row 6</a></th>' in page
    assert '<caption class="vh">Things</caption>' in page
    assert '<td class="n nowrap p2">6</td>' in page


def test_an_empty_table_teaches_and_a_filtered_one_says_which_filter():
    assert "They appear here." in rendered(shown(source=Store([])))
    page = rendered(shown("/t?kind=big", Store([])))
    assert "Loosen one of these: Kind." in page
    assert "They appear here." not in page


def test_what_a_person_typed_is_text():
    page = rendered(shown('/t?q="><script>alert(1)</script>'))
    assert "<script>" not in page


def test_two_tables_on_one_page_do_not_hear_each_other():
    table = tables.renamed(TABLE, prefix="b-")
    assert shown("/t?sort=name&b-sort=size", table=table).query == shown("/t?sort=size").query


# -------------------------------------------------------------------------------------------------------------- export


def test_a_file_holds_every_row_of_the_filter_and_asks_in_large_pieces():
    store = Store()
    table = shown("/t?as=csv&kind=big&after=abc", store)
    assert table.is_export
    answer = table.export()
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,Size,Note"
    assert len(lines) == 8
    assert store.asked[0].limit == 1000
    assert store.asked[0].after == ""
    assert store.asked[0].filters == {"kind": "big"}
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="things-')


def test_json_keeps_numbers_and_names_keys():
    answer = shown("/t?as=json").export()
    rows = json.loads(b"".join(answer.streaming_content))
    assert rows[0] == {"name": "row 6", "size": 6, "note": None}
    assert json.loads("".join(exports.json_pieces(TABLE.columns, []))) == []


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_text_is_taken_for_a_formula(lead):
    pieces = list(exports.csv_pieces(TABLE.columns, [{"name": f'{lead}HYPERLINK("x")', "size": -5}]))
    cells = next(iter(__import__("csv").reader([pieces[1]])))
    assert cells[0] == f'\'{lead}HYPERLINK("x")' or (lead == "\r" and cells[0].startswith("'"))
    assert cells[1] == "-5"


@given(st.text())
def test_whatever_the_text_a_spreadsheet_reads_text(text):
    assert not exports.guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_values_leave_as_words_and_moments_as_utc():
    at = datetime(2026, 11, 21, 9, 31, tzinfo=UTC)
    assert exports.plain("moment", at) == exports.plain("moment", int(at.timestamp())) == "2026-11-21T09:31:00Z"
    assert exports.plain("day", at) == "2026-11-21"
    assert exports.plain("badge", Badge("Refused", "bad")) == "Refused"
    assert exports.plain("link", Link("entry 7", "/7")) == "entry 7"
    assert exports.plain("seal", "witnessed") == "Witnessed"


def test_personal_data_leaves_only_for_a_purpose():
    personal = tables.renamed(TABLE, personal=True)
    purposes = [("support", "Support")]
    store = Store()

    def posted(**form):
        return personal.on(RequestFactory().post("/t?kind=big", form), store, purposes)

    assert not personal.on(RequestFactory().get("/t?as=csv"), store, purposes).is_export
    assert not posted(**{"as": "csv"}).is_export
    assert "Nothing was exported." in rendered(posted(**{"as": "csv", "purpose": "curiosity"}))
    table = posted(**{"as": "csv", "purpose": "support"})
    assert table.is_export
    b"".join(table.export().streaming_content)
    assert store.asked[-1].purpose == "support"
    assert store.asked[-1].filters == {"kind": "big"}
    page = rendered(personal.on(RequestFactory().get("/t"), store, purposes))
    assert "?as=csv" not in page
    assert '<option value="support">Support</option>' in page


@pytest.mark.parametrize("value", [[1 << 63], [-(1 << 70)], [[[]] * 3]])
def test_a_cursor_with_what_no_database_holds_is_not_ours(value):
    assert tables.cursor_values(tables.cursor(*value), int) is None


def test_a_cursor_that_is_deep_is_not_ours():
    deep = base64.urlsafe_b64encode(b"[" * 200_000).decode()
    assert tables.cursor_values(deep, int) is None
