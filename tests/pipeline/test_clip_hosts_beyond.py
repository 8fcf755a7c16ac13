"""Where a redirect may lead, and what addresses a name may have."""

from contextlib import suppress

import pytest

from pipeline.clip_hosts import ClipHosts
from pipeline.errors import GeneratorUnavailable

HOSTS = ["fal.media", "storage.googleapis.com"]
STAND_INS = ["127.0.0.1:54400", "localhost:54401", "10.1.2.3:54403", "files.test:54404"]


def leads(hosts: list[str], here: str, location: str) -> str:
    """Where a redirect from here to there leads."""
    rules = ClipHosts(hosts)
    place = rules.follow(rules.place(here), location)
    return f"{place.scheme}://{place.authority}{place.target}"


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("b.mp4", "https://fal.media/files/b.mp4"),
        ("/b.mp4", "https://fal.media/b.mp4"),
        ("../../b.mp4", "https://fal.media/b.mp4"),
        ("?b=1", "https://fal.media/files/a.mp4?b=1"),
        ("//v3.fal.media/b.mp4", "https://v3.fal.media/b.mp4"),
        ("https://storage.googleapis.com:443/b.mp4?s=1", "https://storage.googleapis.com/b.mp4?s=1"),
        ("", "https://fal.media/files/a.mp4?a=1"),
    ],
)
def test_a_redirect_is_relative_to_where_it_stands(location: str, leads_to: str) -> None:
    assert leads(HOSTS, "https://fal.media/files/a.mp4?a=1", location) == leads_to


@pytest.mark.parametrize(
    "location",
    [
        "https://example.com/b.mp4",
        "//example.com/b.mp4",
        "https://u:p@fal.media/b.mp4",
        "https://fal.media:8443/b.mp4",
        "http://fal.media/b.mp4",
        "https://127.0.0.1/b.mp4",
        "https://[::1",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
def test_a_redirect_leads_nowhere_that_could_not_be_asked_itself(location: str) -> None:
    with pytest.raises(GeneratorUnavailable):
        leads(HOSTS, "https://fal.media/a.mp4", location)


def test_a_redirect_never_leaves_https() -> None:
    """Not even for a stand-in that may be plain http by itself; the way up is open."""
    hosts = ["fal.media", "127.0.0.1:54400"]

    with pytest.raises(GeneratorUnavailable, match="not encrypted"):
        leads(hosts, "https://fal.media/a.mp4", "http://127.0.0.1:54400/b.mp4")
    assert leads(hosts, "http://127.0.0.1:54400/b.mp4", "https://fal.media/a.mp4") == "https://fal.media/a.mp4"


PUBLIC, LOOPBACK, PRIVATE = "93.184.216.34", "127.0.0.9", "10.9.9.9"
NEVER = ["169.254.169.254", "0.0.0.0", "::", "::ffff:93.184.216.34", "fe80::1%eth0", "224.0.0.1", "203.0.113.1"]


@pytest.mark.parametrize(
    ("host", "port", "good"),
    [
        ("v3.fal.media", 443, {PUBLIC}),
        ("files.test", 54404, {PUBLIC, LOOPBACK}),
        ("localhost", 54401, {LOOPBACK}),
        ("127.0.0.1", 54400, {LOOPBACK}),
        ("10.1.2.3", 54403, {PRIVATE}),
        ("example.com", 443, set()),
        ("fal.media", 80, set()),
    ],
)
def test_a_host_may_be_at_addresses_of_its_kind_only(host: str, port: int, good: set[str]) -> None:
    """Public ones; loopback where it has a port; and a stand-in stays where its own address is."""
    rules, admitted = ClipHosts([*HOSTS, *STAND_INS]), set()
    for address in [PUBLIC, LOOPBACK, PRIVATE, *NEVER]:
        with suppress(GeneratorUnavailable):
            rules.check(host, port, address)
            admitted.add(address)

    assert admitted == good


def test_a_refused_address_is_told_with_its_kind_and_what_to_do() -> None:
    with pytest.raises(GeneratorUnavailable) as refusal:
        ClipHosts(HOSTS).check("fal.media", 443, "10.1.2.3")

    assert all(word in str(refusal.value) for word in ("fal.media", "10.1.2.3", "private", "STORYREEL_CLIP_HOSTS"))
