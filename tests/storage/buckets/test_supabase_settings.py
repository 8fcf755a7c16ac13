"""How a bucket in Supabase Storage is made, and what `storyreel doctor` finds and mends of one that is there."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from local.bucket.server import routes
from pipeline.errors import BucketRefused, BucketUnavailable
from pipeline.ffmpeg.gate import MAX_BYTES
from storage.buckets.folder import BucketFolder
from storage.buckets.supabase import SupabaseBucket
from storage.buckets.supabase_limits import MIME_TYPES, WANTED, Limits, differences
from tests.storage.buckets.line import Noting
from tests.storage.buckets.servers import serving

KEY = "sb_secret_test"
TOO_LARGE = (
    b'{"statusCode": "413", "error": "Payload too large", "code": "EntityTooLarge", "message": "too large"}'
)
DENIED = b'{"statusCode": "403", "error": "Unauthorized", "code": "AccessDenied", "message": "new row violates"}'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, Noting]]:
    root = tmp_path_factory.mktemp("served")
    server = Noting(Starlette(routes=routes(root, secret=KEY)))
    with serving(server) as address:
        yield root, address, server


@pytest.fixture
def folder(served: tuple[Path, str, Noting]) -> Iterator[BucketFolder]:
    root, _, server = served
    yield BucketFolder(root, "clips")
    server.answers.clear()
    shutil.rmtree(root)
    root.mkdir()


@pytest.fixture
def server(served: tuple[Path, str, Noting]) -> Noting:
    return served[2]


@pytest.fixture
async def bucket(served: tuple[Path, str, Noting], folder: BucketFolder) -> AsyncIterator[SupabaseBucket]:
    async with SupabaseBucket(served[1], KEY, "clips") as bucket:
        yield bucket


def whats(found: list[Any]) -> list[tuple[str, bool]]:
    return [(each.what, each.mendable) for each in found]


async def test_a_bucket_is_made_for_what_we_store(bucket: SupabaseBucket, folder: BucketFolder) -> None:
    """And for nothing larger, and of no other kind: whoever finds a key finds no store for their own files."""
    await bucket.ensure()

    wanted = {"public": True, "file_size_limit": MAX_BYTES, "allowed_mime_types": list(MIME_TYPES)}
    assert folder.settings() == wanted
    assert await bucket.differences() == []


async def test_a_project_that_takes_less_sets_the_limit_itself(
    bucket: SupabaseBucket, folder: BucketFolder, server: Noting
) -> None:
    """The free plan takes 50 MB a file, and no bucket may say more."""
    server.answers.append(("POST", 400, TOO_LARGE))

    await bucket.ensure()

    settings = folder.settings()
    assert (settings["file_size_limit"], settings["allowed_mime_types"]) == (None, list(MIME_TYPES))
    assert await bucket.differences() == []


async def test_a_key_that_may_not_make_buckets_is_told_of(bucket: SupabaseBucket, server: Noting) -> None:
    """An anon key sees no bucket and makes none: the sentence names the setting."""
    server.answers.append(("POST", 400, DENIED))

    with pytest.raises(BucketRefused, match="SUPABASE_SECRET_KEY must be a secret or service_role key"):
        await bucket.ensure()


async def test_a_missing_bucket_is_a_difference_that_is_mended(
    bucket: SupabaseBucket, folder: BucketFolder
) -> None:
    """`doctor --fix` makes it."""
    assert whats(await bucket.differences()) == [("bucket", True)]

    assert await bucket.mend() == []
    assert folder.settings()["allowed_mime_types"] == list(MIME_TYPES)


async def test_limits_that_are_in_the_way_are_widened(bucket: SupabaseBucket, folder: BucketFolder) -> None:
    """What else the bucket takes it goes on to take."""
    folder.make({"public": True, "file_size_limit": 1000, "allowed_mime_types": ["audio/mpeg", "image/*"]})

    found = await bucket.differences()
    assert whats(found) == [("size", True), ("types", True)]
    assert "takes 1000 bytes" in found[0].sentence
    assert "does not take video/mp4;" in found[1].sentence

    assert await bucket.mend() == []
    settings = folder.settings()
    assert settings["file_size_limit"] == MAX_BYTES
    assert settings["allowed_mime_types"] == ["audio/mpeg", "image/*", "video/mp4"]


async def test_a_size_beyond_the_projects_leaves_the_types_mended(
    bucket: SupabaseBucket, folder: BucketFolder, server: Noting
) -> None:
    """What cannot be mended from here is told with where it can."""
    folder.make({"public": True, "file_size_limit": 1000, "allowed_mime_types": ["image/*"]})
    server.answers.append(("PUT", 400, TOO_LARGE))

    left = await bucket.mend()

    assert whats(left) == [("size", True)]
    assert "Storage settings" in left[0].sentence
    assert folder.settings()["allowed_mime_types"] == ["image/*", "video/mp4"]


async def test_a_bucket_that_takes_more_is_left_alone(
    bucket: SupabaseBucket, folder: BucketFolder, server: Noting
) -> None:
    """An app may keep other files there."""
    folder.make({"public": True})
    server.noted.clear()

    assert await bucket.mend() == []
    assert {method for method, _ in server.noted} == {"GET"}


@pytest.mark.parametrize("public", [True, False])
async def test_who_may_read_is_never_mended(
    served: tuple[Path, str, Noting], folder: BucketFolder, public: bool
) -> None:
    """Neither are other files opened to the world, nor shut for those who read them; the sentence says who can."""
    folder.make({"public": public, "file_size_limit": 1000})
    async with SupabaseBucket(served[1], KEY, "clips", is_public=not public) as bucket:
        assert whats(await bucket.differences()) == [("access", False), ("size", True)]
        left = await bucket.mend()

    assert whats(left) == [("access", False)]
    assert ("make it public" if not public else "Make it private") in left[0].sentence
    assert folder.is_public() is public


async def test_limits_that_were_raised_hold_at_once(
    bucket: SupabaseBucket, folder: BucketFolder, tmp_path: Path
) -> None:
    """A worker that refused a file takes it when its owner has changed the bucket: nobody restarts it."""
    (tmp_path / "clip").write_bytes(bytes(10))
    folder.make({"public": True, "file_size_limit": 9})
    with pytest.raises(BucketRefused, match="10 bytes, and it takes 9"):
        await bucket.put("a.mp4", tmp_path / "clip", content_type="video/mp4")

    (folder.root / "clips~bucket.json").write_text(json.dumps({"file_size_limit": 10}))
    await bucket.put("a.mp4", tmp_path / "clip", content_type="video/mp4")

    assert folder.find("a.mp4") is not None


async def test_limits_that_were_lowered_are_read_after_a_silence(
    bucket: SupabaseBucket, folder: BucketFolder, server: Noting, tmp_path: Path
) -> None:
    """A refusal that comes before the end of a large file looks like a time-out: the next put knows better."""
    (tmp_path / "clip").write_bytes(bytes(10))
    folder.make({"public": True})
    await bucket.put("a.mp4", tmp_path / "clip", content_type="video/mp4")
    (folder.root / "clips~bucket.json").write_text(json.dumps({"file_size_limit": 9}))
    server.answers.append(("POST", 504, b""))
    with pytest.raises(BucketUnavailable):
        await bucket.put("b.mp4", tmp_path / "clip", content_type="video/mp4")
    server.noted.clear()

    with pytest.raises(BucketRefused, match="it takes 9"):
        await bucket.put("b.mp4", tmp_path / "clip", content_type="video/mp4")
    assert server.bodies("POST") == []


limits = st.builds(
    Limits,
    st.none() | st.integers(1, 2 * MAX_BYTES),
    st.lists(st.sampled_from(["image/*", "video/*", "*/*", "audio/mpeg", *MIME_TYPES])).map(tuple),
)


@given(limits)
def test_widened_limits_take_all_that_we_store_and_all_they_took(had: Limits) -> None:
    """And no difference is left."""
    wide = had.widened()

    assert differences("clips", wide) == []
    assert wide == wide.widened()
    assert set(had.mime_types) <= set(wide.mime_types)
    assert (had == wide) is (differences("clips", had) == [])


def test_what_is_wanted_differs_in_nothing() -> None:
    """Of a bucket that we made there is nothing to mend."""
    assert differences("clips", WANTED) == []
    assert WANTED.refusal(MAX_BYTES, "video/mp4") is None
    assert WANTED.refusal(MAX_BYTES + 1, "video/mp4")
    assert WANTED.refusal(1, "text/html")
