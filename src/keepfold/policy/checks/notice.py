"""Telling people of changes."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check
from keepfold.policy.format.document import Policy

# What people must hear of before it happens: GDPR Art. 13(3) and WP260 rev.01 para. 29; Civ. Code 1798.100(a).
_CORE = ("purpose.added", "data.added", "recipient.added", "basis.changed", "retention.longer")


@check(
    "notice.material-gap",
    "New purposes, data, recipients, grounds and longer keeping count as material.",
    severity="warning",
)
def material_gap(policy: Policy) -> Iterator[Found]:
    """Warn about changes that people would not hear of in time."""
    wanted = [*_CORE, *(["sale_or_share.added"] if "ccpa" in policy.regimes else [])]
    absent = [kind for kind in wanted if kind not in policy.notice.material_when]
    if absent:
        message = f"Not material here: {', '.join(absent)}."
        yield Found(("notice", "material_when"), message, "Add them, or be ready to explain why people are not told.")


@check("notice.repeated", "No kind of change is listed twice.")
def repeated(policy: Policy) -> Iterator[Found]:
    """Refuse a repeated kind."""
    kinds = policy.notice.material_when
    if len(set(kinds)) != len(kinds):
        yield Found(("notice", "material_when"), "A kind of change is listed twice.")


@check("notice.no-lead", "People hear of a material change some time before it takes effect.", severity="warning")
def no_lead(policy: Policy) -> Iterator[Found]:
    """Warn when there is no time between notice and change."""
    if policy.notice.on_material.before is None:
        message = "There is no time between telling people and the change."
        yield Found(("notice", "on_material"), message, "Add e.g. `before: P30D`.")


@check("notice.nobody-told", "A material change is told by at least one channel.", source="GDPR Art. 13(3)")
def nobody_told(policy: Policy) -> Iterator[Found]:
    """Refuse silence."""
    if not policy.notice.on_material.notify:
        yield Found(("notice", "on_material", "notify"), "Nobody is told of a material change.")
