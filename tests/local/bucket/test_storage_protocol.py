"""Supabase Storage's REST protocol, spoken by the real `supabase` client."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError

from storage.buckets.disk import DiskBucket
from supabase import AsyncClientOptions, acreate_client


@pytest.fixture
async def client(root: Path, address: str, secret: str) -> AsyncIterator[AsyncStorageClient]:
    async with httpx.AsyncClient() as http:
        supabase = await acreate_client(address, secret, AsyncClientOptions(httpx_client=http))
        yield supabase.storage


def told(error: pytest.ExceptionInfo[StorageApiError]) -> tuple[object, str]:
    return error.value.status, error.value.code


async def test_a_bucket_is_made_and_described(client: AsyncStorageClient) -> None:
    """With the settings given; private and unlimited where none are."""
    await client.create_bucket("plain")
    options = {"public": True, "file_size_limit": 10, "allowed_mime_types": ["video/*"]}
    await client.create_bucket("clips", options=options)  # type: ignore[arg-type] # a plain dict reads better

    plain, clips = await client.get_bucket("plain"), await client.get_bucket("clips")

    assert (plain.public, plain.file_size_limit, plain.allowed_mime_types) == (False, None, None)
    assert (clips.public, clips.file_size_limit, clips.allowed_mime_types) == (True, 10, ["video/*"])


async def test_buckets_are_missing_or_taken(client: AsyncStorageClient) -> None:
    """Bucket not found, and Duplicate."""
    with pytest.raises(StorageApiError) as missing:
        await client.get_bucket("clips")
    await client.create_bucket("clips")
    with pytest.raises(StorageApiError) as taken:
        await client.create_bucket("clips")

    assert told(missing) == ("404", "Bucket not found")
    assert told(taken) == ("409", "Duplicate")


async def test_the_package_uploads_and_downloads(
    client: AsyncStorageClient, disk: DiskBucket, tmp_path: Path
) -> None:
    """A multipart upload is an object for everyone: the package, DiskBucket, and the public URL."""
    clips = client.from_("clips")
    reply = await clips.upload("a b/ü.mp4", b"clip" * 50_000, {"content-type": "video/mp4"})

    assert reply.full_path == "clips/a b/ü.mp4"
    assert await clips.download("a b/ü.mp4") == b"clip" * 50_000
    await disk.get("a b/ü.mp4", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"clip" * 50_000
    async with httpx.AsyncClient() as browser:
        public = await browser.get(await clips.get_public_url("a b/ü.mp4"))
    assert (public.content, public.headers["content-type"]) == (b"clip" * 50_000, "video/mp4")


@pytest.mark.usefixtures("disk")
async def test_a_taken_path_needs_upsert(client: AsyncStorageClient) -> None:
    """POST refuses to replace, unless told; PUT replaces."""
    clips = client.from_("clips")
    await clips.upload("a.txt", b"one")

    with pytest.raises(StorageApiError) as taken:
        await clips.upload("a.txt", b"two")
    assert told(taken) == ("409", "Duplicate")
    assert await clips.download("a.txt") == b"one"

    await clips.upload("a.txt", b"three", {"upsert": "true"})
    assert await clips.download("a.txt") == b"three"
    await clips.update("a.txt", b"four")
    assert await clips.download("a.txt") == b"four"


@pytest.mark.usefixtures("disk")
async def test_info_and_absence(client: AsyncStorageClient) -> None:
    """Size and type of what is there, not_found for what is not."""
    clips = client.from_("clips")
    await clips.upload("a.webp", b"12345", {"content-type": "image/webp"})

    info = await clips.info("a.webp")

    assert (info["name"], info["size"], info["content_type"]) == ("a.webp", 5, "image/webp")
    assert await clips.exists("a.webp") is True
    assert await clips.exists("b.webp") is False
    with pytest.raises(StorageApiError) as missing:
        await clips.download("b.webp")
    assert told(missing) == ("404", "not_found")


@pytest.mark.usefixtures("disk")
async def test_what_is_given_along_is_told(
    client: AsyncStorageClient, address: str, secret: str, disk: DiskBucket, tmp_path: Path
) -> None:
    """By the package, and by a raw upload's header; it goes with the bytes it belongs to."""
    clips = client.from_("clips")
    await clips.upload("a.mp4", b"one", {"metadata": {"sha256": "ü"}})
    header = base64.b64encode(b'{"n": 1}').decode()
    async with httpx.AsyncClient(headers={"apikey": secret, "x-metadata": header}) as app:
        (await app.post(f"{address}/storage/v1/object/clips/b.mp4", content=b"x")).raise_for_status()

    assert (await clips.info("a.mp4"))["metadata"] == {"sha256": "ü"}
    assert (await clips.info("b.mp4"))["metadata"] == {"n": 1}
    await clips.upload("a.mp4", b"two", {"upsert": "true"})
    assert (await clips.info("a.mp4"))["metadata"] is None
    (tmp_path / "file").write_bytes(b"three")
    await disk.put("b.mp4", tmp_path / "file", content_type="video/mp4")
    assert (await clips.info("b.mp4"))["metadata"] is None
    await clips.upload("c.mp4", b"one", {"metadata": {"sha256": "ü"}})
    await disk.delete(["a.mp4", "b.mp4", "c.mp4"])
    assert list((disk._folder.base).iterdir()) == []


async def test_a_bucket_is_changed_in_what_is_told(client: AsyncStorageClient) -> None:
    """The rest stays."""
    await client.create_bucket("clips", options={"public": True, "file_size_limit": 4})
    await client.update_bucket("clips", {"allowed_mime_types": ["video/mp4"]})
    clips = await client.get_bucket("clips")

    assert (clips.public, clips.file_size_limit, clips.allowed_mime_types) == (True, 4, ["video/mp4"])
    with pytest.raises(StorageApiError) as missing:
        await client.update_bucket("other", {"public": True})
    assert told(missing) == ("404", "Bucket not found")


async def test_limits_are_enforced(client: AsyncStorageClient) -> None:
    """Size and type refused in Supabase's words, and nothing is stored."""
    await client.create_bucket("clips", options={"file_size_limit": 4, "allowed_mime_types": ["video/mp4"]})
    clips = client.from_("clips")

    with pytest.raises(StorageApiError) as large:
        await clips.upload("a.mp4", b"12345", {"content-type": "video/mp4"})
    with pytest.raises(StorageApiError) as wrong:
        await clips.upload("a.mp4", b"1", {"content-type": "video/webm"})

    assert told(large) == ("413", "Payload too large")
    assert told(wrong) == ("415", "invalid_mime_type")
    assert await clips.exists("a.mp4") is False


async def test_listing_a_folder(client: AsyncStorageClient, root: Path, disk: DiskBucket) -> None:
    """Names relative to the folder, folders without an id, in pages."""
    for path in ("a.txt", "f/b.txt", "f/c.txt", "f/g/d.txt", "fa.txt"):
        (root / "clips" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "clips" / path).write_bytes(b"123")
    clips = client.from_("clips")

    top = await clips.list()
    inside = await clips.list("f")
    second = await clips.list("f", {"limit": 1, "offset": 1})

    assert [(each["name"], each["id"] is None) for each in top] == [
        ("a.txt", False),
        ("f", True),
        ("fa.txt", False),
    ]
    assert [each["name"] for each in inside] == ["b.txt", "c.txt", "g"]
    assert inside[0]["metadata"] == {"size": 3, "mimetype": "text/plain"}
    assert [each["name"] for each in second] == ["c.txt"]
    assert [each["name"] for each in await clips.list("f", {"search": "c"})] == ["c.txt"]


@pytest.mark.usefixtures("disk")
async def test_remove_tells_what_went(client: AsyncStorageClient) -> None:
    """The missing are passed over in silence."""
    clips = client.from_("clips")
    await clips.upload("a.txt", b"x")

    assert [each["name"] for each in await clips.remove(["a.txt", "b.txt"])] == ["a.txt"]
    assert await clips.exists("a.txt") is False
