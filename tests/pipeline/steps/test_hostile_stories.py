"""A story of the worst words goes the whole way: nothing of it becomes an argument, a path or a file's content."""

import re
import subprocess
from pathlib import Path

from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from pipeline.prompts import MAX_STORY_CHARS
from storage.buckets.disk import DiskBucket
from tests.hostile_text.corpus import SHORT
from tests.pipeline.steps.world import World

WORDS = list(SHORT.values())
_STORY = "\n".join(WORDS)[:MAX_STORY_CHARS]
_RECORDER = """#!/bin/sh
printf '%s\\n' "$@" >> '{arguments}'
echo '--' >> '{arguments}'
exec '{ffmpeg}' "$@"
"""
_KEY = re.compile(
    r"originals/([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}\.mp4"
    r"|renditions/([0-9a-f]{2})/([0-9a-f]{2})/\3\4[0-9a-f]{60}/(video\.mp4|poster\.jpg|preview\.webp)"
)
_PLACE = re.compile(r"file:\S*/storyreel-step-\w+/")


def recorder(folder: Path) -> tuple[FfmpegTranscoder, Path]:
    """The real ffmpeg, by a program that writes down what it was called with."""
    program, arguments = folder / "ffmpeg", folder / "arguments"
    program.write_text(_RECORDER.format(arguments=arguments, ffmpeg=bundled_ffmpeg()))
    program.chmod(0o755)
    return FfmpegTranscoder(program, concurrency=1), arguments


def titled(clip: bytes, folder: Path) -> bytes:
    """The clip with hostile words in its metadata."""
    plain, named = folder / "plain.mp4", folder / "named.mp4"
    plain.write_bytes(clip)
    tags = [part for key in ("title", "comment", "artist") for part in ("-metadata", f"{key}={_STORY[:3_000]}")]
    argv = [str(bundled_ffmpeg()), "-v", "error", "-i", str(plain), *tags, "-c", "copy", "-y", str(named)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return named.read_bytes()


async def test_no_word_of_a_story_is_in_an_argument_a_key_or_a_rendition(
    world: World, bucket: DiskBucket, tmp_path: Path, films: list[bytes], clip_bytes: bytes
) -> None:
    """ffmpeg is called as for any other clip; objects lie where their digests say; metadata stays behind."""
    world.transcoder, arguments = recorder(tmp_path)
    films.append(titled(clip_bytes, tmp_path))

    shown = await world.video(await world.made(_STORY))
    await world.video(await world.made("A plain fox"))

    assert (shown.work, shown.shows) == ("idle", "final")
    hostile, plain, rest = arguments.read_text().split("--\n")
    assert rest == ""
    assert _PLACE.sub("file:/", hostile) == _PLACE.sub("file:/", plain)
    stored = [each.path for each in await bucket.list("")]
    assert len(stored) == 8
    assert all(map(_KEY.fullmatch, stored)), stored
    files = {path: (tmp_path / "buckets" / "videos" / path).read_bytes() for path in stored}
    [named] = [path for path, content in files.items() if b"pwned" in content]
    assert named.startswith("originals/")
