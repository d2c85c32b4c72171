"""Mallory gives a file a name that a terminal would obey."""

import pytest

from keepfold.cli import failures
from keepfold.kernel.errors import NotFound


@pytest.mark.parametrize("code", ["\x1b]0;owned\x07", "\x1b[2J", "\r", "\x9b31m", "\u202e", "\x00"])
def test_control_codes_in_an_error_do_not_reach_the_terminal(capsys, code):
    failures.report(NotFound(f"There is no file a{code}b.csv.", rule=f"r{code}", next_step=f"Look{code} elsewhere."))
    shown = capsys.readouterr().err
    assert code not in shown
    assert "There is no file a" in shown
    assert shown.count("\n") == 3
