"""The root of the command line: quick, readable, and silent about values."""

import json
import os
import subprocess
import sys

import click
import pytest

from keepfold.cli import failures, main
from keepfold.kernel.errors import NotAllowed, Unavailable

CARL = "carl.lindqvist@example.org"


def keepfold(*words, home=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "keepfold.cli.main", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "KEEPFOLD_HOME": str(home or "/nonexistent/keepfold"), **environment},
        check=False,
    )


def test_help_imports_no_django_and_answers_at_once():
    code = (
        "import sys, resource; from keepfold.cli.main import root\n"
        "try: root.main(['--help'], standalone_mode=False)\n"
        "finally:\n"
        " used = resource.getrusage(resource.RUSAGE_SELF)\n"
        " print('DJANGO', 'django' in sys.modules, round(1000 * (used.ru_utime + used.ru_stime)))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    found = [line.split() for run in runs for line in run.stdout.splitlines() if line.startswith("DJANGO")]
    assert {word[1] for word in found} == {"False"}
    assert min(int(word[2]) for word in found) < 100


def test_help_names_every_command_with_one_line():
    shown = keepfold("--help").stdout
    for name, mount in main.COMMANDS.items():
        assert name in shown
        assert mount.help.split(":")[0].split(",")[0] in shown


@pytest.mark.parametrize("name", [name for name in main.COMMANDS if name != "django"])
def test_every_command_explains_itself_without_a_home(name):
    done = keepfold(name, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: keepfold")


def test_a_mistyped_command_names_the_nearest_and_is_wrong_usage():
    done = keepfold("polcy")
    assert done.returncode == 2
    assert "Did you mean 'policy'?" in done.stderr


def test_an_unknown_setting_is_named_and_no_trace_is_shown():
    done = keepfold("status", KEEPFOLD_BINDD="127.0.0.1:1")
    assert done.returncode == 1
    assert "KEEPFOLD_BINDD" in done.stderr
    assert "KEEPFOLD_BIND?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_on_a_home_that_was_never_set_up_says_how_to_begin(tmp_path):
    done = keepfold("ledger", "status", home=tmp_path / "nowhere")
    assert done.returncode == 1
    assert "keepfold init" in done.stderr


def test_an_error_for_people_shows_rule_and_next_step(capsys):
    error = NotAllowed("Newsletter has no consent.", rule="purpose.newsletter.consent", next_step="Ask for it.")
    assert failures.report(error) == 1
    shown = capsys.readouterr().err
    assert shown == "Newsletter has no consent.\n  Rule: purpose.newsletter.consent\n  Next: Ask for it.\n"


def test_with_json_an_error_is_a_problem_document(capsys):
    failures.report(Unavailable("The disk is full.", code="storage.full"), as_json=True)
    document = json.loads(capsys.readouterr().err)
    assert document["code"] == "storage.full"
    assert document["status"] == 503


def test_an_unexpected_error_shows_a_reference_and_the_log_holds_no_value(home, monkeypatch, capsys):
    monkeypatch.setenv("KEEPFOLD_HOME", str(home))
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int(CARL)
    assert failures.report(caught.value) == 1
    shown = capsys.readouterr().err
    log = (home / "log" / "cli.log").read_text()
    reference = shown.split("Reference ")[1].split(".")[0]
    assert reference in log
    assert "builtins.ValueError" in log
    assert CARL not in log + shown
    assert (home / "log" / "cli.log").stat().st_mode & 0o777 == 0o600


def test_a_cause_is_followed_and_its_message_stays_out(home, monkeypatch):
    monkeypatch.setenv("KEEPFOLD_HOME", str(home))

    def fail():
        try:
            {}[CARL]
        except KeyError as error:
            raise RuntimeError(CARL) from error

    with pytest.raises(RuntimeError) as caught:
        fail()
    trace = failures.scrubbed(caught.value)
    assert "builtins.RuntimeError" in trace
    assert "builtins.KeyError" in trace
    assert CARL not in trace


def test_interruption_is_130_and_says_so(capsys):
    assert failures.report(KeyboardInterrupt()) == 130
    assert failures.report(click.Abort()) == 130
    assert capsys.readouterr().err == "Stopped.\nStopped.\n"


def test_a_reader_that_goes_away_causes_no_noise():
    process = subprocess.Popen(
        [sys.executable, "-m", "keepfold.cli.main", "config", "explain"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "KEEPFOLD_HOME": "/nonexistent/keepfold"},
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=20) in {0, 1}


def test_explaining_settings_shows_origin_and_hides_secrets(home):
    (home / "keepfold.toml").write_text('log_level = "debug"\n')
    done = keepfold(
        "config", "explain", "--json", home=home, KEEPFOLD_ROOT_PASSPHRASE="correct horse", KEEPFOLD_WEB_THREADS="7"
    )
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["web_threads"]["value"] == "7"
    assert rows["web_threads"]["source"] == "environment"
    assert rows["log_level"]["source"] == "file keepfold.toml"
    assert rows["root_passphrase"]["value"] == "(set)"
    assert "correct horse" not in done.stdout


def test_the_shell_completes_names_without_loading_anything():
    done = keepfold(_KEEPFOLD_COMPLETE="bash_complete", COMP_WORDS="keepfold st", COMP_CWORD="1")
    assert done.stdout.split() == ["plain,stop", "plain,status", "plain,staff"]
    assert done.stderr == ""
