"""What a network address is for: the public internet, or anything nearer. Pure: nothing is looked up or connected.

Public is only what is known to be. Python's own `is_global` is not asked: it differs between releases, and takes
IPv4 inside IPv6 for public.

Sources: IANA's special-purpose address registries for IPv4 and IPv6 (RFC 6890), and the pages of the clouds.
"""

from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network


class Kind(StrEnum):
    """What an address is for, in words that end the sentence "this address is …"."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    CARRIER = "a carrier's own (CGNAT)"
    BENCHMARK = "for benchmarks"
    METADATA = "a cloud's metadata service"
    LINK_LOCAL = "link-local"
    UNSPECIFIED = "unspecified"
    MULTICAST = "multicast"
    DOCUMENTATION = "for documentation"
    RESERVED = "reserved"
    EMBEDDED = "IPv4 inside IPv6"
    ZONED = "bound to an interface"
    NONE = "no address"


# The first range that holds an address counts.
_RANGES = tuple(
    (kind, ip_network(network))
    for kind, networks in (
        # AWS, Google and most others; AWS's containers; Alibaba; Azure's wire server, in a public range; Oracle
        (
            Kind.METADATA,
            ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
        ),
        (Kind.METADATA, ("fd00:ec2::254", "fd20:ce::254")),  # AWS, Google
        (Kind.UNSPECIFIED, ("0.0.0.0/8", "::")),  # on Linux a way to loopback
        (Kind.LOOPBACK, ("127.0.0.0/8", "::1")),
        (Kind.PRIVATE, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
        (Kind.CARRIER, ("100.64.0.0/10",)),
        (Kind.LINK_LOCAL, ("169.254.0.0/16", "fe80::/10")),
        (Kind.MULTICAST, ("224.0.0.0/4", "ff00::/8")),
        (Kind.BENCHMARK, ("198.18.0.0/15", "2001:2::/48")),
        (
            Kind.DOCUMENTATION,
            ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
        ),
        # compatible, mapped and translated addresses; NAT64, well-known and local; Teredo; 6to4
        (Kind.EMBEDDED, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")),
        (Kind.EMBEDDED, ("2001::/32", "2002::/16")),
        # protocol assignments, 6to4's relays, the rest with broadcast
        (Kind.RESERVED, ("192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4", "2001::/23")),
    )
    for network in networks
)
_GLOBAL_UNICAST = ip_network("2000::/3")  # all that IANA has given out of IPv6
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})  # before the IPv4 address, in any network (RFC 5214, 6.1)


def kind_of(address: str) -> Kind:
    """What the address, given as numbers, is for; `Kind.NONE` for anything else, a host's name for example."""
    if "%" in address:
        return Kind.ZONED
    try:
        parsed = ip_address(address)
    except ValueError:
        return Kind.NONE
    for kind, network in _RANGES:
        if parsed in network:
            return kind
    return _kind_of_unlisted(parsed) if isinstance(parsed, IPv6Address) else Kind.PUBLIC


def _kind_of_unlisted(address: IPv6Address) -> Kind:
    if address not in _GLOBAL_UNICAST:
        return Kind.RESERVED
    return Kind.EMBEDDED if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP else Kind.PUBLIC
