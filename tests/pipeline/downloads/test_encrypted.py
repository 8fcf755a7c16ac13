"""TLS: whoever answers proves the name, and what was meddled with on the way is no clip."""

import ssl
from pathlib import Path

import pytest

from local.fal.server import Tls
from pipeline.download import HttpClipSource
from pipeline.errors import GeneratorUnavailable
from tests.pipeline.downloads.servers import CLIP, Internet, Names, meddling, reply, serving

URL = "https://v3.fal.media/clip.mp4"
ONE = "93.184.216.34"


async def test_a_certificate_for_another_name_is_refused(
    file: Path, trust: ssl.SSLContext, certificate: Tls
) -> None:
    """Whoever answers at the address must prove the name; nothing is asked of anybody else."""
    async with serving(reply(CLIP), tls=certificate) as served:
        internet, names = Internet({ONE: served.port}), Names({"files.test": [[ONE]]})
        source = HttpClipSource(hosts=["files.test"], tls=trust, resolve=names, network=internet)
        with pytest.raises(GeneratorUnavailable):
            await source.download("https://files.test/clip.mp4", file)

    assert internet.connected == [(ONE, 443)]
    assert served.heads == []


async def test_a_certificate_of_nobody_we_trust_is_refused(file: Path, certificate: Tls) -> None:
    """By default, too."""
    async with serving(reply(CLIP), tls=certificate) as served:
        internet, names = Internet({ONE: served.port}), Names({"v3.fal.media": [[ONE]]})
        with pytest.raises(GeneratorUnavailable):
            await HttpClipSource(hosts=["fal.media"], resolve=names, network=internet).download(URL, file)

    assert served.heads == []


@pytest.mark.parametrize("flip", [True, False], ids=["changed", "cut off"])
async def test_a_clip_that_was_meddled_with_on_the_way_is_none(
    file: Path, trust: ssl.SSLContext, certificate: Tls, *, flip: bool
) -> None:
    """A changed record and an early end, though both look in order from below."""
    async with (
        serving(reply(CLIP), tls=certificate) as served,
        meddling(served.port, after=100_000, flip=flip) as port,
    ):
        internet, names = Internet({ONE: port}), Names({"v3.fal.media": [[ONE]]})
        with pytest.raises(GeneratorUnavailable):
            await HttpClipSource(hosts=["fal.media"], tls=trust, resolve=names, network=internet).download(
                URL, file
            )


async def test_a_server_that_never_finishes_its_handshake_is_given_up(file: Path, trust: ssl.SSLContext) -> None:
    """It listens and says nothing, since what comes in is no request; and it is hung up on."""
    async with serving(reply(CLIP)) as served:
        internet, names = Internet({ONE: served.port}), Names({"v3.fal.media": [[ONE]]})
        source = HttpClipSource(hosts=["fal.media"], tls=trust, resolve=names, network=internet, seconds=0.3)
        with pytest.raises(GeneratorUnavailable):
            await source.download(URL, file)
        await served.empty.wait()
