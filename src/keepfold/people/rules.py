"""Pure rules: who covers whom, what a token looks like, how a bucket drains."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from keepfold.people.types import ClientState, Grants

ACTION_SHAPE = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*){0,3}(\.\*)?\Z")
PURPOSE_SHAPE = re.compile(r"([a-z][a-z0-9_-]{0,63}|\*)\Z")
ROLE_SHAPE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_TOKEN = re.compile(r"kf_([a-z2-7]{16})_([a-z2-7]{52})\Z")

IPV6_SITE_BITS = 64
IDLE_AFTER_S = 30 * 24 * 3600


def covers_action(held: Iterable[str], wanted: str) -> bool:
    """Say whether one of the held patterns covers an action name or a whole pattern.

    `vault.*` covers `vault.record.open` and `vault.record.*`; a plain name covers only itself.
    """
    return any(pattern == wanted or (pattern.endswith(".*") and wanted.startswith(pattern[:-1])) for pattern in held)


def covers_purpose(held: Iterable[str], wanted: str) -> bool:
    """Say whether one of the held purposes covers a purpose; only `*` covers `*`."""
    return any(purpose in ("*", wanted) for purpose in held)


def beyond(held: Grants, wanted: Grants) -> Grants:
    """Return the part of `wanted` that `held` does not cover. Empty when all of it may be given away."""
    return Grants(
        tuple(action for action in wanted.actions if not covers_action(held.actions, action)),
        tuple(purpose for purpose in wanted.purposes if not covers_purpose(held.purposes, purpose)),
    )


def union(grants: Iterable[Grants]) -> Grants:
    """Return everything that any of the grants holds, without repetition."""
    pairs = tuple(grants)
    return Grants(
        tuple(dict.fromkeys(action for grant in pairs for action in grant.actions)),
        tuple(dict.fromkeys(purpose for grant in pairs for purpose in grant.purposes)),
    )


def misshapen(wanted: Grants) -> tuple[str, ...]:
    """Return the action patterns and purposes that are not well-formed."""
    actions = [action for action in wanted.actions if not ACTION_SHAPE.match(action)]
    return (*actions, *(purpose for purpose in wanted.purposes if not PURPOSE_SHAPE.match(purpose)))


def names_nothing(wanted: Grants, known: Iterable[str]) -> tuple[str, ...]:
    """Return the action patterns that match none of the known action names: almost certainly a slip."""
    names = tuple(known)
    return tuple(pattern for pattern in wanted.actions if not any(covers_action((pattern,), name) for name in names))


def format_token(kid: str, secret: str) -> str:
    """Return `kf_<kid>_<secret>`: 16 and 52 letters of base 32 (RFC 4648, lower case), 80 and 256 random bits."""
    return f"kf_{kid}_{secret}"


def shown_start(kid: str) -> str:
    """Return how a token begins, to tell it from others: no secret, and too short to be taken for a token."""
    return f"kf_{kid[:6]}…"


def split_token(token: str) -> tuple[str, str] | None:
    """Return (kid, secret), or None when the text is not shaped like a token."""
    match = _TOKEN.match(token) if len(token) <= 80 else None
    return (match[1], match[2]) if match else None


def client_expiry(wanted_s: int | None, creator_s: int | None) -> int | None:
    """Return when a new client ends: as asked, and never after whoever creates it (seconds, None = no end)."""
    ends = [moment for moment in (wanted_s, creator_s) if moment is not None]
    return min(ends) if ends else None


def client_state(
    now_s: int, *, created_s: int, expires_s: int | None, revoked_s: int | None, last_used_s: int | None
) -> ClientState:
    """Return how a client stands. It is idle when neither its making nor its last use lies within thirty days."""
    if revoked_s is not None:
        return "revoked"
    if expires_s is not None and expires_s <= now_s:
        return "expired"
    return "idle" if max(created_s, last_used_s or 0) < now_s - IDLE_AFTER_S else "alive"


def descendants(roots: Iterable[bytes], made: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    """Return the roots and everything made by them, directly or not, from (child, maker) pairs."""
    children: dict[bytes, list[bytes]] = {}
    for child, maker in made:
        children.setdefault(maker, []).append(child)
    found = dict.fromkeys(roots)
    waiting = list(found)
    while waiting:
        fresh = [child for child in children.get(waiting.pop(), ()) if child not in found]
        found.update(dict.fromkeys(fresh))
        waiting.extend(fresh)
    return tuple(found)


def address_group(address: str) -> str:
    """Return what one limiter counts together: an IPv4 address, or the /64 of an IPv6 address (RFC 6177 section 2)."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> IPV6_SITE_BITS << IPV6_SITE_BITS))


class Bucket:
    """A token bucket: `burst` at once, then `rate` per second. Times are seconds of any monotonic clock."""

    __slots__ = ("burst", "filled_at", "level", "rate")

    def __init__(self, *, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self.level = burst
        self.filled_at = now

    def wait(self, now: float) -> float:
        """Return 0.0 when one more is permitted now, otherwise the seconds until it will be. Takes nothing."""
        self.level = min(self.burst, self.level + max(0.0, now - self.filled_at) * self.rate)
        self.filled_at = max(now, self.filled_at)
        return 0.0 if self.level >= 1 else (1 - self.level) / self.rate

    def take(self, now: float) -> float:
        """Take one when there is one and return 0.0; otherwise return the seconds until there will be."""
        wait = self.wait(now)
        if not wait:
            self.level -= 1
        return wait


def is_own_path(url: str) -> bool:
    r"""Say whether an address is a path of this server and nothing that a browser could take for another one.

    Browsers read `//host` and `/\host` as another server, and drop tabs and line breaks first (WHATWG URL, 4.4).
    """
    return url.startswith("/") and url[1:2] not in {"/", "\\"} and url.isprintable() and "\\" not in url
