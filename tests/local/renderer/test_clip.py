"""Promises of the files: real mp4 of the exact size, length and rate, whole or not there at all."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from numpy.typing import NDArray

from local.renderer import THEMES, brief_for, frames, render_clip, sheet
from local.renderer.picture import seed_for


@dataclass(frozen=True)
class Read:
    codec: str
    profile: str | None
    pixels: str | None
    rate: Fraction | None
    seconds: float
    frames: list[NDArray[np.uint8]]


def read(file: Path) -> Read:
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        assert isinstance(stream, VideoStream)
        pictures = [frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in container.decode(stream)]
        assert stream.duration is not None
        assert stream.time_base is not None
        return Read(
            codec=stream.codec_context.name,
            profile=stream.codec_context.profile,
            pixels=stream.codec_context.pix_fmt,
            rate=stream.average_rate,
            seconds=float(stream.duration * stream.time_base),
            frames=pictures,
        )


def render(file: Path, *, text: str = "stars", seed: int = 3, frames: int = 5, codec: str = "h264") -> Path:
    render_clip(file, text=text, seed=seed, width=160, height=96, frames=frames, fps=8, codec=codec)
    return file


@pytest.mark.parametrize(("fps", "rate"), [(8, Fraction(8)), (23.976, Fraction(2997, 125)), (0.5, Fraction(1, 2))])
def test_a_clip_has_the_size_count_and_rate_asked_for(tmp_path: Path, fps: float, rate: Fraction) -> None:
    render_clip(tmp_path / "clip.mp4", text="", seed=1, width=98, height=130, frames=7, fps=fps)

    clip = read(tmp_path / "clip.mp4")

    assert [picture.shape for picture in clip.frames] == [(130, 98, 3)] * 7
    assert clip.rate == rate
    assert clip.seconds == pytest.approx(7 / fps, rel=1e-3)
    assert (clip.codec, clip.profile, clip.pixels) == ("h264", "High", "yuv420p")


def test_the_header_comes_first(tmp_path: Path) -> None:
    """A player can start before the whole file is there."""
    content = render(tmp_path / "clip.mp4").read_bytes()

    assert content.index(b"moov") < content.index(b"mdat")


def test_mpeg4_is_written_when_asked_for(tmp_path: Path) -> None:
    clip = read(render(tmp_path / "clip.mp4", codec="mpeg4"))

    assert clip.codec == "mpeg4"
    assert len(clip.frames) == 5


@pytest.mark.parametrize("theme", sorted(THEMES))
@pytest.mark.parametrize("codec", ["h264", "mpeg4"])
def test_what_is_read_back_is_what_was_drawn(tmp_path: Path, theme: str, codec: str) -> None:
    """Colours survive the encoder, to a few levels."""
    file = tmp_path / "clip.mp4"
    render_clip(file, text="x", seed=1, width=128, height=128, frames=3, fps=8, theme=theme, codec=codec)

    drawn = frames(theme, seed=seed_for("x", 1), width=128, height=128, count=3)

    for one, other in zip(read(file).frames, drawn, strict=True):
        assert np.abs(one.astype(float) - other).mean() < 6
        assert np.abs(one.mean(axis=(0, 1)) - other.mean(axis=(0, 1))).max() < 3


def test_same_arguments_write_the_same_file(tmp_path: Path) -> None:
    assert render(tmp_path / "a.mp4").read_bytes() == render(tmp_path / "b.mp4").read_bytes()


def test_a_loop_is_repeated_until_the_clip_is_full(tmp_path: Path) -> None:
    """Exactly the frames asked for, at an even pace, the last round cut short."""
    file = tmp_path / "clip.mp4"
    render_clip(file, text="stars", seed=3, width=160, height=96, frames=11, loop_frames=4, fps=8)

    clip = read(file)

    drawn = list(
        frames("space", seed=seed_for("stars", 3), width=160, height=96, count=4, brief=brief_for("stars"))
    )
    assert (len(clip.frames), clip.rate) == (11, Fraction(8))
    assert clip.seconds == pytest.approx(11 / 8, rel=1e-3)
    for index, picture in enumerate(clip.frames):
        away = [np.abs(picture.astype(float) - one).mean() for one in drawn]
        assert int(np.argmin(away)) == index % 4


def test_a_clip_of_a_loop_may_be_longer_than_what_can_be_drawn(tmp_path: Path) -> None:
    render_clip(
        tmp_path / "clip.mp4", text="stars", seed=3, width=64, height=64, frames=1441, loop_frames=2, fps=24
    )

    assert len(read(tmp_path / "clip.mp4").frames) == 1441


def test_a_loop_as_long_as_the_clip_changes_nothing(tmp_path: Path) -> None:
    render_clip(tmp_path / "loop.mp4", text="stars", seed=3, width=160, height=96, frames=5, loop_frames=5, fps=8)

    assert (tmp_path / "loop.mp4").read_bytes() == render(tmp_path / "clip.mp4").read_bytes()


@pytest.mark.parametrize("change", [{"text": "more stars"}, {"seed": 4}])
def test_text_and_seed_both_change_the_picture(tmp_path: Path, change: dict[str, str | int]) -> None:
    one = read(render(tmp_path / "a.mp4", frames=1)).frames[0]
    other = read(render(tmp_path / "b.mp4", frames=1, **change)).frames[0]  # type: ignore[arg-type]  # two kinds

    assert np.abs(one.astype(float) - other).mean() > 5


def test_a_clip_replaces_what_was_there_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"old")

    render(tmp_path / "clip.mp4")

    assert len(read(tmp_path / "clip.mp4").frames) == 5
    assert [file.name for file in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"width": 63}, "width"),
        ({"frames": 0}, "frames"),
        ({"frames": 0, "loop_frames": 2}, "frames"),
        ({"loop_frames": 0}, "frames"),
        ({"fps": 0.0}, "fps"),
        ({"fps": float("nan")}, "fps"),
        ({"fps": 1000.0}, "fps"),
        ({"codec": "gif"}, "codec"),
        ({"theme": "lava"}, "theme"),
    ],
)
def test_an_impossible_clip_is_refused_and_nothing_written(
    tmp_path: Path, change: dict[str, float | str], word: str
) -> None:
    arguments = {"text": "x", "seed": 1, "width": 128, "height": 128, "frames": 2, "fps": 8.0} | change

    with pytest.raises(ValueError, match=word):
        render_clip(tmp_path / "clip.mp4", **arguments)  # type: ignore[arg-type]  # wrong on purpose

    assert list(tmp_path.iterdir()) == []


def test_a_sheet_shows_every_scene_and_seed(tmp_path: Path) -> None:
    """A row per theme and variant, a column per seed, each as `frames` draws it, without loss; it says which."""
    rows = sheet(tmp_path / "sheet.png", themes=["space", "dream"], seeds=[1, 2, 3], width=64, height=96)

    with av.open(str(tmp_path / "sheet.png")) as container:
        page = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert rows == ["space/nebula", "space/low_orbit", "dream/silk", "dream/islands"]
    assert page.shape == (4 * 96, 3 * 64, 3)
    last = next(frames("dream", variant="islands", seed=3, width=64, height=96, count=1))
    assert np.array_equal(page[3 * 96 :, 128:], last)
