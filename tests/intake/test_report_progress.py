from __future__ import annotations

import pytest

from keepfold.intake.progress import duration, interruptible, progress_line, shown
from keepfold.intake.report import counts, printable, read_from
from keepfold.intake.rules.mapping import Rule
from keepfold.intake.types import Tally


@pytest.mark.parametrize(
    ("rows", "total", "start", "seconds", "said"),
    [
        (5000, 50000, 0, 2.0, "5,000 of about 50,000 rows, 2,500 rows/s, about 18 s left"),
        (30000, 50000, 20000, 10.0, "30,000 of about 50,000 rows, 1,000 rows/s, about 20 s left"),
        (5000, None, 0, 1.0, "5,000 rows, 5,000 rows/s"),
        (5000, 4000, 0, 1.0, "5,000 rows, 5,000 rows/s"),
        (0, 10, 0, 1.0, "0 of about 10 rows, 0 rows/s, about 0 s left"),
    ],
)
def test_progress_says_how_far_how_fast_and_how_long_still(rows, total, start, seconds, said):
    assert progress_line(rows, total, start, seconds) == said


def test_durations_are_said_as_people_say_them():
    assert [duration(seconds) for seconds in (0.4, 59, 61, 7325)] == ["0 s", "59 s", "1 min 1 s", "2 h 2 min"]


def test_progress_without_a_terminal_is_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr("keepfold.intake.progress._EVERY_SECONDS", 0.0)
    with shown("Importing", 100) as watch:
        watch(50, Tally(sealed=50))
    with shown("Importing", 100, quiet=True) as watch:
        watch(60, Tally(sealed=60))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Importing: 50 of about 100 rows")
    assert "60" not in said.err.partition("rows/s")[0].replace("100", "")


def test_a_second_signal_stops_at_once():
    import os
    import signal

    with interruptible() as stopping:
        assert not stopping()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopping()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_counts_name_only_what_happened_and_always_the_refused():
    assert counts(Tally(sealed=58, refused=1)) == "58 sealed, 1 refused"
    assert counts(Tally(2, 1, 3, 4, 0)) == "2 sealed, 1 sealed in part, 3 updated, 4 there already, 0 refused"


def test_rules_are_read_as_people_read_them():
    assert read_from(Rule(column="Email")) == "Email"
    assert read_from(Rule(join=("First", "Last"))) == "First + Last"
    assert read_from(Rule(split="Name", take="rest")) == "Name (the rest)"
    assert read_from(Rule(constant="DE")) == "always DE"


def test_nothing_that_steers_a_terminal_is_shown():
    assert printable("a\x1b[31m\nb\u202e") == "a\ufffd[31m\ufffdb\ufffd"
