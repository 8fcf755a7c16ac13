"""Answers about videos in a private bucket: their addresses are signed, and expire."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from functions.services import Services, open_bucket, open_services
from functions.settings import Settings, read
from local.gateway import create_gateway
from storage.deployment import note_bucket
from tests.conftest import DatabaseUrls
from tests.functions.serving import CALLS, SECRET, Door, address, listener, open_door, serving

WHALE = {"text": "A whale", "id": "whale"}
VIDEO = "/functions/v1/video"


@pytest.fixture
async def private(database_urls: DatabaseUrls, tmp_path: Path) -> AsyncIterator[Door]:
    """The functions and a private bucket beside them, as on a laptop, with a poster and a clip of the whale."""
    bound = listener()
    url = address(bound)
    settings = read(
        {
            "SUPABASE_URL": url,
            "SUPABASE_DB_URL": database_urls.worker,
            "SUPABASE_SECRET_KEY": SECRET,
            "FAL_KEY": "id:secret",
            "STORYREEL_BUCKET_FOLDER": str(tmp_path / "bucket"),
            "STORYREEL_BUCKET_ACCESS": "private",
        },
        cores=1,
    )
    app = create_gateway(settings, lambda: open_services(settings))
    async with (
        serving(app, bound),
        httpx.AsyncClient(base_url=url, headers={"apikey": SECRET}, trust_env=False, timeout=60) as http,
    ):
        services: Services = app.state.services
        await _fill(settings, services, tmp_path)
        yield Door(url, http, services)


async def _fill(settings: Settings, services: Services, folder: Path) -> None:
    file = folder / "file"
    file.write_bytes(b"frames")
    async with open_bucket(settings.bucket) as bucket:
        await bucket.ensure()
        await note_bucket(services.database, bucket)
        await bucket.put("renditions/a/video.mp4", file, content_type="video/mp4")
        await bucket.put("renditions/a/poster.jpg", file, content_type="image/jpeg")


async def shown(owner: psycopg.AsyncConnection) -> None:
    """Every video shows the whale's files."""
    await owner.execute(
        "update storyreel.videos set bucket = 'videos', path = 'renditions/a/video.mp4',"
        " poster_path = 'renditions/a/poster.jpg'"
    )


async def test_addresses_are_signed(private: Door, owner: psycopg.AsyncConnection) -> None:
    """What the answer names plays without a key; the file itself has no public address."""
    await private.post(json=WHALE)
    await shown(owner)

    video = (await private.post(json=WHALE)).json()

    async with httpx.AsyncClient(trust_env=False) as stranger:
        for name, kind in (("url", "video/mp4"), ("poster_url", "image/jpeg")):
            answer = await stranger.get(video[name])
            assert (answer.status_code, answer.content) == (200, b"frames")
            assert answer.headers["content-type"] == kind
        bare = video["url"].partition("?")[0]
        assert (await stranger.get(bare)).status_code == 400
        assert (await stranger.get(bare.replace("/sign/", "/public/"))).status_code == 400


async def test_a_video_read_again_has_a_new_address(private: Door, owner: psycopg.AsyncConnection) -> None:
    """`GET video/<id>` is where an app comes when the last address has expired."""
    made = (await private.post(json=WHALE)).json()
    await shown(owner)

    video = (await private.http.get(f"{VIDEO}/{made['id']}")).json()

    assert urlsplit(video["url"]).path == "/storage/v1/object/sign/videos/renditions/a/video.mp4"
    assert (await private.http.get(video["url"])).content == b"frames"


async def test_what_is_not_there_has_no_address(private: Door, owner: psycopg.AsyncConnection) -> None:
    """A placeholder that was never published, and a file that was removed: null, and no error."""
    made = (await private.post(json=WHALE)).json()
    assert (made["url"], made["poster_url"]) == (None, None)

    await owner.execute("update storyreel.videos set bucket = 'videos', path = 'gone.mp4'")
    answer = await private.http.get(f"{VIDEO}/{made['id']}")

    assert (answer.status_code, answer.json()["url"]) == (200, None)


async def test_a_bucket_that_is_away_loses_no_request(
    database_urls: DatabaseUrls, owner: psycopg.AsyncConnection
) -> None:
    """What was asked for stands, so that nobody asks twice; whoever only looks is told to come back."""
    nowhere = {"SUPABASE_URL": "http://127.0.0.1:9", "STORYREEL_BUCKET_ACCESS": "private"}
    async with open_door(database_urls.worker, **nowhere) as door:
        await door.post(CALLS, json=WHALE)
        await shown(owner)

        asked = await door.post(CALLS, json=WHALE)
        looked = await door.http.get(f"{VIDEO}/{asked.json()['id']}")

    assert (asked.status_code, asked.json()["url"]) == (202, None)
    assert (looked.status_code, looked.json()["code"]) == (503, "bucket_unavailable")
