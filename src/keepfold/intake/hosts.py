"""Which hosts the console may connect to. A form that names a host must not become a way into the network.

The setting `import_hosts` lists what is allowed: `loopback`, `private` (RFC 1918, RFC 4193), networks such as
10.2.0.0/16, host names, or `any`. A name is looked up once; the connection goes to the address that was judged, so
that a second answer of the name server changes nothing. Link-local addresses, where clouds keep the secrets of their
machines (169.254.169.254), multicast and unspecified ones are never allowed.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from keepfold.kernel.errors import Invalid, NotAllowed, Unavailable

Address = IPv4Address | IPv6Address
_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")
# The address at which one cloud answers for its machines by IPv6, which looks private.
_METADATA = ip_network("fd00:ec2::/64")
# Networks whose addresses carry an IPv4 address inside: NAT64 (RFC 6052, RFC 8215).
_CARRIERS = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48")))
_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def address_of(host: str, port: int, allowed: Sequence[str]) -> str:
    """Return the address to connect to. Raises `Invalid` on a malformed name, `Unavailable` on an unknown one, and
    `NotAllowed` when any of its addresses is one that the setting does not allow.
    """
    name = host.strip().rstrip(".").lower()
    if not _is_address(name) and (not _NAME.fullmatch(name) or len(name) > 253):
        raise Invalid("Write the name or address of a server, such as db.example.org.", code="intake.host-malformed")
    found = _look_up(name, port)
    for address in found:
        if not is_allowed(address, name, allowed):
            raise NotAllowed(
                "The console may not connect to this server.",
                code="intake.host-not-allowed",
                rule="import_hosts",
                next_step="Whoever runs Keepfold can add the host to the setting import_hosts.",
            )
    return str(found[0])


def is_allowed(address: Address, name: str, allowed: Sequence[str]) -> bool:
    """Say whether the setting allows an address that a name stands for."""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return is_allowed(mapped, name, allowed)
    if address.is_link_local or address.is_multicast or address.is_unspecified or _is_odd(address):
        return False
    return any(_allows(entry.strip().lower(), address, name) for entry in allowed)


def _is_odd(address: Address) -> bool:
    """Say whether an address is reserved, belongs to a cloud's machines, or carries another one inside."""
    if isinstance(address, IPv4Address):
        return address.is_reserved
    if address in _METADATA or any(address in network for network in _CARRIERS):
        return True
    return address.sixtofour is not None or address.teredo is not None


def _allows(entry: str, address: Address, name: str) -> bool:
    if entry == "any":
        return True
    if entry == "loopback":
        return address.is_loopback
    if entry == "private":
        return any(address in network for network in _PRIVATE)
    try:
        return address in ip_network(entry, strict=False)
    except ValueError:
        return bool(entry) and entry.rstrip(".") == name


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _look_up(name: str, port: int) -> list[Address]:
    try:
        answers = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unavailable(
            "There is no server of this name.", code="intake.host-unknown", next_step="Check how it is spelled."
        ) from None
    return list(dict.fromkeys(ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers))
