"""Redirects: followed where the clip itself might lie, three times at most, each as suspiciously as the first."""

import ssl
from pathlib import Path

import pytest

from local.fal.server import Tls
from pipeline.download import MAX_REDIRECTS, HttpClipSource
from pipeline.errors import GeneratorMissing, GeneratorUnavailable
from tests.pipeline.downloads.servers import (
    CLIP,
    TRUSTING_NOBODY,
    Internet,
    Names,
    fetched,
    redirect,
    reply,
    serving,
)

URL = "https://v3.fal.media/a.mp4"
ONE, TWO = "93.184.216.34", "93.184.216.35"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(file: Path, status: int) -> None:
    """To where its relative address leads, on the same host."""
    async with serving(redirect("../b.mp4?x=1", status=status), reply(CLIP)) as served:
        source = HttpClipSource(hosts=[served.host], tls=TRUSTING_NOBODY)
        await source.download(f"http://{served.host}/files/a.mp4", file)

    assert file.read_bytes() == CLIP
    assert served.targets == ["/files/a.mp4", "/b.mp4?x=1"]


async def test_a_redirect_is_followed_to_another_host_of_the_providers(
    file: Path, trust: ssl.SSLContext, certificate: Tls
) -> None:
    """Which is looked up, connected to and proven as if it had been the first."""
    async with (
        serving(redirect("https://fal.media/b.mp4"), tls=certificate) as first,
        serving(reply(CLIP), tls=certificate) as second,
    ):
        internet = Internet({ONE: first.port, TWO: second.port})
        names = Names({"v3.fal.media": [[ONE]], "fal.media": [[TWO]]})
        await HttpClipSource(hosts=["fal.media"], tls=trust, resolve=names, network=internet).download(URL, file)

    assert file.read_bytes() == CLIP
    assert internet.connected == [(ONE, 443), (TWO, 443)]
    assert (first.names, second.names) == (["v3.fal.media"], ["fal.media"])
    assert b"\r\nhost: fal.media\r\n" in second.heads[0].lower()


async def test_three_redirects_are_followed_and_no_fourth(file: Path) -> None:
    hops = [redirect(f"/{number}") for number in range(1, MAX_REDIRECTS + 1)]
    await fetched(file, *hops, reply(CLIP))
    assert file.read_bytes() == CLIP

    file.unlink()
    async with serving(*hops, redirect("/4"), reply(CLIP)) as served:
        with pytest.raises(GeneratorUnavailable, match="more than 3 times"):
            await HttpClipSource(hosts=[served.host], tls=TRUSTING_NOBODY).download(
                f"http://{served.host}/0", file
            )
    assert served.targets == ["/0", "/1", "/2", "/3"]
    assert not file.exists()


async def test_a_circle_is_left(file: Path) -> None:
    async with serving(redirect("/a.mp4")) as served:
        with pytest.raises(GeneratorUnavailable):
            await HttpClipSource(hosts=[served.host], tls=TRUSTING_NOBODY).download(
                f"http://{served.host}/a.mp4", file
            )

    assert len(served.heads) == 1 + MAX_REDIRECTS


async def test_a_redirect_to_nowhere_is_trouble_of_the_server(file: Path) -> None:
    with pytest.raises(GeneratorUnavailable, match="HTTP 302"):
        await fetched(file, reply(status="302 X"), reply(CLIP))


async def test_what_lies_behind_a_redirect_is_judged_as_ever(file: Path) -> None:
    with pytest.raises(GeneratorMissing):
        await fetched(file, redirect("/gone"), reply(status="404 X"))


async def test_a_body_beside_the_redirect_is_not_waited_for(file: Path) -> None:
    """However long it says it is."""
    await fetched(file, reply(status="302 X", length="1000000", more="location: /b.mp4\r\n"), reply(CLIP))

    assert file.read_bytes() == CLIP


@pytest.mark.parametrize(
    "location", ["http://{trap}/x", "//{trap}/x", "https://{trap}/x", "http://[::1", "file:///x"]
)
async def test_a_redirect_elsewhere_is_not_followed(file: Path, location: str) -> None:
    """Not to a port or a host that is not on the list, however it is written."""
    async with serving(reply(CLIP)) as trap:
        with pytest.raises(GeneratorUnavailable, match="STORYREEL_CLIP_HOSTS"):
            await fetched(file, redirect(location.format(trap=trap.host)), reply(CLIP))

    assert trap.connections == 0


async def test_a_redirect_to_an_address_nearby_is_not_followed(
    file: Path, trust: ssl.SSLContext, certificate: Tls
) -> None:
    """A name of the provider's that leads here, and the name just asked once it leads here."""
    for name in ("fal.media", "v3.fal.media"):
        async with (
            serving(reply(CLIP), tls=certificate) as trap,
            serving(redirect(f"https://{name}/b.mp4"), tls=certificate) as first,
        ):
            internet = Internet({ONE: first.port, "127.0.0.1": trap.port})
            names = Names({"v3.fal.media": [[ONE], ["127.0.0.1"]], "fal.media": [["127.0.0.1"]]})
            source = HttpClipSource(hosts=["fal.media"], tls=trust, resolve=names, network=internet)
            with pytest.raises(GeneratorUnavailable, match="loopback"):
                await source.download(URL, file)

        assert internet.connected == [(ONE, 443)]
        assert trap.connections == 0


async def test_a_redirect_does_not_leave_https(file: Path, trust: ssl.SSLContext, certificate: Tls) -> None:
    """Not for a stand-in either, which may be asked in the clear by itself."""
    async with (
        serving(reply(CLIP)) as trap,
        serving(redirect(f"http://{trap.host}/b.mp4"), tls=certificate) as first,
    ):
        internet, names = Internet({ONE: first.port, "127.0.0.1": trap.port}), Names({"v3.fal.media": [[ONE]]})
        source = HttpClipSource(hosts=["fal.media", trap.host], tls=trust, resolve=names, network=internet)
        with pytest.raises(GeneratorUnavailable, match="not encrypted"):
            await source.download(URL, file)

    assert trap.connections == 0
