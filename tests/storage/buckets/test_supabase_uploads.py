"""Large files go to Supabase Storage in chunks, and an upload whose answer was lost is asked for: over TCP."""

import base64
import hashlib
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from local.bucket.server import routes
from pipeline.errors import BucketRefused, BucketUnavailable
from storage.buckets.folder import BucketFolder
from storage.buckets.resumable import ResumableUpload
from storage.buckets.supabase import SupabaseBucket
from storage.buckets.supabase_answers import Answers
from tests.storage.buckets.line import Line, Noting, line_to
from tests.storage.buckets.places import Watch
from tests.storage.buckets.servers import serving

KEY = "sb_secret_test"
MIB = 1024 * 1024
AT_ONCE = (0.0, 0.0, 0.0, 0.0)


@dataclass
class Site:
    """The local server over a folder, what it notes, and its clock."""

    root: Path
    address: str
    server: Noting
    clock: Watch

    def content(self, path: str) -> bytes:
        return (self.root / "clips" / path).read_bytes()

    @asynccontextmanager
    async def bucket(self, *, is_public: bool = True) -> AsyncIterator[tuple[SupabaseBucket, Line]]:
        """The bucket, and the line to it."""
        async with (
            line_to(self.address) as (line, address),
            SupabaseBucket(address, KEY, "clips", is_public=is_public, pauses=AT_ONCE) as bucket,
        ):
            await bucket.ensure()
            yield bucket, line


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root, clock = tmp_path_factory.mktemp("served"), Watch()
    server = Noting(Starlette(routes=routes(root, secret=KEY, clock=clock)))
    with serving(server) as address:
        yield Site(root, address, server, clock)


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    """With nothing in it."""
    running.server.noted.clear()
    running.server.headers.clear()
    yield running
    running.server.answers.clear()
    running.clock.ahead = timedelta()
    shutil.rmtree(running.root)
    running.root.mkdir()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """13 MiB in which no two places look alike."""
    file = tmp_path_factory.mktemp("clip") / "clip.mp4"
    file.write_bytes(b"".join(hashlib.sha256(bytes([n])).digest() * 2**15 for n in range(13)))
    return file


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small"
    file.write_bytes(b"clip" * 1000)
    return file


async def test_a_large_file_goes_in_chunks_of_six_mebibytes(site: Site, clip: Path) -> None:
    """And is an object like any other, with its type, only once it is whole."""
    async with site.bucket() as (bucket, _):
        await bucket.put("a b/ü.mp4", clip, content_type="video/mp4")
        found = await bucket.head("a b/ü.mp4")

    assert site.server.bodies("PATCH") == [6 * MIB, 6 * MIB, 1 * MIB]
    assert site.content("a b/ü.mp4") == clip.read_bytes()
    assert found is not None
    assert (found.size, found.content_type) == (13 * MIB, "video/mp4")


async def test_six_mebibytes_go_in_one_request(site: Site, tmp_path: Path) -> None:
    """One request is twice as fast as two."""
    for size, requests in ((6 * MIB, 0), (6 * MIB + 1, 2)):
        (tmp_path / "clip").write_bytes(bytes(size))
        async with site.bucket() as (bucket, _):
            await bucket.put("a.mp4", tmp_path / "clip", content_type="video/mp4")

        assert len(site.server.bodies("PATCH")) == requests
        assert len(site.content("a.mp4")) == size


async def test_a_large_file_replaces(site: Site, clip: Path, small: Path) -> None:
    """What is there, as a small one does."""
    async with site.bucket() as (bucket, _):
        await bucket.put("a.mp4", small, content_type="video/mp4")
        await bucket.put("a.mp4", clip, content_type="video/mp4")

    assert site.content("a.mp4") == clip.read_bytes()


async def test_a_connection_lost_costs_one_chunk_at_most(site: Site, clip: Path) -> None:
    """Cut in the second chunk, it goes on where the server stands."""
    async with site.bucket() as (bucket, line):
        line.cut_after = 8 * MIB
        await bucket.put("a.mp4", clip, content_type="video/mp4")

    assert line.cuts >= 1
    assert len(site.server.bodies("HEAD")) >= 1
    assert sum(site.server.bodies("PATCH")) <= 13 * MIB + 6 * MIB
    assert site.content("a.mp4") == clip.read_bytes()


async def test_the_answer_to_the_last_chunk_may_be_lost(site: Site, clip: Path) -> None:
    """The server has made an object of it and forgotten the upload: it is asked for, and not sent again."""
    async with site.bucket() as (bucket, line):
        line.deaf_to = b"upload-offset: %d" % (12 * MIB)
        await bucket.put("a.mp4", clip, content_type="video/mp4")

    assert line.cuts == 1
    assert site.server.bodies("PATCH") == [6 * MIB, 6 * MIB, 1 * MIB]
    assert site.content("a.mp4") == clip.read_bytes()


@pytest.mark.parametrize("status", [404, 410])
async def test_an_upload_that_expired_is_begun_anew(site: Site, clip: Path, status: int) -> None:
    """The server forgets what was not gone on with for a day."""
    site.server.answers.append(("PATCH", status, b"gone"))
    async with site.bucket() as (bucket, _):
        await bucket.put("a.mp4", clip, content_type="video/mp4")

    assert site.server.bodies("PATCH") == [6 * MIB, 6 * MIB, 6 * MIB, 1 * MIB]
    assert site.content("a.mp4") == clip.read_bytes()


@pytest.mark.parametrize("status", [409, 423, 544])
async def test_what_passes_is_waited_for(site: Site, clip: Path, status: int) -> None:
    """Another offset, a lock, a silent database: ask where it stands, and go on."""
    site.server.answers += [("PATCH", status, b"not now"), ("HEAD", 503, b"")]
    async with site.bucket() as (bucket, _):
        await bucket.put("a.mp4", clip, content_type="video/mp4")

    assert site.server.bodies("PATCH") == [6 * MIB, 6 * MIB, 6 * MIB, 1 * MIB]
    assert len(site.server.bodies("HEAD")) == 2
    assert site.content("a.mp4") == clip.read_bytes()


async def test_an_upload_that_gains_nothing_ends(site: Site, clip: Path) -> None:
    """After as many pauses as there are: the step tries again later, in minutes."""
    site.server.answers += [("PATCH", 503, b"SlowDown")] * 9
    async with site.bucket() as (bucket, _):
        with pytest.raises(BucketUnavailable, match=r"putting 'a\.mp4': 503 SlowDown"):
            await bucket.put("a.mp4", clip, content_type="video/mp4")
        assert await bucket.list("") == []

    assert len(site.server.bodies("PATCH")) == len(AT_ONCE) + 1


async def test_a_refusal_is_not_asked_for_twice(site: Site, clip: Path) -> None:
    """Permanent, and in the server's words."""
    site.server.answers += [("PATCH", 413, b"Maximum size exceeded\n")]
    async with site.bucket() as (bucket, _):
        with pytest.raises(BucketRefused, match="413 Maximum size exceeded"):
            await bucket.put("a.mp4", clip, content_type="video/mp4")

    assert len(site.server.bodies("PATCH")) == 1


@pytest.mark.parametrize(("is_public", "kept"), [(True, b"31536000"), (False, b"no-cache")])
async def test_no_cache_keeps_a_private_file_past_its_address(
    site: Site, clip: Path, is_public: bool, kept: bytes
) -> None:
    """In an upload by chunks "private" cannot be said, and a number of seconds would be for every cache."""
    async with site.bucket(is_public=is_public) as (bucket, _):
        await bucket.put("a.mp4", clip, content_type="video/mp4")

    told = next(headers["upload-metadata"] for headers in site.server.headers if "upload-metadata" in headers)
    assert f"cacheControl {base64.b64encode(kept).decode()}" in told.split(",")


async def test_an_upload_whose_answer_was_lost_is_asked_for(site: Site, small: Path) -> None:
    """It was stored: that is a success, and nothing is sent again."""
    async with site.bucket() as (bucket, line):
        line.deaf_to = b"POST /storage/v1/object/clips/a.mp4"
        await bucket.put("a.mp4", small, content_type="video/mp4")

    assert line.cuts == 1
    assert site.content("a.mp4") == small.read_bytes()
    assert site.server.bodies("POST").count(4000) == 1


@pytest.mark.parametrize("there", [b"pilc" * 1000, None])
async def test_an_upload_that_was_not_stored_is_not_believed_to_be(
    site: Site, small: Path, tmp_path: Path, there: bytes | None
) -> None:
    """Neither where nothing is there, nor where another file of the same size is."""
    async with site.bucket() as (bucket, _):
        if there is not None:
            (tmp_path / "other").write_bytes(there)
            await bucket.put("a.mp4", tmp_path / "other", content_type="video/mp4")
        site.server.answers.append(("POST", 504, b"<html>"))
        with pytest.raises(BucketUnavailable, match="504"):
            await bucket.put("a.mp4", small, content_type="video/mp4")


async def test_a_file_put_by_hand_is_not_taken_for_the_one_that_was_sent(site: Site, small: Path) -> None:
    """An object that says nothing of its bytes may be any."""
    async with site.bucket() as (bucket, _):
        BucketFolder(site.root, "clips").file("a.mp4").write_bytes(small.read_bytes())
        site.server.answers.append(("POST", 502, b"<html>"))
        with pytest.raises(BucketUnavailable, match="502"):
            await bucket.put("a.mp4", small, content_type="video/mp4")


@pytest.mark.needs("tus")
async def test_the_server_that_supabase_is_built_on_understands_it(clip: Path, tmp_path: Path) -> None:
    """Cut in the second chunk, and not heard at the end, where that server still knows the upload."""
    with tus_server(tmp_path) as server:
        async with line_to(server) as (line, address), httpx.AsyncClient() as http:
            line.cut_after, line.deaf_to = 8 * MIB, b"PATCH"
            asked: list[str] = []

            async def is_stored() -> bool:
                asked.append("stored")
                return True

            upload = ResumableUpload(
                http,
                Answers(KEY),
                f"{address}/storage/v1/upload/resumable",
                clip,
                13 * MIB,
                {"objectName": "ü/a.mp4"},
                "putting it",
                is_stored=is_stored,
                pauses=AT_ONCE,
            )
            await upload.run()

    assert line.cuts == 2
    assert asked == ["stored"]
    stored = [file for file in tmp_path.iterdir() if file.suffix != ".json"]
    assert [file.read_bytes() == clip.read_bytes() for file in stored] == [True]


@contextmanager
def tus_server(folder: Path) -> Iterator[str]:
    program = Path(__file__).with_name("tus_server.mjs")
    command = ["node", str(program), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.stdin.close()
            process.wait()
