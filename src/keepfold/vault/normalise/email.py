"""E-mail addresses by email-validator, without asking any name server.

Plain ASCII addresses take a strict expression that accepts a subset of what the library accepts and gives the same
form: the local part as it is, the domain in lower case. Internationalised domains (IDNA) come out in Unicode.
"""

from __future__ import annotations

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from keepfold.vault.normalise.base import Normaliser, Refusal, TypeOptions, require_text, too_long

MAX_LENGTH = 254  # RFC 5321 section 4.5.3.1.3 with RFC 3696 erratum 1690
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"  # RFC 5322 section 3.2.3
_LABEL = r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"  # a label of RFC 1123 that is not an A-label
_FAST = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:{_LABEL}\.)+([A-Za-z]{{2,63}}))\Z").match
_MAILBOXES = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)
_SPECIAL = frozenset(SPECIAL_USE_DOMAIN_NAMES)


def email(options: TypeOptions) -> Normaliser:
    """Return the normaliser of e-mail addresses."""
    limit = min(options.max_length, MAX_LENGTH)

    def normalise(raw: object, _region: str) -> str:
        if isinstance(raw, str) and len(raw) <= limit and (match := _FAST(raw)):
            local, domain, top = match.groups()
            domain = domain.lower()
            if len(local) <= 64 and top.lower() not in _SPECIAL and local.lower() not in _MAILBOXES:
                return f"{local}@{domain}"
        return _slow(raw, limit)

    return normalise


def _slow(raw: object, limit: int) -> str:
    text = require_text(raw, limit)
    try:
        found = validate_email(text, check_deliverability=False, strict=True)
    except (EmailNotValidError, UnicodeError):
        # The library's own message may quote the address.
        raise Refusal("email.malformed", "It is not an e-mail address that mail can be sent to.") from None
    if len(found.normalized) > limit:
        raise too_long(limit)
    return found.normalized
