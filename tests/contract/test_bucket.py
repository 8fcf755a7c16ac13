"""The promises of the `Bucket` port, run against all that users have, public and private.

Supabase is the real `supabase` client against the local server; S3, Google Cloud Storage and Azure are obstore
against moto, a stand-in over moto (`google`), and Azurite. What private buckets promise beyond that is in
`test_signed_addresses`.
"""

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.errors import BucketRefused, BucketUnavailable, ObjectMissing
from pipeline.ports import Bucket, StoredObject
from tests.contract.conftest import SPECIAL, Put
from tests.storage.buckets import azurite
from tests.storage.buckets.places import PUBLIC, Places, fill, let_everyone_read
from tests.storage.buckets.servers import silent_address


async def address(bucket: Bucket, path: str) -> str:
    """Where the object is read."""
    return bucket.url(path) if bucket.is_public else await bucket.sign(path, seconds=60)


async def content(bucket: Bucket, path: str, folder: Path) -> bytes:
    await bucket.get(path, folder / "fetched")
    return (folder / "fetched").read_bytes()


async def test_what_was_put_is_got(bucket: Bucket, put: Put, tmp_path: Path) -> None:
    """A put object comes back byte for byte, and head tells its size and type."""
    await put("takes/ab/clip.mp4", b"\x00\xff" * 5000)

    assert await content(bucket, "takes/ab/clip.mp4", tmp_path) == b"\x00\xff" * 5000
    assert await bucket.head("takes/ab/clip.mp4") == StoredObject("takes/ab/clip.mp4", 10_000, "video/mp4")


async def test_a_second_put_replaces(bucket: Bucket, put: Put, tmp_path: Path) -> None:
    """Putting to a taken path replaces bytes and type."""
    await put("clip", b"first, and longer", "video/mp4")
    await put("clip", b"second", "image/webp")

    assert await content(bucket, "clip", tmp_path) == b"second"
    assert await bucket.head("clip") == StoredObject("clip", 6, "image/webp")


@pytest.mark.parametrize("content_type", ["video/mp4", "image/jpeg"])
async def test_the_content_type_is_kept_against_the_suffix(bucket: Bucket, put: Put, content_type: str) -> None:
    """The type given counts, whatever the path looks like."""
    await put("poster.webp", b"x", content_type)

    found = await bucket.head("poster.webp")

    assert found is not None
    assert found.content_type == content_type


async def test_an_empty_file_is_an_object(bucket: Bucket, put: Put, tmp_path: Path) -> None:
    """Nothing is something: no bytes, size 0."""
    await put("empty.mp4", b"")

    assert await content(bucket, "empty.mp4", tmp_path) == b""
    assert await bucket.head("empty.mp4") == StoredObject("empty.mp4", 0, "video/mp4")


async def test_head_of_a_missing_object_is_none(bucket: Bucket, put: Put) -> None:
    """Absence is an answer; a folder of objects is no object."""
    await put("folder/clip.mp4")

    assert await bucket.head("no/such.mp4") is None
    assert await bucket.head("folder") is None


async def test_get_of_a_missing_object_is_an_error(bucket: Bucket, tmp_path: Path) -> None:
    """Getting nothing raises, and leaves no file."""
    with pytest.raises(ObjectMissing):
        await bucket.get("no/such.mp4", tmp_path / "fetched")

    assert not (tmp_path / "fetched").exists()


@pytest.mark.parametrize("path", SPECIAL)
async def test_paths_with_special_characters(bucket: Bucket, put: Put, tmp_path: Path, path: str) -> None:
    """Spaces, other scripts and URL characters stand for themselves, in every operation."""
    await put(path, path.encode())

    assert await content(bucket, path, tmp_path) == path.encode()
    assert await bucket.list(path) == [StoredObject(path, len(path.encode()), "video/mp4")]
    await bucket.delete([path])
    assert await bucket.head(path) is None


@pytest.mark.parametrize("kind", PUBLIC)
@pytest.mark.parametrize("path", ["clip.mp4", *SPECIAL])
async def test_the_url_serves_the_bytes(places: Places, kind: str, bucket: Bucket, put: Put, path: str) -> None:
    """Anyone fetches the object at its url, without a key."""
    if kind == "s3":
        let_everyone_read(places.s3, bucket.name)
    await put(path, path.encode())

    async with httpx.AsyncClient() as browser:
        reply = await browser.get(bucket.url(path))

    assert (reply.status_code, reply.content) == (200, path.encode())
    assert reply.headers["content-type"] == "video/mp4"


@pytest.mark.parametrize("kind", PUBLIC)
async def test_local_and_hosted_urls_have_one_layout(places: Places, bucket: Bucket, kind: str) -> None:
    """Disk and Supabase share Supabase's layout; the others have their public base before the path."""
    match kind:
        case "s3" | "gcs":
            base = getattr(places, kind)
        case "azure":
            base = f"{places.azure}/{azurite.ACCOUNT}"
        case _:
            base = f"{places.local}/storage/v1/object/public"

    assert bucket.url("a b/ü+.mp4") == f"{base}/{bucket.name}/a%20b/%C3%BC%2B.mp4"


async def test_delete_removes_many_and_passes_over_the_missing(bucket: Bucket, put: Put) -> None:
    """What is named goes, what is not there is no error, the rest stays; nothing named is nothing done."""
    for path in ("a.mp4", "b/c.mp4", "stays.mp4"):
        await put(path)

    await bucket.delete(["a.mp4", "missing.mp4", "b/c.mp4", "b/missing.mp4"])
    await bucket.delete([])

    assert [each.path for each in await bucket.list("")] == ["stays.mp4"]


async def test_deleting_more_than_one_request_holds(bucket: Bucket, kind: str, put: Put) -> None:
    """There is no limit to how many are named at once: a request holds 1000, or else one."""
    await put("last.mp4")

    many = 1100 if "disk" in kind or "supabase" in kind else 25
    await bucket.delete([*(f"no/{number}.mp4" for number in range(many)), "last.mp4"])

    assert await bucket.list("") == []


@pytest.mark.parametrize("kind", PUBLIC)  # who may read makes no difference, and a thousand objects take seconds
async def test_list_is_complete_sorted_and_by_string_prefix(
    places: Places, kind: str, bucket: Bucket, put: Put, tmp_path: Path
) -> None:
    """Every object whose path starts with the string, however many, in order of code points."""
    page = {"s3": 100, "gcs": 100, "azure": 0}.get(kind, 1000)  # Azurite's holds 5000, which take too long to make
    paths = sorted(
        [f"many/{number:04}.mp4" for number in range(page + 20)]
        + ["many.mp4", "many/deep/er/clip.mp4", "manya/x.mp4", "Many/x.mp4", "m_ny/x.mp4", "other.webp"]
    )
    await fill(places, kind, bucket, paths, tmp_path / "filling")
    await put("many/ü.mp4", b"four")
    paths = sorted([*paths, "many/ü.mp4"])

    for prefix in (
        "",
        "m",
        "many",
        "many/",
        "many/00",
        "many/deep",
        "m_n",
        "Many",
        "manya/x.mp4",
        "none",
        "ot",
    ):
        found = await bucket.list(prefix)
        assert [each.path for each in found] == [path for path in paths if path.startswith(prefix)]

    assert (await bucket.list("many/ü"))[0] == StoredObject("many/ü.mp4", 4, "video/mp4")


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", ".", "..", "a/../b", "../x", "a\x00b", "a\\b", "a%2fb"])
async def test_paths_that_name_no_object_are_refused(bucket: Bucket, tmp_path: Path, path: str) -> None:
    """One rule for every method: `BucketRefused`, and nothing happens."""
    file = tmp_path / "source"
    file.write_bytes(b"x")

    with pytest.raises(BucketRefused):
        await bucket.put(path, file, content_type="video/mp4")
    with pytest.raises(BucketRefused):
        await bucket.get(path, tmp_path / "fetched")
    with pytest.raises(BucketRefused):
        await bucket.head(path)
    with pytest.raises(BucketRefused):
        await bucket.delete(["fine.mp4", path])
    with pytest.raises(BucketRefused):
        await address(bucket, path)
    assert await bucket.list("") == []


async def test_twenty_megabytes_pass_through_little_memory(bucket: Bucket, tmp_path: Path) -> None:
    """Neither way is the file held in memory."""
    size = 20 * 1024 * 1024
    file = tmp_path / "big"
    with file.open("wb") as writing:
        writing.truncate(size)
    await bucket.head("warm-up.mp4")

    tracemalloc.start()
    try:
        await bucket.put("big.mp4", file, content_type="video/mp4")
        await bucket.get("big.mp4", tmp_path / "fetched")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < size / 4
    assert (tmp_path / "fetched").stat().st_size == size


async def test_making_a_bucket_twice_changes_nothing(bucket: Bucket, put: Put) -> None:
    """`ensure` may run at every start."""
    await put("clip.mp4")

    await bucket.ensure()

    assert await bucket.head("clip.mp4") is not None


async def test_a_bucket_that_was_never_made_is_refused(places: Places, kind: str, tmp_path: Path) -> None:
    """A wrong name is no empty bucket."""
    file = tmp_path / "source"
    file.write_bytes(b"x")
    async with places.bucket(kind, "never-made") as bucket:
        with pytest.raises(BucketRefused):
            await bucket.put("clip.mp4", file, content_type="video/mp4")
        with pytest.raises(BucketRefused):
            await bucket.get("clip.mp4", tmp_path / "fetched")
        with pytest.raises(BucketRefused):
            await bucket.list("")


async def test_a_missing_source_file_is_the_callers_error(bucket: Bucket, tmp_path: Path) -> None:
    """It is not blamed on the bucket."""
    with pytest.raises(FileNotFoundError):
        await bucket.put("clip.mp4", tmp_path / "no-such-file", content_type="video/mp4")


@pytest.mark.parametrize("kind", ["supabase", "private supabase", "private s3", "private gcs", "private azure"])
async def test_a_server_that_cannot_be_reached(kind: str, tmp_path: Path) -> None:
    """Every method says `BucketUnavailable`, which may pass."""
    file = tmp_path / "source"
    file.write_bytes(b"x")
    with ExitStack() as servers:
        nowhere = Places(tmp_path, servers)
    vars(nowhere).update(dict.fromkeys(["local", "strict_s3", "gcs", "strict_azure"], silent_address()))
    async with nowhere.bucket(kind, "clips") as bucket:
        calls: list[Callable[[], Awaitable[Any]]] = [
            bucket.ensure,
            lambda: bucket.put("clip.mp4", file, content_type="video/mp4"),
            lambda: bucket.get("clip.mp4", tmp_path / "fetched"),
            lambda: bucket.head("clip.mp4"),
            lambda: bucket.delete(["clip.mp4"]),
            lambda: bucket.list(""),
        ]
        if kind == "private supabase":  # the others ask nobody
            calls.append(lambda: bucket.sign("clip.mp4", seconds=60))
        answers = await asyncio.gather(*(call() for call in calls), return_exceptions=True)
    assert [type(answer) for answer in answers] == [BucketUnavailable] * len(calls), answers
