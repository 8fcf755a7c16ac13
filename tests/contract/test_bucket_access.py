"""Public or private: a bucket is what is asked for, or refused, and never taken for what it is not."""

from pathlib import Path

import httpx
import pytest

from pipeline.errors import BucketRefused
from pipeline.ports import Bucket
from tests.contract.conftest import Put, is_refused
from tests.storage.buckets.places import OF_OBSTORE, PRIVATE, PUBLIC, Places, let_everyone_read


@pytest.mark.parametrize("kind", PRIVATE)
async def test_a_private_bucket_has_no_public_address(bucket: Bucket) -> None:
    """Asked for one, it says what to do instead."""
    assert not bucket.is_public
    with pytest.raises(BucketRefused, match=r"private.*sign one"):
        bucket.url("clip.mp4")


@pytest.mark.parametrize("kind", PUBLIC)
async def test_no_address_of_a_public_bucket_pretends_to_expire(bucket: Bucket, put: Put) -> None:
    """Since the file would be read all the same."""
    await put("clip.mp4")

    assert bucket.is_public
    with pytest.raises(BucketRefused, match="public"):
        await bucket.sign("clip.mp4", seconds=600)


@pytest.mark.parametrize("kind", ["disk", "supabase"])
async def test_a_bucket_of_the_other_access_is_refused(places: Places, kind: str) -> None:
    """Neither is a private bucket opened to the world, nor a public one taken for private; both say what to do."""
    for first, second, complaint in (
        (kind, f"private {kind}", "is public, and it should be private.*Make it private"),
        (f"private {kind}", kind, "is private, and it should be public.*STORYREEL_BUCKET_ACCESS=private"),
    ):
        name = f"{first.replace(' ', '-')}-first"
        async with places.bucket(first, name) as made, places.bucket(second, name) as other:
            await made.ensure()
            with pytest.raises(BucketRefused, match=complaint):
                await other.ensure()
            await made.ensure()


@pytest.mark.parametrize("kind", OF_OBSTORE)
async def test_a_bucket_that_strangers_read_is_refused_as_private(
    places: Places, kind: str, browser: httpx.AsyncClient, clip: Path
) -> None:
    """It is asked for a file without a key: a full one when it is opened, an empty one when the first is put."""
    for name, full in ((f"{kind}-open-full", True), (f"{kind}-open-empty", False)):
        places.prepare(kind, name)
        async with places.bucket(kind, name) as public:
            await public.ensure()
            if kind == "s3":
                let_everyone_read(places.s3, name)
            if full:
                await public.put("clip.mp4", clip, content_type="video/mp4")
                assert (await browser.get(public.url("clip.mp4"))).content == b"clip"

        async with places.bucket(f"private {kind}", name) as private:
            if not full:
                await private.ensure()
            with pytest.raises(BucketRefused, match="is public, and it should be private"):
                await (private.ensure() if full else private.put("secret.mp4", clip, content_type="video/mp4"))

        assert is_refused(await browser.get(public.url("secret.mp4")))


@pytest.mark.parametrize("kind", OF_OBSTORE[1:])
async def test_a_bucket_that_its_owner_must_make_is_asked_for(places: Places, kind: str) -> None:
    """With the command that makes it, since who pays for it and where it lies is not ours to choose."""
    async with places.bucket(f"private {kind}", "not-made-yet") as bucket:
        with pytest.raises(BucketRefused, match=r"there is no .*'not-made-yet'.* create .*not-made-yet"):
            await bucket.ensure()


async def test_either_server_signs_for_the_other(places: Places, clip: Path, browser: httpx.AsyncClient) -> None:
    """An address by the folder is served like one by the server over it, for whoever knows the same secret."""
    async with (
        places.bucket("private disk", "both") as disk,
        places.bucket("private supabase", "both") as supabase,
    ):
        await disk.ensure()
        await supabase.ensure()
        await disk.put("clip.mp4", clip, content_type="video/mp4")

        for bucket in (disk, supabase):
            assert (await browser.get(await bucket.sign("clip.mp4", seconds=60))).content == b"clip"
