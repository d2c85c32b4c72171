"""Settings, the checks of the installation, and what it is made of."""

from __future__ import annotations

import html
import re
import tomllib
from dataclasses import fields, replace

import pytest

from keepfold import packs
from keepfold.console import checkup, setup
from keepfold.console.models import CheckupRow
from keepfold.kernel import config, db
from keepfold.kernel.jobs import Worker
from keepfold.ledger.sequencer import sequence_once
from tests.support.console import signed_in, text_of

NAMES = [item.name for item in fields(config.Config)]


def page_of(name="Olga", path="/settings", **headers):
    return html.unescape(text_of(signed_in(name).get(path, **headers)))


def work():
    """Do what waits, as the worker would."""
    Worker().drain()


def test_every_setting_has_words_for_people_and_a_group():
    document = tomllib.loads(packs.read_text("settings.toml"))
    assert sorted(document["settings"]) == sorted(NAMES)
    for entry in document["settings"].values():
        assert entry["group"] in document["groups"]
        assert set(entry["means"]) == {"en", "de"}
        assert set(entry.get("needs", {"en": "", "de": ""})) == {"en", "de"}


def test_every_line_that_is_offered_is_one_that_works(tmp_path):
    document = tomllib.loads(packs.read_text("settings.toml"))
    for name, entry in document["settings"].items():
        line = setup._toml(name, entry.get("like"))
        if line:
            file = tmp_path / f"{name}.toml"
            file.write_text(line + "\n")
            assert getattr(config.load({}, file), name) is not None


def test_every_setting_is_shown_with_its_value_and_where_it_comes_from(installation):
    page = page_of()
    for name in NAMES:
        assert f'id="s-{name}"' in page
    assert "How many minutes of doing nothing sign somebody out." in page
    assert "session_idle_minutes = 15" in page


def test_no_secret_is_on_the_page(installation):
    before = config.current()
    secrets = {
        "data_url": "postgresql://kf:hunter2@db/one",
        "keys_url": "postgresql://kf:hunter2@db/two",
        "root_passphrase": "hunter2 hunter2",
        "mail_url": "smtp://kf:hunter2@mail:25",
        "secret_key": "hunter2-hunter2",
    }
    assert set(secrets) == {item.name for item in fields(config.Config) if item.metadata.get("secret")}
    client = signed_in("Olga")
    config.use(replace(before, **secrets))
    try:
        pages = [text_of(client.get(path)) for path in ("/settings", "/settings?only=changed")]
    finally:
        config.use(before)
    assert all("hunter2" not in page for page in pages)
    assert "Set" in pages[0]


def test_what_was_changed_in_the_file_waits_for_a_restart(installation):
    (installation.home / "keepfold.toml").write_text("session_hours = 8\n")
    page = page_of()
    assert "1 setting was changed and waits for a restart." in page
    only = page_of(path="/settings?only=changed")
    assert 'id="s-session_hours"' in only
    assert 'id="s-web_threads"' not in only


def test_where_a_value_came_from_is_known_after_the_environment_is_forgotten(installation, monkeypatch):
    (installation.home / "keepfold.toml").write_text('log_level = "debug"\nsession_hours = 9\n')
    monkeypatch.setenv("KEEPFOLD_HOME", str(installation.home))
    monkeypatch.setenv("KEEPFOLD_SESSION_HOURS", "8")
    before = config.current()
    config.use(None)
    try:
        config.current()
        monkeypatch.undo()
        found = {one.name: one for group in setup.setup().groups for one in group.settings}
    finally:
        config.use(before)
    assert (found["session_hours"].source, found["session_hours"].value) == ("environment", "8")
    assert (found["log_level"].source, found["log_level"].value) == ("file", "debug")
    assert found["web_threads"].source == "default"
    assert not any(one.waiting for one in found.values())


def test_a_file_that_cannot_be_used_is_told_before_the_next_start_fails(installation):
    (installation.home / "keepfold.toml").write_text("sesion_hours = 8\n")
    page = page_of()
    assert "the next start fails" in page
    assert "session_hours" in page


def test_the_quick_checks_are_on_the_page_with_what_to_do(installation):
    (installation.home / "secret.key").write_text("x")
    (installation.home / "secret.key").chmod(0o644)
    page = page_of()
    assert "Something needs repair" in page
    assert f"chmod 600 {installation.home}/secret.key" in page
    for words in ("The root key opens the key store", "Databases", "Disk"):
        assert words.lower() in page.lower()


def test_every_check_runs_in_the_worker_and_what_it_finds_is_kept(installation):
    while sequence_once():
        pass
    olga = signed_in("Olga")
    assert "nobody has run them here yet" in text_of(olga.get("/settings"))
    assert olga.post("/settings/check").status_code == 302
    assert "Every check runs" in text_of(olga.get("/settings"))
    assert "hx-get" in text_of(olga.get("/settings/checks"))
    work()
    run = checkup.last()
    assert run.ended_us is not None
    assert {one.check for one in run.findings} >= {"databases", "keys", "rows", "ledger"}
    page = text_of(olga.get("/settings/checks"))
    assert "tokens, clients, roles, consents and the policy in force are as Keepfold wrote them" in page
    assert "hx-get" not in page


def test_asking_twice_runs_the_checks_once(installation):
    olga = signed_in("Olga")
    for _ in range(3):
        olga.post("/settings/check")
    assert CheckupRow.objects.count() == 1


def test_what_mallory_wrote_into_the_tables_is_found(installation):
    while sequence_once():
        pass
    db.execute("default", "UPDATE people_client SET actions = '*'")
    signed_in("Olga").post("/settings/check")
    work()
    page = page_of(path="/settings/checks")
    assert "Rows that Keepfold did not write like this: people_client: 1." in page
    assert checkup.last().worst == "broken"


def test_findings_are_said_in_the_readers_language(installation):
    signed_in("Olga").post("/settings/check")
    work()
    page = page_of(headers={"accept-language": "de"})
    for words in ("der Wurzelschlüssel öffnet den Schlüsselspeicher", "Einstellungen", "Nach wie vielen Minuten"):
        assert words in page


def test_the_libraries_are_named_with_their_licences(installation):
    page = page_of()
    for words in ("granian", "cryptography", "Apache-2.0"):
        assert words in page
    assert all(part.licence for part in setup.parts())


GRANTED = {
    "/settings": {"Olga", "Ana", "Dora", "Sam", "Dan"},
    "/settings/checks": {"Olga", "Ana", "Dora", "Sam", "Dan"},
    "/settings/check": {"Olga", "Ana", "Sam"},
}


@pytest.mark.parametrize("path", GRANTED)
def test_each_role_sees_exactly_the_pages_it_is_granted(installation, path):
    from keepfold.people import actions

    actions.add_staff(actor=installation.operator, email="sam@example.org", name="Sam", roles=("security_lead",))
    actions.add_staff(actor=installation.operator, email="dan@example.org", name="Dan", roles=("developer",))
    statuses = {name: signed_in(name).get(path).status_code for name in ("Olga", "Ana", "Ben", "Dora", "Sam", "Dan")}
    assert statuses == {name: 200 if name in GRANTED[path] else 403 for name in statuses}


def test_nobody_else_has_the_installation_checked_by_sending_the_form_all_the_same(installation):
    for name in ("Ben", "Dora"):
        assert signed_in(name).post("/settings/check").status_code == 403
    assert CheckupRow.objects.count() == 0


def test_a_setting_that_is_markup_stays_text(installation):
    before = config.current()
    client = signed_in("Olga")
    config.use(replace(before, mail_from="<svg/onload=alert(1)>"))
    try:
        page = text_of(client.get("/settings"))
    finally:
        config.use(before)
    assert "<svg/onload" not in page
    assert re.search(r"&lt;svg/onload", page)
