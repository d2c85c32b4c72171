"""The Gramm-Leach-Bliley Act: privacy of consumer financial information (12 CFR part 1016), safeguards (16 CFR 314)."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check, used_items
from keepfold.policy.format.document import Policy, Purpose
from keepfold.policy.format.values import parse_period

_TWO_YEARS = parse_period("P2Y")


@check("glba.opt-out-missing", "Sharing after notice (1016.10) can be refused.", source="12 CFR 1016.10(a)")
def opt_out_missing(policy: Policy) -> Iterator[Found]:
    """Refuse such sharing without a way out."""
    for name, purpose in _active(policy):
        if purpose.basis.glba == "1016.10" and purpose.opt_out is None:
            yield Found(("purposes", name), f"`{name}` shares under 1016.10 without `opt_out`.", "Add `opt_out: {…}`.")


@check("glba.contract", "A service provider under 1016.13 is bound by a contract.", source="12 CFR 1016.13(a)(1)(ii)")
def contract(policy: Policy) -> Iterator[Found]:
    """Refuse a service provider without contract."""
    for name, purpose in _active(policy):
        for number, recipient in enumerate(purpose.recipients if purpose.basis.glba == "1016.13" else ()):
            spec = policy.recipients.get(recipient)
            if spec is not None and spec.contract is None:
                path = ("purposes", name, "recipients", str(number))
                yield Found(path, f"`{recipient}` has no contract that limits its use of the data.")


@check("glba.annual-undecided", "It is decided whether the yearly notice is sent.", source="12 CFR 1016.5")
def annual_undecided(policy: Policy) -> Iterator[Found]:
    """Refuse to leave it open."""
    if "glba" in policy.regimes and (policy.notice.annual is None or policy.notice.annual.glba is None):
        message = "It is not said whether the yearly notice is sent."
        yield Found(("notice",), message, "Add `annual: {glba: true}`, or false with the exception of 1016.5(e).")


@check("glba.disposal", "Customer information is disposed of within two years of its last use.",
       severity="warning", source="16 CFR 314.4(c)(6)")  # fmt: skip
def disposal(policy: Policy) -> Iterator[Found]:
    """Warn about longer keeping without a stated exception."""
    for name, purpose in _active(policy):
        npi = any(item.glba == "npi" for item in used_items(policy, purpose).values())
        longer = purpose.retention.keep.rough_days > _TWO_YEARS.rough_days
        if npi and longer and purpose.retention.overrides_erasure is None and not purpose.basis.law:
            message = f"`{name}` keeps customer information longer than two years."
            yield Found(
                ("purposes", name, "retention", "keep"), message, "Name the `law` in the basis, or keep it shorter."
            )


def _active(policy: Policy) -> Iterator[tuple[str, Purpose]]:
    if "glba" in policy.regimes:
        yield from policy.purposes.items()
