"""What can go wrong with consent, in words for people."""

from __future__ import annotations

from keepfold.kernel.errors import Conflict, Invalid, NotFound, Unavailable


class NotAskable(Invalid):
    """The active policy does not ask for consent to this purpose, or does not let people object to it (422)."""

    default_code = "consent.not-askable"


class PurposeUnknown(Invalid):
    """The active policy has no such purpose (422)."""

    default_code = "consent.purpose-unknown"


class ChannelUnknown(Invalid):
    """The policy does not ask for this consent through this channel (422)."""

    default_code = "consent.channel-undeclared"


class ProofMissing(Invalid):
    """The policy demands a proof that was not given (422)."""

    default_code = "consent.proof-missing"


class NothingPending(Conflict):
    """There is nothing to confirm, or it waited too long (409)."""

    default_code = "consent.nothing-pending"


class NoSuchPerson(NotFound):
    """There is no such person, or none that you may know of (404)."""

    default_code = "consent.person-unknown"


class StateAltered(Unavailable):
    """What is stored about a person's wishes is not as this installation wrote it (503)."""

    default_code = "consent.altered"
