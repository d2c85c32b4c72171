"""The pure rules: what a yes and a no mean, and which proof is needed."""

from __future__ import annotations

import pytest

from keepfold.consent import rules
from keepfold.consent.types import Evidence
from tests.consent.conftest import PURPOSES

BY_NAME = {purpose.name: purpose for purpose in PURPOSES}


@pytest.mark.parametrize(
    ("purpose", "meaning"),
    [
        ("surveys", "withdrawn"),
        ("newsletter", "withdrawn"),
        ("analysis", "objected"),
        ("partner_ads", "opted_out"),
        ("bookkeeping", None),
    ],
)
def test_a_no_means_what_the_ground_of_the_purpose_makes_of_it(purpose, meaning):
    assert rules.withdrawal_of(BY_NAME[purpose]) == meaning


@pytest.mark.parametrize(
    ("channel", "pending"),
    [("signup_form", True), ("api", True), ("paper", False), ("store_verbal", False), ("phone", False)],
)
def test_only_what_came_in_unattended_needs_a_second_step(channel, pending):
    assert rules.needs_confirmation(BY_NAME["newsletter"], channel) is pending
    assert rules.needs_confirmation(BY_NAME["surveys"], channel) is False


def test_each_demanded_proof_is_missed_until_it_is_given():
    spec = BY_NAME["allergies"]
    assert rules.missing_proof(spec, Evidence(channel="paper")) == ("form_version", "staff_id")
    assert rules.missing_proof(spec, Evidence(channel="paper", form_version="v1")) == ("staff_id",)
    assert rules.missing_proof(spec, Evidence(channel="paper", form_version="v1", staff=bytes(16))) == ()
