"""Consent: asked exactly where it is the ground, explicit where it must be, provable, and not forever."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, asks_consent, check
from keepfold.policy.format.document import Policy

_VERBAL = {"store_verbal", "phone_verbal"}


@check("consent.missing", "A purpose on the ground of consent says how consent is asked.", source="GDPR Art. 7")
def missing(policy: Policy) -> Iterator[Found]:
    """Refuse consent that nobody asks for."""
    for name, purpose in policy.purposes.items():
        if asks_consent(purpose) and purpose.consent is None:
            hint = "Add `consent: {kind: opt_in, ask_in: […]}`."
            yield Found(
                ("purposes", name), f"The ground of `{name}` is consent, but there is no `consent` block.", hint
            )


@check("consent.unneeded", "Consent is asked only where it is the ground.", source="GDPR Art. 6(1)(a)")
def unneeded(policy: Policy) -> Iterator[Found]:
    """Refuse a question whose answer would not matter."""
    for name, purpose in policy.purposes.items():
        if purpose.consent is None or asks_consent(purpose) or purpose.basis.ccpa in {"sell", "share"}:
            continue
        message = f"`{name}` asks for consent, but its ground is another."
        yield Found(("purposes", name, "consent"), message, "Remove it, or make consent the ground.")


@check(
    "consent.not-explicit", "Special data and automated decisions need explicit consent.", source="GDPR Art. 9(2)(a)"
)
def not_explicit(policy: Policy) -> Iterator[Found]:
    """Refuse a mere opt-in for special data."""
    for name, purpose in policy.purposes.items():
        explicit = purpose.basis.special == "9.2.a" or purpose.basis.automated == "22.2.c"
        if explicit and purpose.consent is not None and purpose.consent.kind != "explicit":
            message = "This ground needs explicit consent."
            yield Found(("purposes", name, "consent", "kind"), message, "Write `kind: explicit`.")


@check("consent.nowhere", "There is at least one place where consent is asked.")
def nowhere(policy: Policy) -> Iterator[Found]:
    """Refuse consent that cannot be given."""
    for name, purpose in policy.purposes.items():
        if purpose.consent is not None and not purpose.consent.ask_in:
            yield Found(("purposes", name, "consent", "ask_in"), f"Nobody is asked for consent to `{name}`.")


@check("consent.verbal-proof", "Spoken consent is proved by who asked and what was read out.", source="GDPR Art. 7(1)")
def verbal_proof(policy: Policy) -> Iterator[Found]:
    """Refuse spoken consent without the member of staff."""
    for name, purpose in policy.purposes.items():
        consent = purpose.consent
        if consent is not None and _VERBAL & set(consent.ask_in) and "staff_id" not in consent.proof:
            message = "Consent that is spoken needs to say who asked."
            yield Found(("purposes", name, "consent"), message, "Add `proof: [form_version, staff_id]`.")


@check("consent.no-expiry", "A consent does not last for ever.", severity="warning", source="EDPB Guidelines 05/2020")
def no_expiry(policy: Policy) -> Iterator[Found]:
    """Warn about consent without end."""
    for name, purpose in policy.purposes.items():
        if purpose.consent is not None and purpose.consent.expires is None:
            yield Found(
                ("purposes", name, "consent"), f"Consent to `{name}` never expires.", "Add e.g. `expires: P24M`."
            )
