"""Buckets as processes open them, by their settings: what one signs, the local gateway serves."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest

from functions.services import Services, open_bucket
from functions.settings import Settings, read
from local.gateway import create_gateway
from tests.storage.buckets.servers import serving, silent_address

ENVIRONMENT = {
    "SUPABASE_DB_URL": "postgresql://storyreel@127.0.0.1/x",
    "SUPABASE_SECRET_KEY": "sb_secret_0123456789",
    "FAL_KEY": "emulator:local",
}
S3 = {"STORYREEL_S3_ACCESS_KEY": "a", "STORYREEL_S3_SECRET_KEY": "b"}


def settings(folder: Path | None, url: str, **more: str) -> Settings:
    where = {} if folder is None else {"STORYREEL_BUCKET_FOLDER": str(folder)}
    return read({**ENVIRONMENT, "SUPABASE_URL": url, **where, **more}, cores=1)


def no_services() -> AbstractAsyncContextManager[Services]:
    raise AssertionError("nothing but the bucket is asked for")


@pytest.mark.parametrize("secrets", ["", "first-secret-0123456,second-secret-012345"])
async def test_the_gateway_serves_what_a_process_with_its_settings_signs(tmp_path: Path, secrets: str) -> None:
    """Private, by whatever secret; and to nobody without the signature."""
    more = {"STORYREEL_BUCKET_ACCESS": "private", "STORYREEL_SECRETS": secrets}
    (tmp_path / "clip").write_bytes(b"clip")
    gateway = create_gateway(settings(tmp_path / "bucket", "http://127.0.0.1:1", **more), no_services)
    with serving(gateway) as address:
        async with open_bucket(settings(tmp_path / "bucket", address, **more).bucket) as bucket:
            await bucket.ensure()
            await bucket.put("a.mp4", tmp_path / "clip", content_type="video/mp4")
            signed = await bucket.sign("a.mp4", seconds=60)
        async with httpx.AsyncClient() as browser:
            assert (await browser.get(signed)).content == b"clip"
            assert (await browser.get(signed.partition("?")[0])).status_code == 400
            assert (await browser.get(f"{address}/storage/v1/object/public/videos/a.mp4")).status_code == 400


@pytest.mark.parametrize("place", [{}, S3])
@pytest.mark.parametrize("access", ["public", "private"])
async def test_a_bucket_is_opened_without_a_request(place: dict[str, str], access: str) -> None:
    """So that a function that only signs waits for none: where the bucket is, nobody listens."""
    nowhere = silent_address()
    more = place and {**place, "STORYREEL_S3_ENDPOINT": nowhere}
    public = {"STORYREEL_PUBLIC_URL": nowhere} if place and access == "public" else {}
    wanted = settings(None, nowhere, STORYREEL_BUCKET_ACCESS=access, **more, **public)

    async with open_bucket(wanted.bucket) as bucket:
        assert bucket.is_public is (access == "public")
        assert bucket.is_public is wanted.bucket.is_public
