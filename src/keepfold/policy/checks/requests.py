"""People's requests: no proof of identity where none may be asked, and no clock slower than the law's."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check
from keepfold.policy.format.document import Policy
from keepfold.policy.format.values import parse_period

_FREE = ("withdrawal", "objection", "ccpa_opt_out", "ccpa_limit")
_MONTH = parse_period("P1M")
# GDPR Art. 12(3); 11 CCR 7021(b), 7026(f), 7027(g); 45 CFR 164.524(b), 164.526(b).
_LIMITS = {
    "gdpr": dict.fromkeys(("access", "erasure", "rectification", "restriction", "portability", "objection"), _MONTH),
    "uk_gdpr": dict.fromkeys(("access", "erasure", "rectification", "restriction", "portability", "objection"), _MONTH),
    "ccpa": {
        **dict.fromkeys(("access", "erasure", "rectification", "portability"), parse_period("P45D")),
        **dict.fromkeys(("ccpa_opt_out", "ccpa_limit"), parse_period("P15BD")),
    },
    "hipaa": {"access": parse_period("P30D"), "rectification": parse_period("P60D")},
    "glba": {},
}


@check(
    "requests.needless-proof",
    "Withdrawing, objecting and opting out never wait for proof of identity.",
    source="GDPR Art. 7(3); 11 CCR 7026(d), 7027(e)",
)
def needless_proof(policy: Policy) -> Iterator[Found]:
    """Refuse a hurdle before a no."""
    for kind, method in (policy.requests.verify if policy.requests else {}).items():
        if kind in _FREE and method not in {"none", "session"}:
            yield Found(("requests", "verify", kind), f"`{kind}` must not wait for `{method}`.", "Write `none`.")


@check(
    "requests.slower-than-law", "Our own deadlines are tighter than the law's.", source="GDPR Art. 12(3); 11 CCR 7021"
)
def slower_than_law(policy: Policy) -> Iterator[Found]:
    """Refuse a deadline that the law has already passed."""
    for kind, period in (policy.requests.within if policy.requests else {}).items():
        for regime in policy.regimes:
            limit = _LIMITS[regime].get(kind)
            if limit is not None and period.rough_days > limit.rough_days:
                message = f"{period.text} is slower than {limit.text}, which `{regime}` allows for `{kind}`."
                yield Found(("requests", "within", kind), message)
