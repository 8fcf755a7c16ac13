"""Where a download connects to: an address of the name that was checked, and nowhere else."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

import httpcore
import pytest

from local.fal.server import Tls
from pipeline.connect import CheckedNetwork, look_up
from pipeline.download import HttpClipSource
from pipeline.errors import GeneratorUnavailable
from tests.pipeline.downloads.servers import (
    CLIP,
    TRUSTING_NOBODY,
    Internet,
    Names,
    reply,
    serving,
)

URL = "https://v3.fal.media/clip.mp4"
ONE, TWO, LAST = "93.184.216.34", "93.184.216.35", "93.184.216.36"
SIX, OTHER_SIX = "2606:4700::6810:1", "2606:4700::6810:2"


async def connected(
    file: Path, answers: Sequence[Sequence[str]], *, trust: ssl.SSLContext, certificate: Tls
) -> tuple[list[tuple[str, int]], list[str]]:
    """What was connected to where the name has these addresses, one list after the other, and what went wrong.

    All of them lead to a server.
    """
    errors = []
    async with serving(reply(CLIP), tls=certificate) as served:
        everywhere = {address: served.port for addresses in answers for address in addresses}
        internet, names = Internet(everywhere), Names({"v3.fal.media": answers})
        source = HttpClipSource(hosts=["fal.media"], tls=trust, resolve=names, network=internet)
        try:
            await source.download(URL, file)
        except GeneratorUnavailable as error:
            errors.append(str(error))
        assert served.connections == len(internet.connected)
    return internet.connected, errors


async def test_the_name_is_asked_for_at_its_address(file: Path, trust: ssl.SSLContext, certificate: Tls) -> None:
    """TLS and the request say the name, the certificate proves it, and the connection is to the address."""
    async with serving(reply(CLIP), tls=certificate) as served:
        internet, names = Internet({ONE: served.port}), Names({"v3.fal.media": [[ONE]]})
        await HttpClipSource(hosts=["fal.media"], tls=trust, resolve=names, network=internet).download(URL, file)

    assert file.read_bytes() == CLIP
    assert internet.connected == [(ONE, 443)]
    assert names.asked == [("v3.fal.media", 443)]
    assert served.names == ["v3.fal.media"]
    assert b"\r\nhost: v3.fal.media\r\n" in served.heads[0].lower()


async def test_the_name_is_looked_up_once(file: Path, trust: ssl.SSLContext, certificate: Tls) -> None:
    """DNS rebinding: the address that is connected to is the one that was checked, whatever is answered next."""
    answers = [[ONE], ["127.0.0.1"]]

    assert await connected(file, answers, trust=trust, certificate=certificate) == ([(ONE, 443)], [])


async def test_a_name_that_is_rebound_is_never_connected_to_again(
    file: Path, trust: ssl.SSLContext, certificate: Tls
) -> None:
    """The same over nothing but sockets: a trap listens where the second look-up leads."""
    async with (
        serving(reply(CLIP), tls=certificate) as served,
        serving(reply(CLIP), tls=certificate, host="127.0.0.2", port=served.port) as trap,
    ):
        names = Names({"v3.fal.media": [["127.0.0.1"], ["127.0.0.2"]]})
        source = HttpClipSource(hosts=[f"v3.fal.media:{served.port}"], tls=trust, resolve=names)
        await source.download(f"https://v3.fal.media:{served.port}/clip.mp4", file)

    assert (served.connections, trap.connections, len(names.asked)) == (1, 0, 1)


@pytest.mark.parametrize(
    "bad",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "169.254.1.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::1",
        "::",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:93.184.216.34",
        "::127.0.0.1",
        "2002:7f00:1::",
        "2001:0:5db8:d822::1",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::127.0.0.1",
        "fal.media",
        "",
    ],
)
async def test_one_bad_address_among_good_ones_refuses_them_all(
    file: Path, trust: ssl.SSLContext, certificate: Tls, bad: str
) -> None:
    """Wherever it stands, nothing is connected to; the clip is not given up for it."""
    for answer in ([bad], [ONE, bad], [bad, SIX], [ONE, TWO, SIX, "1.1.1.1", "1.0.0.1", bad]):
        tried, (error,) = await connected(file, [answer], trust=trust, certificate=certificate)
        assert tried == []
        assert "v3.fal.media" in error
        assert repr(bad) in error
        assert "STORYREEL_CLIP_HOSTS" in error


@pytest.mark.parametrize(
    "answer",
    [
        ["0.0.0.0"],
        ["::"],
        ["::ffff:127.0.0.1"],
        ["::ffff:7f00:1"],
        ["127.0.0.1", "0.0.0.0"],
        ["127.0.0.1", "10.0.0.1"],
    ],
)
async def test_no_way_round_leads_to_loopback(file: Path, answer: list[str]) -> None:
    """Over nothing but sockets: each of these would reach the trap."""
    async with serving(reply(CLIP)) as trap:
        source = HttpClipSource(
            hosts=[f"localhost:{trap.port}"], tls=TRUSTING_NOBODY, resolve=Names({"localhost": [answer]})
        )
        with pytest.raises(GeneratorUnavailable, match="STORYREEL_CLIP_HOSTS"):
            await source.download(f"http://localhost:{trap.port}/clip.mp4", file)

    assert trap.connections == 0


async def test_a_stand_in_is_asked_by_its_name_or_its_address(file: Path) -> None:
    """`localhost` is looked up here, with this machine's resolver; an address is not looked up at all."""
    async with serving(reply(CLIP)) as served:
        for host, resolve in (("localhost", look_up), ("127.0.0.1", Names({}))):
            hosts = [f"{host}:{served.port}"]
            source = HttpClipSource(hosts=hosts, tls=TRUSTING_NOBODY, resolve=resolve)
            await source.download(f"http://{hosts[0]}/clip.mp4", file)

    assert served.connections == 2


async def test_a_stand_in_may_have_an_ipv6_address(file: Path) -> None:
    async with serving(reply(CLIP)) as served:
        internet = Internet({"::1": served.port})
        source = HttpClipSource(hosts=["[::1]:54400"], tls=TRUSTING_NOBODY, network=internet)
        await source.download("http://[::1]:54400/clip.mp4", file)

    assert internet.connected == [("::1", 54400)]
    assert b"\r\nhost: [::1]:54400\r\n" in served.heads[0].lower()


@pytest.mark.parametrize(
    ("addresses", "tried"),
    [
        ([SIX, OTHER_SIX, SIX, ONE, LAST, TWO], [SIX, ONE, OTHER_SIX, LAST]),
        ([ONE, TWO, SIX, LAST], [ONE, SIX, TWO, LAST]),
    ],
)
async def test_the_next_address_is_tried_where_one_does_not_answer(
    file: Path, trust: ssl.SSLContext, certificate: Tls, addresses: list[str], tried: list[str]
) -> None:
    """Both families early, the resolver's choice first; an address said twice counts once."""
    async with serving(reply(CLIP), tls=certificate) as served:
        internet, names = Internet({LAST: served.port}), Names({"v3.fal.media": [addresses]})
        await HttpClipSource(hosts=["fal.media"], tls=trust, resolve=names, network=internet).download(URL, file)

    assert internet.connected == [(address, 443) for address in tried]


async def test_a_name_with_very_many_addresses_is_given_up_soon(file: Path) -> None:
    """All are checked, four are tried."""
    internet = Internet({})
    names = Names({"v3.fal.media": [[f"93.184.{number}.1" for number in range(256)]]})
    source = HttpClipSource(hosts=["fal.media"], tls=TRUSTING_NOBODY, resolve=names, network=internet)
    with pytest.raises(GeneratorUnavailable):
        await source.download(URL, file)

    assert len(internet.connected) == 4


@pytest.mark.parametrize("names", [{}, {"v3.fal.media": [[]]}])
async def test_a_name_without_an_address_passes(file: Path, names: dict[str, list[list[str]]]) -> None:
    source = HttpClipSource(hosts=["fal.media"], tls=TRUSTING_NOBODY, resolve=Names(names), network=Internet({}))
    with pytest.raises(GeneratorUnavailable, match="ConnectError"):
        await source.download(URL, file)


async def test_an_address_where_packets_vanish_leaves_time_for_the_next() -> None:
    """Each may take its share of what is left."""
    internet, names = Internet({}), Names({"v3.fal.media": [[ONE, TWO, LAST]]})
    with pytest.raises(httpcore.ConnectError):
        await CheckedNetwork(lambda *_: None, resolve=names, network=internet).connect_tcp(
            "v3.fal.media", 443, 60.0
        )

    first, second, third = internet.patience
    assert first <= 20.0
    assert second <= 30.0
    assert third <= 60.0


async def test_a_resolver_that_says_nothing_is_given_up_in_time() -> None:
    """It has its part of the same time."""

    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    network = CheckedNetwork(lambda *_: None, resolve=never, network=Internet({}))
    with pytest.raises(httpcore.ConnectTimeout, match="looked up"):
        await network.connect_tcp("v3.fal.media", 443, 0.1)


async def test_no_proxy_is_heeded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look the name up itself, after our check."""
    async with serving(reply(CLIP)) as trap, serving(reply(CLIP)) as served:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{trap.host}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        source = HttpClipSource(hosts=[served.host], tls=TRUSTING_NOBODY)
        await source.download(f"http://{served.host}/clip.mp4", file)

    assert (served.connections, trap.connections) == (1, 0)
