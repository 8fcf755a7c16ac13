"""The promises of the `Transcoder` port, run against every implementation users have: ffmpeg, guarded."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from pipeline.errors import UnusableClip
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from pipeline.ports import Transcoder
from tests.pipeline.ffmpeg.films import film, played

IMPLEMENTATIONS: dict[str, Callable[[], Transcoder]] = {
    "ffmpeg": lambda: FfmpegTranscoder(bundled_ffmpeg(), concurrency=2),
}


@pytest.fixture(params=IMPLEMENTATIONS)
def transcoder(request: pytest.FixtureRequest) -> Transcoder:
    return IMPLEMENTATIONS[request.param]()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (made := tmp_path / "renditions").mkdir()
    return made


@pytest.fixture(params=["libx264", "mpeg4"])
def original(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A clip that browsers play already, and one they do not."""
    return film(tmp_path / "original.mp4", codec=request.param, size=(322, 242), frames=9)


def test_a_recipe_has_a_name(transcoder: Transcoder) -> None:
    """It becomes part of keys and paths, so it is short and plain."""
    assert transcoder.recipe.isascii()
    assert transcoder.recipe.isalnum()


async def test_a_clip_becomes_one_rendition_of_each_kind(
    transcoder: Transcoder, original: Path, folder: Path
) -> None:
    """Video, poster and preview, each with its type, as files in the folder and nowhere else."""
    made = await transcoder.transcode(original, folder)

    assert Counter(item.kind for item in made.renditions) == {"video": 1, "poster": 1, "preview": 1}
    assert {item.kind: item.content_type for item in made.renditions} == {
        "video": "video/mp4",
        "poster": "image/jpeg",
        "preview": "image/webp",
    }
    assert sorted(item.file for item in made.renditions) == sorted(folder.iterdir())
    assert all(item.width > 0 and item.height > 0 for item in made.renditions)


async def test_the_video_plays_everywhere(transcoder: Transcoder, original: Path, folder: Path) -> None:
    """H.264 with plain 8-bit colour and even sides, every frame of the original, its index first."""
    made = await transcoder.transcode(original, folder)

    video = next(item for item in made.renditions if item.kind == "video")
    frames = played(video.file)
    content = video.file.read_bytes()
    with av.open(video.file) as container:
        assert container.streams.video[0].codec_context.name == "h264"
    assert len(frames) == made.video.frames == 9
    assert {(frame.width, frame.height, frame.format.name) for frame in frames} == {(322, 242, "yuv420p")}
    assert content.index(b"moov") < content.index(b"mdat")


async def test_what_the_clip_is_like_is_told(transcoder: Transcoder, original: Path, folder: Path) -> None:
    """Size as displayed, frames, rate and duration are the original's; the hash is never empty."""
    made = await transcoder.transcode(original, folder)

    assert (made.video.width, made.video.height, made.video.frames) == (322, 242, 9)
    assert made.video.fps == pytest.approx(8, rel=0.01)
    assert made.video.duration == pytest.approx(9 / 8, rel=0.01)
    assert made.blurhash


async def test_the_original_is_left_alone(transcoder: Transcoder, original: Path, folder: Path) -> None:
    """It was paid for."""
    before = original.read_bytes()

    await transcoder.transcode(original, folder)

    assert original.read_bytes() == before


async def test_the_same_clip_gives_the_same_bytes(
    transcoder: Transcoder, original: Path, folder: Path, tmp_path: Path
) -> None:
    """A job that runs twice uploads nothing new."""
    (again := tmp_path / "again").mkdir()

    await transcoder.transcode(original, folder)
    await transcoder.transcode(original, again)

    assert [file.read_bytes() for file in sorted(folder.iterdir())] == [
        file.read_bytes() for file in sorted(again.iterdir())
    ]


@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.99])
async def test_a_truncated_clip_is_refused_for_good(
    kept: float, transcoder: Transcoder, original: Path, folder: Path
) -> None:
    """Trying again cannot help, and the error says so."""
    content = original.read_bytes()
    original.write_bytes(content[: int(len(content) * kept)])

    with pytest.raises(UnusableClip) as caught:
        await transcoder.transcode(original, folder)

    assert caught.value.permanent


async def test_an_error_page_is_refused_for_good(transcoder: Transcoder, tmp_path: Path, folder: Path) -> None:
    """What a provider serves for an expired file is no clip."""
    (page := tmp_path / "original.mp4").write_text("<!doctype html><h1>404</h1>" + "<p>gone</p>" * 500)

    with pytest.raises(UnusableClip):
        await transcoder.transcode(page, folder)
