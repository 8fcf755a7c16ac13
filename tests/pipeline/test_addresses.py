"""What an address is for: named ranges at both their ends, and IPv4 inside IPv6 however it is written."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.addresses import Kind, kind_of

RANGES = [
    (Kind.UNSPECIFIED, "0.0.0.0/8"),
    (Kind.PRIVATE, "10.0.0.0/8"),
    (Kind.CARRIER, "100.64.0.0/10"),
    (Kind.LOOPBACK, "127.0.0.0/8"),
    (Kind.LINK_LOCAL, "169.254.0.0/16"),
    (Kind.PRIVATE, "172.16.0.0/12"),
    (Kind.RESERVED, "192.0.0.0/24"),
    (Kind.DOCUMENTATION, "192.0.2.0/24"),
    (Kind.RESERVED, "192.88.99.0/24"),
    (Kind.PRIVATE, "192.168.0.0/16"),
    (Kind.BENCHMARK, "198.18.0.0/15"),
    (Kind.DOCUMENTATION, "198.51.100.0/24"),
    (Kind.DOCUMENTATION, "203.0.113.0/24"),
    (Kind.MULTICAST, "224.0.0.0/4"),
    (Kind.RESERVED, "240.0.0.0/4"),
    (Kind.UNSPECIFIED, "::/128"),
    (Kind.LOOPBACK, "::1/128"),
    (Kind.RESERVED, "100::/64"),
    (Kind.RESERVED, "400::/6"),
    (Kind.RESERVED, "2001:10::/28"),
    (Kind.RESERVED, "2001:20::/28"),
    (Kind.BENCHMARK, "2001:2::/48"),
    (Kind.DOCUMENTATION, "2001:db8::/32"),
    (Kind.DOCUMENTATION, "3fff::/20"),
    (Kind.RESERVED, "4000::/3"),
    (Kind.RESERVED, "5f00::/16"),
    (Kind.PRIVATE, "fc00::/7"),
    (Kind.LINK_LOCAL, "fe80::/10"),
    (Kind.PRIVATE, "fec0::/10"),
    (Kind.MULTICAST, "ff00::/8"),
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "172.15.255.255",
    "172.32.0.0",
    "2606:4700::6810:1",
    "2a00:1450::1",
    "2001:4860::8",
]


@pytest.mark.parametrize(("kind", "network"), RANGES)
def test_every_range_is_known_from_its_first_address_to_its_last(kind: Kind, network: str) -> None:
    first, last = ip_network(network)[0], ip_network(network)[-1]

    assert {kind_of(str(first)), kind_of(str(last))} == {kind}


@pytest.mark.parametrize("address", METADATA)
def test_what_clouds_tell_their_machines_is_named(address: str) -> None:
    assert kind_of(address) is Kind.METADATA


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    """Right beside the ranges, too."""
    assert kind_of(address) is Kind.PUBLIC


EMBEDDINGS: dict[str, Callable[[IPv4Address], IPv6Address]] = {
    "compatible": lambda v4: IPv6Address(int(v4)),
    "mapped": lambda v4: IPv6Address(0xFFFF << 32 | int(v4)),
    "mapped, in dots": lambda v4: IPv6Address(f"::ffff:{v4}"),
    "translated": lambda v4: IPv6Address(0xFFFF << 48 | int(v4)),
    "NAT64": lambda v4: IPv6Address(f"64:ff9b::{v4}"),
    "NAT64, local": lambda v4: IPv6Address(f"64:ff9b:1:fffe::{v4}"),
    "6to4": lambda v4: IPv6Address(0x2002 << 112 | int(v4) << 80 | 1),
    "Teredo's server": lambda v4: IPv6Address(0x2001 << 112 | int(v4) << 64),
    "Teredo's client": lambda v4: IPv6Address(0x2001 << 112 | int(v4) ^ 0xFFFF_FFFF),
    "ISATAP": lambda v4: IPv6Address(f"2606:4700::5efe:{v4}"),
    "ISATAP, of a public one": lambda v4: IPv6Address(f"2606:4700::200:5efe:{v4}"),
}


@pytest.mark.parametrize("form", EMBEDDINGS.values(), ids=EMBEDDINGS)
@given(inner=st.ip_addresses(v=4))
@example(inner=IPv4Address("127.0.0.1"))
@example(inner=IPv4Address("169.254.169.254"))
@example(inner=IPv4Address("8.8.8.8"))
def test_ipv4_inside_ipv6_is_never_public(form: Callable[[IPv4Address], IPv6Address], inner: IPv4Address) -> None:
    """Whatever stands inside, a public one as well: no server worth asking has only such an address."""
    outer = form(inner)

    for written in (outer.compressed, outer.exploded, outer.exploded.upper()):
        assert kind_of(written) in {Kind.EMBEDDED, Kind.UNSPECIFIED, Kind.LOOPBACK}  # the last two are :: and ::1


@given(st.ip_addresses())
def test_what_is_public_is_so_for_python_too(address: IPv4Address | IPv6Address) -> None:
    """Its own tables, of whatever release, know of nothing nearer that we do not."""
    if kind_of(str(address)) is Kind.PUBLIC:
        assert address.is_global
        assert not any((address.is_multicast, address.is_reserved, address.is_link_local))


@given(address=st.ip_addresses(v=6), zone=st.text(max_size=8))
def test_a_zone_makes_no_address_public(address: IPv6Address, zone: str) -> None:
    """It names an interface of this machine."""
    assert kind_of(f"{address}%{zone}") is Kind.ZONED


@given(st.text(max_size=45))
@example("0177.0.0.1")
@example("0x7f.1")
@example("2130706433")
@example("127.1")
@example("①②⑦.0.0.1")
@example("1.1.1.1 ")
@example("[::1]")
def test_what_is_no_address_is_none(text: str) -> None:
    """However a resolver might read it."""
    try:
        ip_address(text)
    except ValueError:
        assert kind_of(text) in {Kind.NONE, Kind.ZONED}
