"""The policy commands: exit codes, excerpts with a caret, JSON; files need no installation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keepfold.policy.cli import policy
from keepfold.policy.templates import text_of

SHOP = text_of("media-shop")


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(SHOP, encoding="utf-8")
    Path("bad.yaml").write_text(SHOP.replace("type: phone", "type: fone"), encoding="utf-8")
    Path("longer.yaml").write_text(SHOP.replace("P90D", "P120D"), encoding="utf-8")

    def run(*words: str, **more) -> Result:
        return CliRunner().invoke(policy, list(words), **more)

    return run


def document(result: Result) -> dict:
    return json.loads(result.stdout)


def test_a_policy_in_order_is_said_to_be_so(run):
    result = run("check", "shop.yaml")
    assert result.exit_code == 0
    assert result.stdout.startswith("ok  shop.yaml: no warnings, version ")


def test_an_error_is_shown_with_its_line_and_a_caret(run):
    result = run("check", "bad.yaml")
    assert result.exit_code == 1
    line = SHOP.replace("type: phone", "type: fone").splitlines().index("    type: fone") + 1
    assert result.stdout.splitlines() == [
        "error[value.choice] `fone` is not possible here.",
        f"   ──▸ bad.yaml:{line}:11  data.phone.type",
        f"{line} │     type: fone",
        "   │           ^^^^",
        "   = Did you mean `phone`?",
        "",
        "bad.yaml: 1 error, no warnings",
    ]


def test_errors_as_json(run):
    result = run("check", "bad.yaml", "--json")
    assert result.exit_code == 1
    found = document(result)
    assert (found["ok"], found["errors"], found["version"]) == (False, 1, None)
    assert found["findings"][0]["check"] == "value.choice"
    assert found["findings"][0]["hint"] == "Did you mean `phone`?"


def test_warnings_fail_only_when_asked_for(run):
    Path("warned.yaml").write_text(SHOP.replace(", expires: P24M", ""), encoding="utf-8")
    assert run("check", "warned.yaml").exit_code == 0
    assert "warning[consent.no-expiry]" in run("check", "warned.yaml").stdout
    assert run("check", "--strict", "warned.yaml").exit_code == 1


def test_standard_input_is_a_file_too(run):
    assert run("check", "-", input=SHOP).exit_code == 0
    assert "standard input:1:1" in run("check", "-", input="x: 1").stdout


def test_a_line_that_is_very_long_or_not_printable_is_shown_in_part(run):
    Path("long.yaml").write_text(
        SHOP.replace("  name: Your Media Shop GmbH", '  name: "\\a"' + " " * 500 + "# x"), encoding="utf-8"
    )
    shown = run("check", "long.yaml").stdout.splitlines()
    assert max(len(line) for line in shown) < 140


@pytest.mark.parametrize(
    "words", [("check",), ("check", "absent.yaml"), ("test", "absent.yaml"), ("nonsense",), ("diff", "shop.yaml")]
)
def test_wrong_usage_is_exit_code_2(run, words):
    assert run(*words).exit_code == 2


def test_the_examples_are_run(run):
    result = run("test", "shop.yaml")
    assert result.exit_code == 0
    assert result.stdout.endswith("6 examples, 0 failed\n")


def test_a_failing_example_says_what_came_instead(run):
    Path("wrong.yaml").write_text(SHOP.replace("rule: consent.missing", "rule: consent.expired"), encoding="utf-8")
    result = run("test", "wrong.yaml")
    assert result.exit_code == 1
    assert "    expected denied by consent.expired, got denied by consent.missing" in result.stdout
    assert document(run("test", "wrong.yaml", "--json"))["ok"] is False


def test_a_policy_with_errors_is_not_tested(run):
    result = run("test", "bad.yaml")
    assert result.exit_code == 1
    assert "error[value.choice]" in result.stderr
    assert result.stdout == ""


def test_two_files_are_compared(run):
    result = run("diff", "shop.yaml", "longer.yaml")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Material: people are told before",
        "  + `fulfil_order` keeps data for P120D instead of P90D.  retention.longer",
    ]
    assert run("diff", "shop.yaml", "shop.yaml").stdout == "No difference in meaning.\n"
    assert document(run("diff", "shop.yaml", "longer.yaml", "--json"))["material"] is True


def test_an_answer_is_explained(run):
    result = run("explain", "--file", "shop.yaml", "--purpose", "newsletter", "--field", "email")
    assert result.exit_code == 1
    assert result.stdout.startswith("denied  There is no consent to newsletter.")
    assert run("explain", "--file", "shop.yaml", "--purpose", "newsletter", "--said", "granted").exit_code == 0
    found = document(run("explain", "--file", "shop.yaml", "--purpose", "newsletter", "--state", "frozen", "--json"))
    assert found["rules"] == ["person.frozen", "consent.missing"]
    late = run("explain", "--file", "shop.yaml", "--purpose", "fulfil_order", "--moment", "order.closed=2026-01-01")
    assert "retention.ended" in late.stdout
    assert run("explain", "--file", "shop.yaml", "--purpose", "x", "--moment", "yesterday").exit_code == 2


def test_a_template_is_printed_or_written_to_a_new_file(run):
    printed = run("init", "clinic")
    assert printed.exit_code == 0
    Path("clinic.yaml").write_text(printed.stdout, encoding="utf-8")
    assert run("check", "--strict", "clinic.yaml").exit_code == 0
    assert run("init", "--template", "lender", "-o", "lender.yaml").exit_code == 0
    assert run("check", "--strict", "lender.yaml").exit_code == 0
    assert run("init", "--template", "lender", "-o", "lender.yaml").exit_code == 2
    assert run("init", "--list").stdout.split() == ["clinic", "lender", "media-shop", "shop", "software-service"]
    assert run("init", "bakery").exit_code != 0


def test_every_check_is_listed(run):
    listed = document(run("checks", "--json"))
    assert listed["data.unused"]["source"] == "GDPR Art. 5(1)(c)"
    assert "data.unused" in run("checks").stdout


def test_a_file_is_put_in_force_and_shown(run, room):
    result = run("activate", "shop.yaml", "--json")
    assert result.exit_code == 0, result.output
    version = document(result)["version"]
    assert document(run("show", "--json"))["version"] == version
    assert "newsletter" in run("show").stdout
    assert run("show", version[:10], "--source").stdout == SHOP
    again = run("activate", "longer.yaml")
    assert "`fulfil_order` keeps data for P120D instead of P90D." in again.stdout
    assert run("show", "--all").stdout.splitlines()[0].startswith("▸ ")
    assert "keeps data for P90D instead of P120D." in run("diff", "active", "shop.yaml").stdout
    assert run("explain", "--purpose", "support").exit_code == 0
    assert document(run("activate", version[:8], "--json"))["version"] == version


def test_a_file_with_errors_is_not_put_in_force(run, room):
    result = run("activate", "bad.yaml")
    assert result.exit_code == 1
    assert "error[value.choice]" in result.stderr
    assert run("show", "--all").stdout == "No policy has been submitted yet.\n"


def test_files_are_checked_without_an_installation(tmp_path):
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    environment = {
        "KEEPFOLD_HOME": str(tmp_path / "nowhere"),
        "PYTHONPATH": ":".join(sys.path),
        "PYTHONIOENCODING": "utf-8",
    }
    program = (
        "import sys\nfrom keepfold.cli.main import main\ntry:\n    main(['policy', 'check', 'shop.yaml'])\n"
        "finally:\n    from django.apps import apps\n    assert not apps.ready, 'the rooms were loaded'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok  shop.yaml")
    assert not (tmp_path / "nowhere").exists()
