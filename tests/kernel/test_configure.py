"""Settings come from file, environment and secret files; a mistake is named, never passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.kernel import config
from keepfold.kernel.errors import Misconfigured


def load(home, text="", **env):
    (home / "keepfold.toml").write_text(text, encoding="utf-8")
    return config.load({"KEEPFOLD_HOME": str(home), **env})


def refused(home, text="", **env):
    with pytest.raises(Misconfigured) as refusal:
        load(home, text, **env)
    return refusal.value


def test_without_any_setting_the_defaults_hold(tmp_path):
    settings = config.load({"KEEPFOLD_HOME": str(tmp_path)})
    assert (settings.bind, settings.web_threads, settings.fast_lane) == ("127.0.0.1:8700", 2, True)
    assert settings.allowed_hosts == ("127.0.0.1", "localhost", "[::1]")
    assert settings.root_key_path == tmp_path / "root.key"


def test_the_home_is_var_unless_the_environment_says_otherwise():
    assert config.load({}).home == Path("var").absolute()
    assert config.load({"KEEPFOLD_HOME": "/srv/keepfold"}).home == Path("/srv/keepfold")


def test_the_file_sets_and_the_environment_wins(tmp_path):
    text = 'bind = "0.0.0.0:80"\nweb_threads = 8\nfast_lane = false\nallowed_hosts = ["shop.example"]\n'
    settings = load(tmp_path, text, KEEPFOLD_BIND="127.0.0.1:9000")
    assert (settings.bind, settings.web_threads, settings.fast_lane) == ("127.0.0.1:9000", 8, False)
    assert settings.allowed_hosts == ("shop.example",)


def test_texts_of_the_environment_become_numbers_truths_and_lists(tmp_path):
    env = {"KEEPFOLD_WEB_WORKERS": "3", "KEEPFOLD_FAST_LANE": "No", "KEEPFOLD_ALLOWED_HOSTS": "a.example, b.example,"}
    settings = load(tmp_path, **env)
    assert (settings.web_workers, settings.fast_lane, settings.allowed_hosts) == (3, False, ("a.example", "b.example"))


def test_a_secret_may_come_from_a_file_without_its_line_end(tmp_path):
    (tmp_path / "pass").write_text("correct horse\n", encoding="utf-8")
    assert load(tmp_path, KEEPFOLD_ROOT_PASSPHRASE_FILE=str(tmp_path / "pass")).root_passphrase == "correct horse"


def test_a_setting_whose_own_name_ends_in_file_is_no_secret_file(tmp_path):
    assert load(tmp_path, KEEPFOLD_ROOT_KEY_FILE="/etc/k").root_key_path == Path("/etc/k")


def test_a_secret_given_twice_is_refused(tmp_path):
    (tmp_path / "pass").write_text("x", encoding="utf-8")
    env = {"KEEPFOLD_ROOT_PASSPHRASE": "y", "KEEPFOLD_ROOT_PASSPHRASE_FILE": str(tmp_path / "pass")}
    assert refused(tmp_path, **env).code == "config.twice"


def test_a_secret_file_that_is_not_there_is_refused(tmp_path):
    assert refused(tmp_path, KEEPFOLD_SECRET_KEY_FILE=str(tmp_path / "none")).code == "config.unreadable"


@pytest.mark.parametrize(
    ("text", "env", "nearest"),
    [
        ("web_thread = 4", {}, "web_threads"),
        ("ledger_orgin = 'x'", {}, "ledger_origin"),
        ("", {"KEEPFOLD_BINDS": "x"}, "KEEPFOLD_BIND"),
        ("", {"KEEPFOLD_FASTLANE": "1"}, "KEEPFOLD_FAST_LANE"),
        ("", {"KEEPFOLD_WEB_WORKERS_FILE": "1"}, "KEEPFOLD_WEB_WORKERS"),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_one_named(tmp_path, text, env, nearest):
    refusal = refused(tmp_path, text, **env)
    assert refusal.code == "config.unknown-key"
    assert refusal.next_step == f"Did you mean {nearest}?"


def test_an_unknown_key_like_no_other_points_to_the_list(tmp_path):
    assert "keepfold config explain" in refused(tmp_path, "zzz = 1").next_step


@pytest.mark.parametrize(
    ("text", "env", "code"),
    [
        ('web_threads = "4"', {}, "config.type"),
        ("web_threads = true", {}, "config.type"),
        ("fast_lane = 1", {}, "config.type"),
        ("bind = 8700", {}, "config.type"),
        ("allowed_hosts = 'x'", {}, "config.type"),
        ("allowed_hosts = [1]", {}, "config.type"),
        ("[bind]\na = 1", {}, "config.type"),
        ("", {"KEEPFOLD_WEB_THREADS": "four"}, "config.type"),
        ("", {"KEEPFOLD_WEB_THREADS": "٤"}, "config.type"),
        ("", {"KEEPFOLD_WEB_THREADS": "--4"}, "config.type"),
        ("", {"KEEPFOLD_FAST_LANE": "perhaps"}, "config.type"),
        ("root_key = 'usb'", {}, "config.choice"),
        ("log_format = 'xml'", {}, "config.choice"),
        ("web_threads = 0", {}, "config.range"),
        ("", {"KEEPFOLD_CHECKPOINT_SECONDS": "-1"}, "config.range"),
        ("bind = '8700'", {}, "config.address"),
        ("bind = 'localhost:99999'", {}, "config.address"),
        ("home = '/tmp'", {}, "config.home-in-file"),
        ("bind = ", {}, "config.syntax"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(tmp_path, text, env, code):
    assert refused(tmp_path, text, **env).code == code


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "keepfold.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="cannot be read"):
        config.load({"KEEPFOLD_HOME": str(tmp_path)})


def test_a_syntax_error_names_the_place_and_does_not_quote_the_line(tmp_path):
    refusal = refused(tmp_path, 'bind = "x:1"\nsecret_key = "hush hush\n')
    assert "line 2" in refusal.detail
    assert "hush" not in refusal.readable()


@pytest.mark.parametrize("name", sorted(config.RESERVED))
def test_reserved_names_are_not_settings(tmp_path, name):
    assert load(tmp_path, **({} if name == "KEEPFOLD_HOME" else {name: "anything"})).home == tmp_path


def test_secrets_show_in_no_representation(tmp_path):
    secrets = [item.name for item in config.fields(config.Config) if item.metadata.get("secret")]
    assert {"root_passphrase", "secret_key", "data_url", "keys_url", "mail_url"} == set(secrets)
    env = {f"KEEPFOLD_{name.upper()}": "hush-hush" for name in secrets}
    assert "hush" not in repr(load(tmp_path, **env))
    rows = config.explain({"KEEPFOLD_HOME": str(tmp_path), **env})
    assert "hush" not in repr(rows)
    assert {row.value for row in rows if row.name in secrets} == {"(set)"}


def test_explain_lists_every_setting_with_its_source(tmp_path):
    (tmp_path / "keepfold.toml").write_text("web_threads = 8", encoding="utf-8")
    rows = {row.name: row for row in config.explain({"KEEPFOLD_HOME": str(tmp_path), "KEEPFOLD_BIND": "[::1]:1"})}
    assert set(rows) == {item.name for item in config.fields(config.Config)}
    assert (rows["web_threads"].value, rows["web_threads"].default) == ("8", "2")
    assert rows["web_threads"].source == "file keepfold.toml"
    assert (rows["bind"].source, rows["home"].source, rows["log_level"].source) == (
        "environment",
        "environment",
        "default",
    )
    assert rows["web_threads"].type == "whole number"
    assert rows["bind"].variable == "KEEPFOLD_BIND"
    assert all(row.description.endswith(".") for row in rows.values())


def test_the_key_of_cookies_is_made_once_and_only_for_its_owner(tmp_path):
    before = config.current()
    try:
        keys = set()
        for _ in range(2):
            config.use(config.load({"KEEPFOLD_HOME": str(tmp_path)}))
            keys.add(config.current().secret_key)
        assert len(keys) == 1
        assert len(keys.pop()) >= 48
        assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    finally:
        config.use(before)


def test_processes_that_start_together_agree_on_the_key_of_cookies(tmp_path):
    import threading

    together, made = threading.Barrier(8), []

    def run():
        together.wait(10)
        made.append(config._made(tmp_path))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert set(made) == {(tmp_path / "secret.key").read_text()}
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]


def test_reading_the_configuration_makes_no_home(tmp_path):
    before = config.current()
    try:
        config.use(config.load({"KEEPFOLD_HOME": str(tmp_path / "later")}))
        assert config.current().secret_key
        assert not (tmp_path / "later").exists()
    finally:
        config.use(before)


@pytest.mark.parametrize(
    ("text", "address"), [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:8700", ("::1", 8700)), ("web:1", ("web", 1))]
)
def test_an_address_is_host_and_port(text, address):
    assert config.split_address(text) == address


@given(st.dictionaries(st.sampled_from(sorted(config._SETTINGS)), st.text(max_size=30), max_size=5))
def test_no_environment_makes_anything_but_a_configuration_or_a_readable_error(values):
    env = {f"KEEPFOLD_{name.upper()}": text for name, text in values.items()}
    try:
        config.load({"KEEPFOLD_HOME": "/nonexistent", **env})
    except Misconfigured as refusal:
        assert refusal.next_step  # noqa: PT017  either way is right


@given(st.binary(max_size=60))
def test_no_file_makes_anything_but_a_configuration_or_a_readable_error(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(content)
    try:
        config.load({"KEEPFOLD_HOME": "/nonexistent"}, file)
    except Misconfigured as refusal:
        assert refusal.next_step  # noqa: PT017  either way is right


@pytest.mark.parametrize(
    ("text", "url", "host", "https"),
    [
        ("", "http://localhost:8700", "localhost", False),
        ("https://keepfold.example.com", "https://keepfold.example.com", "keepfold.example.com", True),
        ("https://keepfold.example.com:8443/", "https://keepfold.example.com:8443", "keepfold.example.com", True),
        ("http://localhost:9000", "http://localhost:9000", "localhost", False),
    ],
)
def test_the_console_has_one_public_address(text, url, host, https):
    found = config.load({"KEEPFOLD_HOME": "/nonexistent", "KEEPFOLD_SITE_URL": text})
    assert (found.public_url, found.public_host, found.is_https) == (url, host, https)


@pytest.mark.parametrize(
    "text",
    [
        "keepfold.example.com",
        "http://keepfold.example.com",
        "https://",
        "https://a.example/console",
        "https://a.example?x",
        "https://user@a.example",
        "ftp://localhost",
        "https://[",
    ],
)
def test_a_public_address_that_cannot_work_is_refused(text):
    with pytest.raises(Misconfigured) as refusal:
        config.load({"KEEPFOLD_HOME": "/nonexistent", "KEEPFOLD_SITE_URL": text})
    assert refusal.value.code == "config.site-url"
