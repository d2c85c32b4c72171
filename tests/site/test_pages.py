"""The status page, files for the browser, errors, and what stands before every view."""

import re

import pytest

from keepfold.kernel.errors import NotAllowed, Unavailable
from keepfold.ledger import queries as ledger
from keepfold.ledger.sequencer import checkpoint_beat, sequence_once
from keepfold.site import facts, health, pages
from keepfold.ui import assets
from tests.support.cast import CARL
from tests.support.wsgi import environ_of, send

HTML = {"accept": "text/html,application/xhtml+xml"}


def call(application, method, path, **headers):
    """Send one request; header names as keywords with underscores."""
    environ = environ_of(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return send(application, environ)


@pytest.fixture
def site(installation):
    """The application over a working installation whose ledger has just been sequenced and signed."""
    from keepfold.site.wsgi import make_application

    while sequence_once():
        pass
    checkpoint_beat()
    return make_application()


def test_health_needs_no_host_name_and_says_only_that_it_lives(site):
    answer = call(site, "GET", "/healthz", host="10.0.0.7")
    assert (answer.status, answer.json) == (200, {"status": "alive"})


def test_ready_names_every_check_by_one_word(site):
    answer = call(site, "GET", "/readyz", host="10.0.0.7")
    assert answer.status == 200
    assert answer.json["checks"] == dict.fromkeys(health.CHECKS, "ok")


def test_not_ready_says_which_check_and_keeps_the_reason_to_itself(site, monkeypatch):
    def fail():
        raise Unavailable(f"cannot read /srv/{CARL['email']}", code="keys.wrong-root")

    monkeypatch.setitem(health.CHECKS, "keys", fail)
    health.forget()
    answer = call(site, "GET", "/readyz")
    assert answer.status == 503
    assert answer.json["checks"]["keys"] == "keys.wrong-root"
    assert CARL["email"] not in answer.body.decode()


def test_a_flood_of_probes_asks_the_databases_once(site, monkeypatch):
    asked = []
    monkeypatch.setitem(health.CHECKS, "data", lambda: asked.append(1))
    health.forget()
    for _ in range(50):
        call(site, "GET", "/readyz")
    assert len(asked) == 1


def test_the_status_page_tells_how_things_are_without_personal_data(site):
    answer = call(site, "GET", "/status", **HTML)
    assert answer.status == 200
    assert "1 customer is held as promised." in answer.body.decode()
    assert "media-shop" in answer.body.decode()
    assert "<span>ledger</span> <span>verify</span>" in answer.body.decode()
    for value in CARL.values():
        assert value not in answer.body.decode()


def test_the_status_page_speaks_german(site):
    answer = call(site, "GET", "/status", **HTML, accept_language="de-CH,de;q=0.9,en;q=0.5")
    assert answer.headers["content-language"] == "de"
    assert "Die Daten von 1 Person sind verwahrt wie versprochen." in answer.body.decode()
    assert "What to do next" not in answer.body.decode()


def test_programs_get_the_same_as_json(site):
    document = call(site, "GET", "/status", accept="application/json").json
    assert document["ready"] is True
    assert document["customers"] == 1
    assert document["policy"]["name"] == "media-shop"
    assert re.fullmatch("[0-9a-f]{64}", document["policy"]["hash"])
    assert document["ledger"]["checkpoint_size"] == document["ledger"]["size"]
    assert document["ledger"]["checkpoint_root"] == ledger.status().root.hex()


def test_a_flood_of_visitors_counts_the_rows_once(site, monkeypatch):
    asked = []
    monkeypatch.setattr(facts.wiring, "count_customers", lambda: asked.append(1) or 7)
    for _ in range(20):
        assert call(site, "GET", "/status").json["customers"] == 7
    assert len(asked) == 1


def test_the_page_comes_up_when_a_room_cannot_answer(site, monkeypatch):
    def fail():
        raise Unavailable("the data store is away")

    monkeypatch.setattr(facts.wiring, "count_customers", fail)
    answer = call(site, "GET", "/status", **HTML)
    assert answer.status == 200
    assert "<dd>unknown</dd>" in answer.body.decode()


def test_no_page_has_inline_style_or_script(site):
    for path in ("/status", "/nowhere"):
        text = call(site, "GET", path, **HTML).body.decode()
        assert not re.search(r"<script|\sstyle=|\son\w+=|javascript:|https?://(?!www\.w3\.org)", text)


def test_every_file_that_a_page_names_is_there(site):
    text = call(site, "GET", "/status", **HTML).body.decode()
    for address in re.findall(r'(?:href|src)="(/static/[^"#]+)', text):
        assert call(site, "GET", address).status == 200, address


def test_every_file_that_a_style_sheet_names_is_there(site):
    for name, asset in assets.table().items():
        if name.endswith(".css"):
            for target in re.findall(r'url\("([^"]+)"\)', asset.path.read_text()):
                assert call(site, "GET", f"/static/ui/{target}").status == 200, target


def test_a_versioned_file_is_kept_for_a_year_and_others_are_asked_for_again(site):
    version = assets.table()["ui/base.css"].version
    kept = call(site, "GET", f"/static/ui/base.css?v={version}")
    assert "immutable" in kept.headers["cache-control"]
    other = call(site, "GET", "/static/ui/base.css?v=old")
    assert other.headers["cache-control"] == "no-cache"
    assert call(site, "GET", "/static/ui/base.css", if_none_match=other.headers["etag"]).status == 304


@pytest.mark.parametrize(
    "path", ["/static/../settings.py", "/static/ui/../../settings.py", "/static/", "/static//etc/passwd"]
)
def test_nothing_but_the_table_of_files_is_served(site, path):
    assert call(site, "GET", path).status == 404


def test_pages_carry_a_strict_policy_and_an_id(site):
    headers = call(site, "GET", "/status", **HTML).headers
    policy = headers["content-security-policy"]
    assert re.match(r"default-src 'none'; script-src 'nonce-[\w-]{24}'; style-src 'self';", policy)
    assert "unsafe" not in policy
    assert policy != call(site, "GET", "/status", **HTML).headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert re.fullmatch("[0-9a-f]{16}", headers["x-request-id"])


def test_a_request_id_of_the_caller_is_not_taken_over(site):
    answer = call(site, "GET", "/status", **HTML, x_request_id=CARL["email"])
    assert CARL["email"] not in str(answer.headers)


@pytest.mark.parametrize("path", ["/status", "/nowhere", "/api/v1/customers", "/static/ui/base.css"])
def test_another_host_name_is_refused(site, path):
    answer = call(site, "GET", path, host="evil.example", accept="application/json")
    assert answer.status == 400
    assert answer.json["code"] == "host"


def test_an_unknown_page_is_readable_and_shows_no_value_of_the_address(site):
    answer = call(site, "GET", f"/nobody/{CARL['email']}", **HTML)
    assert answer.status == 404
    assert "There is no page at this address." in answer.body.decode()
    assert CARL["email"] not in answer.body.decode()


def test_a_form_that_is_not_ours_is_refused_readably(site):
    answer = call(site, "POST", "/status", **HTML)
    assert answer.status == 403
    assert "This form came from another page, or is too old." in answer.body.decode()


def test_an_unknown_api_address_is_a_problem_document(site):
    answer = call(site, "GET", f"/api/v1/nowhere/{CARL['email']}")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert answer.headers["cache-control"] == "no-store"
    assert CARL["email"] not in answer.body.decode()


def test_a_page_that_refuses_shows_rule_and_next_step(site, rf):
    problem = NotAllowed("Newsletter never opens a phone number.", rule="purpose.field", next_step="Ask for another.")
    page = pages.error_page(rf.get("/", HTTP_ACCEPT="text/html"), problem).content.decode()
    assert "Not allowed" in page
    assert "Newsletter never opens a phone number." in page
    assert "purpose.field" in page
    assert "Ask for another." in page


def test_an_exception_inside_a_page_shows_a_reference_and_no_value(site, monkeypatch):
    def fail():
        raise ValueError(CARL["email"])

    monkeypatch.setattr(facts, "gather", fail)
    answer = call(site, "GET", "/status", **HTML)
    assert answer.status == 500
    assert answer.headers["x-request-id"] in answer.body.decode()
    assert CARL["email"] not in answer.body.decode()


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content_length": "99999999"}, 413, "body.too-large"),
        ({"content_length": "many"}, 400, "body.length"),
        ({"transfer_encoding": "chunked"}, 400, "body.length"),
    ],
)
def test_a_body_is_judged_by_its_announced_length_before_it_is_read(site, headers, status, code):
    answer = call(site, "POST", "/api/v1/customers", **headers)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_the_api_sets_no_cookie_and_the_status_page_neither(site):
    assert "set-cookie" not in call(site, "GET", "/api/v1/nowhere", cookie="sessionid=1").headers
    for path in ("/status", "/static/ui/base.css", "/api/v1/nowhere"):
        assert "set-cookie" not in call(site, "GET", path, **HTML).headers
