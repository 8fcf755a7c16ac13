"""Which URLs are a provider's: names with their subdomains, hosts with a port, and nobody else."""

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.clip_hosts import ClipHosts, Place
from pipeline.errors import BadSetting, GeneratorUnavailable

HOSTS = ["fal.media", "storage.googleapis.com"]
STAND_INS = [
    "127.0.0.1:54400",
    "localhost:54401",
    "[::1]:54402",
    "10.1.2.3:54403",
    "files.test:54404",
    "93.184.216.34:54405",
    "198.18.1.2:54406",
]


def refused(url: str, hosts: list[str]) -> bool:
    """Whether the URL is refused; then the error says how it would not be."""
    refusals = []
    try:
        ClipHosts(hosts).place(url)
    except GeneratorUnavailable as error:
        refusals.append(error)
    assert all("STORYREEL_CLIP_HOSTS" in str(refusal) for refusal in refusals)
    return bool(refusals)


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("https://fal.media/files/clip.mp4", "fal.media", "/files/clip.mp4"),
        ("https://v3.fal.media/clip.mp4", "v3.fal.media", "/clip.mp4"),
        ("https://v3b.cdn.fal.media/clip.mp4?x=1&y=%20#t=2", "v3b.cdn.fal.media", "/clip.mp4?x=1&y=%20"),
        ("HTTPS://V3.FAL.media:443/Clip.mp4", "v3.fal.media", "/Clip.mp4"),
        ("https://fal.media", "fal.media", "/"),
        ("https://fal.media?x", "fal.media", "/?x"),
        (
            "https://a_bucket.storage.googleapis.com/a b/ü.mp4",
            "a_bucket.storage.googleapis.com",
            "/a%20b/%C3%BC.mp4",
        ),
    ],
)
def test_the_providers_hosts_are_admitted(url: str, host: str, target: str) -> None:
    """The names and their subdomains, over https."""
    assert ClipHosts(HOSTS).place(url) == Place("https", host, 443, target)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/clip.mp4",
        "https://fal.media.example.com/clip.mp4",
        "https://notfal.media/clip.mp4",
        "https://fal.media./clip.mp4",
        "https://.fal.media/clip.mp4",
        "https://a..fal.media/clip.mp4",
        "https://fal.media@example.com/clip.mp4",
        "https://example.com@fal.media/clip.mp4",
        "https://user:password@fal.media/clip.mp4",
        "https://@fal.media/clip.mp4",
        "https://example.com/fal.media",
        "https://example.com#fal.media",
        "https://example.com?fal.media",
        "https://example.com\\@fal.media/",
        "https://example.com\\.fal.media/",
        "https://example.com%2f.fal.media/",
        "https://example.com%00.fal.media/",
        "https://fal.media:8443/clip.mp4",
        "https://fal.media:0/clip.mp4",
        "https://fal.media:/clip.mp4",
        "https://fal.media:0443/clip.mp4",
        "https://fal.media:443443/clip.mp4",
        "https://fal.media:\uff14\uff14\uff13/clip.mp4",
        "https://fal｡media/clip.mp4",
        "https://ﬀ.fal.media/clip.mp4",
        "https://xn--ü.fal.media/clip.mp4",
        f"https://{'a' * 64}.fal.media/clip.mp4",
        f"https://{'a.' * 123}fal.media/clip.mp4",
        f"https://fal.media/{'a' * 8_192}",
        "http://fal.media/clip.mp4",
        "http://fal.media:443/clip.mp4",
        "ftp://fal.media/clip.mp4",
        "wss://fal.media/clip.mp4",
        "file:///etc/passwd",
        "gopher://fal.media/_x",
        "https://127.0.0.1/clip.mp4",
        "https://2130706433/clip.mp4",
        "http://169.254.169.254/latest/meta-data",
        "https://[::1]/clip.mp4",
        "https://[::ffff:127.0.0.1]/clip.mp4",
        "https://[fe80::1%25eth0]/clip.mp4",
        "https://[fal.media]/clip.mp4",
        "https://[::1]fal.media/clip.mp4",
        "https://[::1/clip.mp4",
        "https:fal.media/clip.mp4",
        "https:///fal.media/clip.mp4",
        "//fal.media/clip.mp4",
        "clip.mp4",
        "https://fal.media/\x00",
        "https://fal.media/clip.mp4\r\nhost: example.com",
        "https://fal.\tmedia/clip.mp4",
        "https://fal.media/\ud800",
        "",
    ],
)
def test_no_other_url_is(url: str) -> None:
    """A clip's URL is the provider's word, and trusted only as far as this list goes."""
    assert refused(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:54400/x",
        "https://127.0.0.1:54400/x",
        "http://localhost:54401/x",
        "http://[::1]:54402/x",
        "http://10.1.2.3:54403/x",
        "http://198.18.1.2:54406/x",
        "https://files.test:54404/x",
        "https://93.184.216.34:54405/x",
    ],
)
def test_a_host_with_a_port_is_admitted_on_that_port(url: str) -> None:
    assert not refused(url, STAND_INS)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://127.0.0.1:54401/x",
        "http://127.0.0.2:54400/x",
        "http://127.1:54400/x",
        "http://a.localhost:54401/x",
        "http://localhost:54400/x",
        "http://u:p@127.0.0.1:54400/x",
        "ftp://127.0.0.1:54400/x",
        "https://sub.files.test:54404/x",
        "https://files.test/x",
    ],
)
def test_it_admits_no_neighbour(url: str) -> None:
    """No other port, no other host, no subdomain, no user before it."""
    assert refused(url, STAND_INS)


@pytest.mark.parametrize("url", ["http://files.test:54404/x", "http://93.184.216.34:54405/x"])
def test_what_may_be_public_is_never_asked_in_the_clear(url: str) -> None:
    """Plain http is for a stand-in whose packets stay near: a name, or a public address, is none."""
    assert refused(url, STAND_INS)


@pytest.mark.parametrize(
    "entry",
    [
        "https://fal.media",
        "fal.media/files",
        "*.fal.media",
        "fal.media:https",
        "fal.media:0",
        "fal.media:65536",
        "user@fal.media",
        "fal media",
        "[fal.media]:443",
        "",
        "0.0.0.0:54400",
        "169.254.169.254:80",
        "[fd00:ec2::254]:80",
        "[::ffff:127.0.0.1]:54400",
        "[fe80::1]:54400",
        "224.0.0.1:54400",
    ],
)
def test_an_entry_that_could_admit_nothing_stops_the_start(entry: str) -> None:
    """A slip in the list would show otherwise only when a paid clip is not brought home."""
    with pytest.raises(BadSetting, match="STORYREEL_CLIP_HOSTS"):
        ClipHosts([entry])


PIECES = [
    "https://",
    "http://",
    "fal.media",
    "example.com",
    "127.0.0.1:54400",
    "[::1]",
    "//",
    "443",
    "xn--",
    "%2f",
]
CHARACTERS = '@:/\\?#.% \t\n\x00\ud800|"[]ﬀ。\u212a'
nasty = st.lists(st.sampled_from([*PIECES, *CHARACTERS]), max_size=8).map("".join)


@given(nasty | nasty.map("https://fal.media".__add__) | nasty.map("https://fal.media/".__add__))
@example('https://fal.media/|"<>^`{} ')
def test_whatever_is_admitted_is_read_by_another_parser_as_the_same(url: str) -> None:
    """No two readings of one URL, of which one is checked and the other asked."""
    try:
        place = ClipHosts(["fal.media", "127.0.0.1:54400"]).place(url)
    except GeneratorUnavailable:
        return
    other = httpx.URL(url)
    assert place.host == "fal.media" or place.host.endswith(".fal.media") or place.authority == "127.0.0.1:54400"
    assert (place.scheme, place.host) == (other.scheme, other.host)
    assert other.port in {None, place.port}
    assert other.userinfo == b""
    assert place.target.isascii()
    assert not set(place.target) & set(" \t\r\n")
