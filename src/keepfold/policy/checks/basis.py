"""Legal grounds: one per active regime, each with what it demands."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, articles, check, gdpr_like, used_items
from keepfold.policy.format.document import Policy, Purpose

_REGIMES = ("gdpr", "uk_gdpr", "ccpa", "hipaa", "glba")


@check("regime.none", "At least one regime is active.")
def regime_none(policy: Policy) -> Iterator[Found]:
    """Refuse a policy that no law measures."""
    if not policy.regimes:
        yield Found(("regimes",), "No regime is active.", "Write e.g. `regimes: [gdpr]`.")


@check("regime.repeated", "No regime is listed twice.")
def regime_repeated(policy: Policy) -> Iterator[Found]:
    """Refuse a repeated regime."""
    if len(set(policy.regimes)) != len(policy.regimes):
        yield Found(("regimes",), "A regime is listed twice.")


@check("basis.missing", "Every purpose has a ground for every active regime.", source="GDPR Art. 6(1)")
def missing(policy: Policy) -> Iterator[Found]:
    """Refuse a purpose without ground."""
    for name, purpose in policy.purposes.items():
        for regime in policy.regimes:
            if getattr(purpose.basis, regime) is None:
                hint = f"Add `{regime}: …` to its `basis`."
                yield Found(("purposes", name, "basis"), f"`{name}` has no ground under `{regime}`.", hint)


@check("basis.regime-off", "No ground is given for a regime that is not active.")
def regime_off(policy: Policy) -> Iterator[Found]:
    """Refuse a ground that nobody checks."""
    for name, purpose in policy.purposes.items():
        for regime in _REGIMES:
            if getattr(purpose.basis, regime) is not None and regime not in policy.regimes:
                message = f"`{regime}` is not among the active regimes."
                yield Found(("purposes", name, "basis", regime), message, f"Add `{regime}` to `regimes`, or remove it.")


@check("basis.law-missing", "A legal obligation or public task names its law.", source="GDPR Art. 6(3)")
def law_missing(policy: Policy) -> Iterator[Found]:
    """Refuse 6.1.c and 6.1.e without the law behind them."""
    for name, purpose in policy.purposes.items():
        ground = articles(purpose) & {"6.1.c", "6.1.e"}
        if ground and not purpose.basis.law:
            hint = "Add e.g. `law: DE AO § 147`."
            yield Found(("purposes", name, "basis"), f"`{min(ground)}` needs the law that obliges.", hint)


@check(
    "basis.interest-missing", "A legitimate interest is named and balanced.", source="GDPR Art. 6(1)(f), Art. 13(1)(d)"
)
def interest_missing(policy: Policy) -> Iterator[Found]:
    """Refuse 6.1.f without interest or balancing test."""
    for name, purpose in policy.purposes.items():
        if "6.1.f" not in articles(purpose):
            continue
        for key in ("interest", "balancing"):
            if not getattr(purpose.basis, key):
                yield Found(("purposes", name, "basis"), f"`6.1.f` needs `{key}`.", f"Add `{key}: …` to the basis.")


@check("basis.special-missing", "Special categories have a ground of Art. 9(2) as well.", source="GDPR Art. 9(2)")
def special_missing(policy: Policy) -> Iterator[Found]:
    """Refuse special data on an ordinary ground."""
    for name, purpose, special in _specials(policy):
        if special - {"criminal"} and purpose.basis.special is None:
            message = f"`{name}` uses special data ({', '.join(sorted(special))}) without a ground of Art. 9(2)."
            yield Found(("purposes", name, "basis"), message, "Add e.g. `special: 9.2.a`.")


@check("basis.special-unneeded", "A ground of Art. 9(2) is given only where special data is used.", severity="warning")
def special_unneeded(policy: Policy) -> Iterator[Found]:
    """Warn about a ground for nothing."""
    for name, purpose, special in _specials(policy):
        if purpose.basis.special and not special:
            yield Found(("purposes", name, "basis", "special"), f"`{name}` uses no special data.")


@check("basis.criminal-missing", "Data on crimes has Art. 10 and the authorising law.", source="GDPR Art. 10")
def criminal_missing(policy: Policy) -> Iterator[Found]:
    """Refuse criminal data without authority."""
    for name, purpose, special in _specials(policy):
        if "criminal" in special and not (purpose.basis.criminal and purpose.basis.law):
            hint = 'Add `criminal: "10"` and `law: …`.'
            yield Found(("purposes", name, "basis"), f"`{name}` uses data on crimes without Art. 10 and a law.", hint)


@check("basis.automated-missing", "An automated decision has a ground of Art. 22(2).", source="GDPR Art. 22")
def automated_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a machine's decision without ground."""
    for name, purpose in policy.purposes.items():
        if purpose.automated_decision and gdpr_like(policy) and purpose.basis.automated is None:
            hint = "Add e.g. `automated: 22.2.a`, or let a person decide."
            yield Found(("purposes", name, "basis"), f"`{name}` decides automatically without a ground.", hint)


@check("basis.automated-unneeded", "A ground of Art. 22(2) is given only for automated decisions.", severity="warning")
def automated_unneeded(policy: Policy) -> Iterator[Found]:
    """Warn about a ground for nothing."""
    for name, purpose in policy.purposes.items():
        if purpose.basis.automated and not purpose.automated_decision:
            yield Found(("purposes", name, "basis", "automated"), f"`{name}` takes no automated decision.")


def _specials(policy: Policy) -> Iterator[tuple[str, Purpose, set[str]]]:
    if not gdpr_like(policy):
        return
    for name, purpose in policy.purposes.items():
        yield name, purpose, {item.special for item in used_items(policy, purpose).values() if item.special}
