"""`keepfold staff link`, what a start prints for the owner, and what a check of the rows finds."""

from __future__ import annotations

import json
import re

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner

from keepfold.people import cli
from keepfold.people.models import Link, Session
from tests.people.signin.conftest import PASSWORD, add_app, browser, give_password, is_in, sign_in

LINK = r"http://localhost:8700(/welcome/[\w-]{43})"


def run(*words: str):
    return CliRunner().invoke(cli.staff, ["link", *words], catch_exceptions=False)


def test_a_link_for_any_member_is_printed_alone(installation):
    done = run("ana@example.org")
    path = re.fullmatch(LINK + "\n", done.stdout)[1]
    assert "works once" in done.stderr
    client = browser()
    client.post(path, {"password": PASSWORD})
    assert is_in(client)


def test_an_unknown_member_gets_none(installation):
    from keepfold.people.errors import NoSuchStaff

    with pytest.raises(NoSuchStaff):
        run("mallory@example.org")
    assert not Link.objects.exists()


def test_the_owners_link_lasts_a_quarter_of_an_hour_and_is_made_until_an_owner_can_sign_in(installation, later):
    first = json.loads(run("--first-owner", "--json").stdout)["link"]
    later(16 * 60)
    assert browser().get(re.fullmatch(LINK, first)[1]).status_code == 404
    second = re.fullmatch(LINK, json.loads(run("--first-owner", "--json").stdout)["link"])[1]
    browser().post(second, {"password": PASSWORD})
    assert json.loads(run("--first-owner", "--json").stdout)["link"] is None
    assert "can sign in already" in run("--first-owner").stdout


def test_either_a_member_or_the_owner_is_named(installation):
    assert run().exit_code == 2
    assert run("ana@example.org", "--first-owner").exit_code == 2


def test_whoever_lost_a_device_starts_anew(installation):
    give_password("Ana")
    add_app(sign_in("Ana")[0])
    path = re.fullmatch(LINK + "\n", run("ana@example.org", "--lost-device").stdout)[1]
    client = browser()
    client.post(path, {"password": PASSWORD})
    assert is_in(client)


def test_rows_that_somebody_changed_are_counted(installation):
    from keepfold.site import wiring

    give_password("Ana")
    add_app(sign_in("Ana")[0])
    run("ben@example.org")
    tables = ("people_session", "people_link", "mfa_authenticator")
    assert {table: wiring.altered_rows()[table] for table in tables} == dict.fromkeys(tables, 0)
    Session.objects.update(seen_s=1)
    Link.objects.update(expires_s=1)
    Authenticator.objects.update(data={})
    found = wiring.altered_rows()
    assert [found[table] for table in tables] == [1, 1, 2]
