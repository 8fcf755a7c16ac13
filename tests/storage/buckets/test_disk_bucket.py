"""What DiskBucket promises beyond the port: nothing half written, nothing outside the folder."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import BucketRefused
from pipeline.ports import StoredObject
from storage.buckets.disk import DiskBucket
from storage.buckets.signing import url_signer
from storage.buckets.transfer import receiving
from tests.conftest import Clock, program

_PUTTING = """
import asyncio, sys
from pathlib import Path
from storage.buckets.disk import DiskBucket

bucket = DiskBucket(Path(sys.argv[1]), "clips", public_base_url="http://host")
asyncio.run(bucket.put("takes/clip.mp4", Path(sys.argv[2]), content_type="video/mp4"))
"""


def disk(root: Path) -> DiskBucket:
    return DiskBucket(root, "clips", public_base_url="http://host")


@pytest.fixture
async def bucket(tmp_path: Path) -> DiskBucket:
    bucket = disk(tmp_path / "buckets")
    await bucket.ensure()
    return bucket


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_bytes(b"clip")
    return file


def kill_a_put_midway(root: Path, pipe: Path) -> None:
    """Feed a put through a pipe, and kill its process before the pipe is closed."""
    os.mkfifo(pipe)
    with (
        subprocess.Popen([sys.executable, "-c", _PUTTING, str(root), str(pipe)]) as process,
        pipe.open("wb", buffering=0) as writing,
    ):
        # A pipe holds 64 KiB: once a megabyte is through, most of it was read, so the put is under way.
        writing.write(bytes(1024 * 1024))
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("before", [b"clip", None])
async def test_a_put_killed_midway_leaves_what_was_there(
    bucket: DiskBucket, source: Path, tmp_path: Path, before: bytes | None
) -> None:
    """SIGKILL in the middle: the old object or none, and nothing else in the listing."""
    if before is not None:
        await bucket.put("takes/clip.mp4", source, content_type="video/mp4")
    kill_a_put_midway(tmp_path / "buckets", tmp_path / "pipe")

    expected = [] if before is None else [StoredObject("takes/clip.mp4", len(before), "video/mp4")]
    assert await bucket.list("") == expected
    left = [file for file in (tmp_path / "buckets").rglob("*~*") if file.is_file()]
    assert left, "the kill came before the put began: the test proves nothing"


@pytest.mark.needs("strace")
async def test_what_was_put_outlives_a_power_cut(bucket: DiskBucket, source: Path, tmp_path: Path) -> None:
    """As the system calls tell: the bytes are on disk before their name is, and each new name is by the end."""
    log = tmp_path / "log"
    tracing = [str(program("strace")), "-f", "-y", "-qq", "-e", "trace=fsync,rename,mkdir", "-o", str(log)]
    putting = [sys.executable, "-c", _PUTTING, str(tmp_path / "buckets"), str(source)]
    await asyncio.to_thread(subprocess.run, [*tracing, *putting], check=True)

    folder = str(tmp_path / "buckets" / "clips")
    calls = [line for line in log.read_text().splitlines() if folder in line]
    made, synced_above, bytes_synced, renamed, name_synced = calls
    assert f'mkdir("{folder}/takes"' in made
    assert f"<{folder}>)" in synced_above
    assert re.search(rf"fsync\(\d+<{folder}/takes/clip\.mp4~", bytes_synced)
    assert "rename(" in renamed
    assert f"<{folder}/takes>)" in name_synced


async def test_a_failed_put_leaves_nothing(bucket: DiskBucket, source: Path, tmp_path: Path) -> None:
    """An error on the way removes even the temporary file."""
    (bucket._folder.base / "clip.mp4").mkdir()

    with pytest.raises(BucketRefused):
        await bucket.put("clip.mp4", source, content_type="video/mp4")

    assert list((tmp_path / "buckets").rglob("*~*")) == []


@pytest.mark.parametrize("link", ["clips/out", "clips/out/clip.mp4", "clips/inner/clip.mp4", "clips"])
async def test_symbolic_links_are_refused(bucket: DiskBucket, source: Path, tmp_path: Path, link: str) -> None:
    """A link below the root is never followed, wherever it stands on the way."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "clip.mp4").write_bytes(b"secret")
    place = tmp_path / "buckets" / link
    if link == "clips":
        place.rmdir()
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(outside / "clip.mp4" if link.endswith(".mp4") else outside)
    path = {"clips": "clip.mp4", "clips/out": "out/clip.mp4"}.get(link, link.removeprefix("clips/"))

    with pytest.raises(BucketRefused):
        await bucket.put(path, source, content_type="video/mp4")
    with pytest.raises(BucketRefused):
        await bucket.get(path, tmp_path / "fetched")
    with pytest.raises(BucketRefused):
        await bucket.head(path)
    with pytest.raises(BucketRefused):
        await bucket.delete([path])
    if link != "clips":
        assert await bucket.list("") == []
    assert (outside / "clip.mp4").read_bytes() == b"secret"


async def test_an_object_and_a_folder_of_one_name_are_refused(bucket: DiskBucket, source: Path) -> None:
    """A file system cannot hold both; the first stays."""
    await bucket.put("a/b", source, content_type="video/mp4")

    with pytest.raises(BucketRefused):
        await bucket.put("a", source, content_type="video/mp4")
    with pytest.raises(BucketRefused):
        await bucket.put("a/b/c", source, content_type="video/mp4")

    assert [each.path for each in await bucket.list("")] == ["a/b"]


async def test_a_file_dropped_in_by_hand_is_an_object(bucket: DiskBucket) -> None:
    """Its type is told by the suffix; a file with an impossible name is none."""
    for name in ("loop.webp", "notes", "50% off.mp4"):
        (bucket._folder.base / name).write_bytes(b"x")

    assert await bucket.list("") == [
        StoredObject("loop.webp", 1, "image/webp"),
        StoredObject("notes", 1, "application/octet-stream"),
    ]


@pytest.mark.parametrize("content_type", ["application/octet-stream", "video/x-odd"])
async def test_a_folder_takes_any_type(bucket: DiskBucket, source: Path, content_type: str) -> None:
    """Also one that no suffix stands for, against what the path looks like."""
    await bucket.put("poster.webp", source, content_type=content_type)

    assert await bucket.head("poster.webp") == StoredObject("poster.webp", 4, content_type)


async def test_deleting_forgets_the_type(bucket: DiskBucket, source: Path) -> None:
    """What is put by hand at the path later does not inherit it."""
    await bucket.put("clip", source, content_type="video/mp4")
    await bucket.delete(["clip"])

    assert list(bucket._folder.base.iterdir()) == []


async def test_a_listing_that_cannot_be_read_is_an_error(bucket: DiskBucket, tmp_path: Path) -> None:
    """A bucket that is a plain file is no empty bucket."""
    (tmp_path / "buckets" / "clips").rmdir()
    (tmp_path / "buckets" / "clips").write_bytes(b"")

    with pytest.raises(BucketRefused):
        await bucket.list("")
    with pytest.raises(BucketRefused):
        await bucket.ensure()


def private(root: Path) -> DiskBucket:
    return DiskBucket(root, "clips", public_base_url="http://host", signer=url_signer("secret", Clock()))


async def test_a_private_bucket_is_at_no_moment_public(tmp_path: Path) -> None:
    """That it is private is written down before it is there: where that fails, there is no bucket."""
    root = tmp_path / "buckets"
    (root / "clips~bucket.json").mkdir(parents=True)

    with pytest.raises(BucketRefused):
        await private(root).ensure()

    assert not (root / "clips").exists()


@pytest.mark.parametrize("left", ['{"public": false}', "{}", "no JSON"])
async def test_a_bucket_whose_making_was_cut_short_is_made_as_wanted(tmp_path: Path, left: str) -> None:
    """A kill between the two steps leaves what it should be without the bucket; the next one decides anew."""
    for wanted, is_public in ((private(tmp_path / "a"), False), (disk(tmp_path / "b"), True)):
        folder = wanted._folder
        folder.root.mkdir()
        (folder.root / "clips~bucket.json").write_text(left)

        await wanted.ensure()

        assert folder.is_public() is is_public


@pytest.mark.parametrize("damaged", ["", "no JSON", "[]"])
async def test_a_bucket_of_which_nobody_knows_what_it_is_is_refused(tmp_path: Path, damaged: str) -> None:
    """Rather than taken for public, which is the usual."""
    await private(tmp_path).ensure()
    (tmp_path / "clips~bucket.json").write_text(damaged)

    for wanted in (private(tmp_path), disk(tmp_path)):
        with pytest.raises(BucketRefused, match=r"clips~bucket\.json.*mend it"):
            await wanted.ensure()


def test_a_file_received_in_part_is_removed(tmp_path: Path) -> None:
    """Half a clip never passes for one."""

    def cut_short() -> None:
        with receiving(tmp_path / "clip.mp4") as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cut_short()

    assert not (tmp_path / "clip.mp4").exists()
