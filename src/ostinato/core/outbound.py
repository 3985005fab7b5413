"""Where a server may be sent to by what people write: addresses of receivers, and the machines they may lead to.

Whoever may write an address must not reach through this server what only this server reaches. So a name is resolved by
us, every machine it leads to is looked at, and the connection is made to exactly the one that was found right.
"""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit, urlunsplit

import msgspec

from ostinato.core.errors import Invalid, Problem

LONGEST_URL = 2_000
PORTS = {"https": 443, "http": 80}
LEAST_OTHER_PORT = 1_024
"""Below it, and apart from the two above, other services listen that a request must not be sent to."""
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
PLACE = re.compile(r"(\[[0-9a-fA-F]*:[0-9a-fA-F:.]*\]|[^\[\]:@]*)(:[0-9]*)?")
"""A name or an IP address, and a port."""
NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
HIDDEN = "***"

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

NEVER = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # Amazon, Google, Azure, Oracle and others
            "169.254.170.2",  # Amazon's containers
            "169.254.170.23",
            "168.63.129.16",  # Azure
            "100.100.100.200",  # Alibaba
            "192.0.0.192",  # Oracle
            "fd00:ec2::254",  # Amazon
            "fd00:ec2::23",
            "fd20:ce::254",  # Google
        ),
    )
)
"""Services that give a cloud machine its own credentials: not even in a network that is allowed."""
NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "100.64.0.0/10",  # shared by providers
            "192.0.0.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "198.18.0.0/15",
            "240.0.0.0/4",
            "::/96",  # IPv4-compatible
            "64:ff9b:1::/48",  # local NAT64
            "100::/64",
            "2001::/23",  # Teredo and others
            "2001:db8::/32",
            "3fff::/20",
            "5f00::/16",
            "fec0::/10",  # site-local
        ),
    )
)
"""Of no public machine, but not to every version of Python (IANA's special-purpose registries)."""
NAT64 = IPv6Network("64:ff9b::/96")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a receiver, taken apart once; nothing else reads the text it came from."""

    scheme: str
    host: str
    """A name in lower case, or an IP address without brackets."""
    port: int
    path: str
    """With the query."""

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def read_url(field: str, url: str, *, allow_http: bool) -> Target:
    """Take the address of a receiver apart; raises Invalid naming the field."""
    if not 1 <= len(url) <= LONGEST_URL:
        raise _wrong(field, f"write 1 to {LONGEST_URL:,} characters")
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise _wrong(field, "an address has only plain characters: write others as %XX, and names as xn--")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong(field, "it cannot be read: write it like https://hooks.example.com/ostinato") from None
    _check_parts(field, parts, allow_http=allow_http)
    target = Target(
        scheme=parts.scheme,
        host=_host(field, (parts.hostname or "").lower().removesuffix(".")),
        port=PORTS[parts.scheme] if port is None else port,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )
    if target.port not in PORTS.values() and target.port < LEAST_OTHER_PORT:
        raise _wrong(field, f"the port {target.port} is not for this: use 443, 80 or one from {LEAST_OTHER_PORT:,} on")
    return target


def shown(url: str) -> str:
    """The address without what may be a secret in it: no user, no values in the query."""
    parts = urlsplit(url)
    query = "&".join(f"{quote(name)}={HIDDEN}" for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def why_not(address: Address, allowed: Collection[Network] = ()) -> str | None:
    """Why a connection may not lead to this machine; None: it may."""
    real = _embedded(address)
    if {address, real} & NEVER:
        return f"{address} gives machines of a cloud their credentials"
    if real is None:
        return f"{address} is no address of a public machine"
    if any(real.version == network.version and real in network for network in allowed):
        return None
    if _is_public(real):
        return None
    return f"{address} is no address of a public machine: allow its network with OSTINATO_WEBHOOKS_ALLOWED_NETWORKS"


def _check_parts(field: str, parts: SplitResult, *, allow_http: bool) -> None:
    if parts.scheme == "http" and not allow_http:
        raise _wrong(field, "use https, or let the server take http as well with OSTINATO_WEBHOOKS_ALLOW_HTTP")
    if parts.scheme not in PORTS:
        raise _wrong(field, "begin it with https://")
    if "@" in parts.netloc:
        raise _wrong(field, "write no user name and no password into it: what is sent is signed with the secret")
    if not PLACE.fullmatch(parts.netloc):
        raise _wrong(field, f"{parts.netloc!r} is no name of a machine with a port")
    if "#" in parts.geturl():
        raise _wrong(field, "leave out what comes after the #: it is not sent")


def _host(field: str, host: str) -> str:
    """A name, or an IP address in the one form in which everybody reads it alike."""
    if ":" in host:
        try:
            address = IPv6Address(host)
        except ValueError:
            raise _wrong(field, f"{host!r} is no IP address") from None
        if address.scope_id is not None:
            raise _wrong(field, "an address with a zone is of this machine only")
        return str(address)
    labels = host.split(".")
    if NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise _wrong(field, f"{host!r} is no IP address: write four numbers from 0 to 255") from None
    if len(host) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise _wrong(field, f"{host!r} is no name of a machine")
    return host


def _embedded(address: Address) -> Address | None:
    """The machine that is meant: forms of IPv6 that hold an IPv4 address lead there. None: it cannot be told."""
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None or address.teredo is not None:
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    named = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
    return not named and address.is_global and not any(address in network for network in NOT_PUBLIC)


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(Problem(path=field, message=message))
