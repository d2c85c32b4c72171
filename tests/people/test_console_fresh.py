"""Changes of who may do what ask for a sign-in of the last minutes: before a form is filled in, and when it is sent."""

from __future__ import annotations

import pytest

from keepfold.kernel import ids
from keepfold.people import actions, queries
from keepfold.people.signin import arrival
from tests.support.console import signed_in

SENSITIVE = (
    "/people/new",
    "/people/{ben}/roles",
    "/people/{ben}/deactivate",
    "/people/{ben}/reactivate",
    "/people/{ben}/link",
    "/roles/new",
    "/roles/desk/edit",
    "/roles/desk/reset",
    "/clients/new",
    "/clients/{till}/rotate",
    "/clients/{till}/revoke",
)


@pytest.fixture
def long_ago(installation, monkeypatch):
    """Olga signed in too long ago for what matters."""
    actions.define_role(actor=installation.operator, name="desk", actions=("vault.record.open",))
    till = actions.create_client(actor=installation.ana, name="Till", actions=("vault.record.open",))
    monkeypatch.setattr(arrival, "is_fresh", lambda _request: False)
    shown = {"ben": ids.show("stf", installation.ben.id), "till": ids.show("cli", till.client.id)}
    return installation, till, shown


@pytest.mark.parametrize("path", SENSITIVE)
def test_a_sensitive_page_asks_first_who_it_is_and_then_leads_back(long_ago, path):
    _, _, shown = long_ago
    at = path.format(**shown)
    answer = signed_in("Olga").get(at)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/sign-in/again?next={at.replace('/', '%2F')}"


def test_a_form_that_is_sent_without_confirming_changes_nothing(long_ago):
    installation, till, shown = long_ago
    olga = signed_in("Olga")
    form = {"name": "Eve", "email": "eve@example.org", "roles": ["auditor"], "overlap": "0", "once": "x", "save": "1"}
    for path in SENSITIVE:
        assert olga.post(path.format(**shown), form).headers["Location"].startswith("/sign-in/again?")
    assert queries.roles_of(installation.ben.id) == ("support",)
    assert queries.staff_actor(installation.ben.id).roles == ("support",)
    assert queries.roles()["desk"].stored
    assert queries.authenticate(till.token).id == till.client.id
    assert "Eve" not in [one.name for one in actions.list_staff(actor=installation.operator)]


def test_looking_needs_no_recent_sign_in(long_ago):
    _, _, shown = long_ago
    olga = signed_in("Olga")
    for path in (
        "/people",
        "/people/{ben}",
        "/roles",
        "/roles/desk",
        "/clients",
        "/clients/{till}",
        "/audit",
        "/settings",
    ):
        assert olga.get(path.format(**shown)).status_code == 200
