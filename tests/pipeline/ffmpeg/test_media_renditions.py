"""Clips that can be used, of every kind a provider may send, and what is made of them."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pipeline.errors import TranscodeFailed
from pipeline.ffmpeg.boxes import list_boxes
from pipeline.ffmpeg.transcoder import FfmpegTranscoder
from tests.pipeline.ffmpeg.films import TICKS, film, mean_colour, pixel_shape, played, seconds_shown, splice

NewFolder = Callable[[], Path]

PLAYS_ALREADY: dict[str, dict[str, Any]] = {
    "high": {},
    "baseline": {"options": {"profile": "baseline"}},
    "index first": {"container": {"movflags": "+faststart"}},
    "fragmented": {"container": {"movflags": "frag_keyframe+empty_moov"}},
    "with sound": {"sound": True},
    "two frames": {"frames": 2},
    "thirty a second": {"frames": 30, "rate": 30},
    "unsteady rate": {"times": [0, 1000, 2500, 9000, 20000, 40000, 50003, 60007]},
    "late start": {"times": [5 * TICKS + number * 9000 for number in range(12)]},
}

TO_BE_ENCODED: dict[str, tuple[dict[str, Any], tuple[int, int]]] = {
    "mpeg4": ({"codec": "mpeg4"}, (320, 240)),
    "mpeg4, unsteady": ({"codec": "mpeg4", "times": [0, 3000, 9000, 60000, 60600, 120003]}, (320, 240)),
    "hevc": ({"codec": "libx265", "options": {"x265-params": "log-level=none"}}, (320, 240)),
    "vp9": ({"codec": "libvpx-vp9", "options": {"deadline": "realtime"}}, (320, 240)),
    "odd size": ({"size": (333, 251), "pixel_format": "yuv444p"}, (332, 250)),
    "ten bits": ({"pixel_format": "yuv420p10le"}, (320, 240)),
    "full range": ({"pixel_format": "yuvj420p"}, (320, 240)),
    "on its side": ({"rotation": 90}, (240, 320)),
    "upside down": ({"rotation": 180}, (320, 240)),
    "mirrored": ({"rotation": 0, "mirrored": True}, (320, 240)),
    "wide pixels": ({"aspect": Fraction(4, 3)}, (426, 240)),
    "tall": ({"size": (240, 960), "codec": "mpeg4"}, (240, 960)),
}


@pytest.mark.parametrize("case", PLAYS_ALREADY)
async def test_a_stream_that_plays_already_is_copied(
    case: str, transcoder: FfmpegTranscoder, folder: NewFolder, tmp_path: Path
) -> None:
    """Copied frames are the original's very frames, at the original's times."""
    original = film(tmp_path / "original.mp4", **PLAYS_ALREADY[case])

    made = await transcoder.transcode(original, folder())

    video = made.renditions[0].file
    assert made.copied
    assert [frame.to_ndarray().tobytes() for frame in played(video)] == [
        frame.to_ndarray().tobytes() for frame in played(original)
    ]
    assert seconds_shown(video) == seconds_shown(original)


@pytest.mark.parametrize("case", TO_BE_ENCODED)
async def test_any_other_stream_is_encoded_again(
    case: str, transcoder: FfmpegTranscoder, folder: NewFolder, tmp_path: Path
) -> None:
    """What comes out has every frame and its time, even sides, square pixels, no turn, limited range."""
    how, size = TO_BE_ENCODED[case]
    original = film(tmp_path / "original.mp4", **how)

    made = await transcoder.transcode(original, folder())

    video = made.renditions[0]
    frames = played(video.file)
    assert not made.copied
    assert (video.width, video.height) == size
    assert {(frame.width, frame.height, frame.format.name) for frame in frames} == {(*size, "yuv420p")}
    assert {frame.rotation for frame in frames} == {0}
    assert pixel_shape(video.file) == 1
    assert seconds_shown(video.file) == seconds_shown(original)
    assert len(frames) == made.video.frames


@pytest.mark.parametrize("case", ["copied", "encoded"])
async def test_every_rendition_is_what_it_says(
    case: str, transcoder: FfmpegTranscoder, folder: NewFolder, tmp_path: Path
) -> None:
    """Type, size and colour of each file are as recorded; the index comes first; nothing else is left."""
    colour = (40, 90, 180)
    codec = {"copied": "libx264", "encoded": "mpeg4"}[case]
    original = film(tmp_path / "original.mp4", codec=codec, colour=colour, size=(640, 360))

    made = await transcoder.transcode(original, place := folder())

    video, poster, preview = made.renditions
    kinds = [box.kind for box in list_boxes(video.file, most=64)]
    with Image.open(poster.file) as jpeg, Image.open(preview.file) as webp:
        pictures = [mean_colour(played(video.file)[0].to_ndarray(format="rgb24"))]
        pictures += [mean_colour(_rgb(jpeg)), mean_colour(_rgb(webp))]
        assert (jpeg.format, *jpeg.size) == ("JPEG", poster.width, poster.height)
        assert (webp.format, *webp.size) == ("WEBP", preview.width, preview.height) == ("WEBP", 320, 180)
        assert (getattr(webp, "n_frames", 0), webp.info["loop"]) == (12, 0)
    assert kinds.index("moov") < kinds.index("mdat")
    assert all(abs(a - b) <= 6 for seen in pictures for a, b in zip(seen, colour, strict=True))
    assert {file.name for file in place.iterdir()} == {item.file.name for item in made.renditions}


async def test_a_preview_of_a_fast_clip_is_thinned(
    transcoder: FfmpegTranscoder, folder: NewFolder, tmp_path: Path
) -> None:
    """A preview has at most twelve frames a second, and lasts as long as the clip."""
    original = film(tmp_path / "original.mp4", frames=60, rate=30)

    made = await transcoder.transcode(original, folder())

    with Image.open(made.renditions[2].file) as webp:
        assert getattr(webp, "n_frames", 0) == 24


async def test_a_size_that_changes_midway_is_evened_out(
    transcoder: FfmpegTranscoder, folder: NewFolder, tmp_path: Path
) -> None:
    """A stream that announces its new size is made one size; copied, it would break players."""
    original = splice(tmp_path / "original.mp4", [(320, 240), (640, 480)], sets_in_band=True)

    made = await transcoder.transcode(original, folder())

    assert not made.copied
    assert [(frame.width, frame.height) for frame in played(made.renditions[0].file)] == [(320, 240)] * 16


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
async def test_another_run_makes_the_same_bytes(
    codec: str, transcoder: FfmpegTranscoder, folder: NewFolder, tmp_path: Path
) -> None:
    """Files of one original and one recipe are equal, so content addresses of a repeated run are too."""
    original = film(tmp_path / "original.mp4", codec=codec)

    runs = [await transcoder.transcode(original, folder()) for _ in range(6)]

    assert len({tuple(item.file.read_bytes() for item in made.renditions) for made in runs}) == 1
    assert len({made.blurhash for made in runs}) == 1


@pytest.mark.parametrize("name", ["-i.mp4", "a b'\"%d?#é日.mp4", "http:x.mp4", "line\nbreak.mp4"])
async def test_no_name_of_a_file_means_anything(
    name: str, transcoder: FfmpegTranscoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are taken literally, relative ones included, for the original as for the folder."""
    monkeypatch.chdir(tmp_path)
    film(tmp_path / name)
    (tmp_path / f"{name}.out").mkdir()

    made = await transcoder.transcode(Path(name), Path(f"{name}.out"))

    assert [item.file.parent for item in made.renditions] == [tmp_path / f"{name}.out"] * 3


async def test_a_missing_ffmpeg_is_no_fault_of_the_clip(tmp_path: Path, folder: NewFolder) -> None:
    """Without its program the transcoder fails in a way that may be tried again."""
    transcoder = FfmpegTranscoder(tmp_path / "no-such-program", concurrency=1)

    with pytest.raises(TranscodeFailed, match="cannot be started") as caught:
        await transcoder.transcode(film(tmp_path / "original.mp4"), folder())

    assert not caught.value.permanent


async def test_a_failure_names_files_but_not_the_machine(
    transcoder: FfmpegTranscoder, folder: NewFolder, tmp_path: Path
) -> None:
    """What ffmpeg says of a file it cannot write is told without the path to it."""
    place = folder()
    (place / "video.mp4").mkdir()

    with pytest.raises(TranscodeFailed, match=r"video\.mp4") as caught:
        await transcoder.transcode(film(tmp_path / "original.mp4"), place)

    assert str(tmp_path) not in str(caught.value)


def _rgb(image: Image.Image) -> npt.NDArray[np.uint8]:

    return np.asarray(image.convert("RGB"))
