"""`keepfold client` and `keepfold staff`, as an operator types them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from keepfold.people import cli, queries
from keepfold.people.errors import NoSuchStaff, TokenRefused


@pytest.fixture
def run(door):
    def run(group, *words: str):
        return CliRunner().invoke(group, words, catch_exceptions=False)

    return run


@pytest.fixture
def run_json(run):
    def run_json(group, *words: str):
        answer = run(group, *words, "--json")
        assert answer.exit_code == 0
        return json.loads(answer.stdout)

    return run_json


def test_a_client_is_made_used_rotated_and_revoked(run_json):
    made = run_json(
        cli.client, "create", "shop", "--action", "vault.record.*", "--purpose", "support", "--expires", "2999-01-01"
    )
    assert made["client"]["actions"] == ["vault.record.*"]
    assert made["client"]["expires_at"] == "2999-01-01T00:00:00Z"
    assert queries.authenticate(made["token"]).purposes == ("support",)
    again = run_json(cli.client, "rotate", made["client"]["id"])
    assert queries.authenticate(again["token"]).name == "shop"
    revoked = run_json(cli.client, "revoke", made["client"]["id"])
    assert revoked["revoked_at"]
    with pytest.raises(TokenRefused):
        queries.authenticate(again["token"])


def test_the_token_alone_is_on_standard_output(run):
    answer = run(cli.client, "create", "shop", "--action", "vault.record.open")
    assert answer.stdout.startswith("kf_")
    assert queries.authenticate(answer.stdout.strip()).name == "shop"
    assert "only its hash is stored" in answer.stderr


def test_the_list_shows_living_clients_and_with_all_the_others_too(run_json, run):
    kept = run_json(cli.client, "create", "kept", "--action", "vault.record.open")["client"]
    gone = run_json(cli.client, "create", "gone", "--action", "vault.record.open")["client"]
    run(cli.client, "revoke", gone["id"])
    assert [one["name"] for one in run_json(cli.client, "list")] == ["kept"]
    assert {one["name"] for one in run_json(cli.client, "list", "--all")} == {"kept", "gone"}
    assert kept["id"] in run(cli.client, "list").stdout.replace("\n", "")


def test_staff_is_added_given_roles_and_removed(run_json):
    ben = run_json(cli.staff, "add", "ben@shop.example", "--name", "Ben", "--role", "support")
    assert ben["roles"] == ["support"]
    assert run_json(cli.staff, "role", "ben@shop.example", "auditor", "developer")["roles"] == ["auditor", "developer"]
    assert run_json(cli.staff, "role", ben["id"])["roles"] == []
    assert run_json(cli.staff, "remove", ben["id"], "--with-clients")["is_active"] is False
    assert [(one["email"], one["is_active"]) for one in run_json(cli.staff, "list")] == [("ben@shop.example", False)]


def test_the_roles_are_listed_with_what_they_grant(run_json, run):
    roles = {one["name"]: one for one in run_json(cli.staff, "roles")}
    assert set(roles) >= {"owner", "privacy_lead", "security_lead", "support", "auditor", "developer"}
    assert roles["owner"]["purposes"] == ["*"]
    assert "auditor" in run(cli.staff, "roles").stdout


def test_whoever_is_not_staff_is_not_found(run):
    with pytest.raises(NoSuchStaff):
        run(cli.staff, "role", "nobody@shop.example", "support")


def test_what_the_operator_does_is_written_down_as_the_operator(run_json, door):
    run_json(cli.client, "list")
    assert [(entry.context.actor.kind, entry.context.actor.id) for entry in door.entries] == [
        ("system", queries.OPERATOR_ID)
    ]
