"""The one command, the time it gets, and what is demanded of its outputs."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TranscodeFailed
from pipeline.ffmpeg import gate, outputs
from pipeline.ffmpeg.command import LIMITS, START_SECONDS, command, limits
from pipeline.ffmpeg.facts import Facts
from tests.pipeline.ffmpeg.samples import GOOD, any_facts


def test_the_command_is_guarded() -> None:
    """Every guard against hostile input stands in the vector, once for its input and once for each output."""
    argv = command(Path("/bin/ffmpeg"), Path("/in/-x.mp4"), Path("/out"), GOOD)

    assert argv[0] == "/bin/ffmpeg"
    assert {"-nostdin", "-xerror", "-y"} <= set(argv)
    assert _values(argv[: argv.index("-i")], "-f") == ["mov"]
    assert _values(argv, "-i") == ["file:/in/-x.mp4"]
    assert _values(argv, "-protocol_whitelist") == ["file"]
    assert _values(argv, "-enable_drefs") == ["0"]
    assert _values(argv, "-max_pixels") == [str(gate.MAX_PIXELS)]
    assert _values(argv, "-frames:v") == ["13", "1", "181", "1"]
    assert argv.index("-threads") < argv.index("-i")
    assert _values(argv, "-map_metadata") == ["-1"] * 4
    assert _values(argv, "-fps_mode") == ["passthrough"] * 3
    assert [word for word in argv if "/out" in word] == [
        "file:/out/video.mp4",
        "file:/out/poster.jpg",
        "file:/out/preview.webp",
        "file:/out/pixels.rgb",
    ]


def test_a_copyable_clip_is_not_encoded() -> None:
    """The H.264 encoder appears in the command for the other clips only."""
    copied = command(Path("/bin/ffmpeg"), Path("/in.mp4"), Path("/out"), GOOD)
    encoded = command(Path("/bin/ffmpeg"), Path("/in.mp4"), Path("/out"), replace(GOOD, codec="mpeg4"))

    assert _values(copied, "-c:v")[0] == "copy"
    assert _values(encoded, "-c:v")[0] == "libx264"


@pytest.mark.parametrize(
    ("colour", "given"),
    [
        ((1, 1, 1), []),
        ((2, 2, 2), []),
        ((0, 1, 1), ["color_primaries=unknown"]),
        ((1, 10, 1), ["color_trc=unknown"]),
        ((3, 3, 1), ["color_primaries=unknown", "color_trc=unknown"]),
    ],
)
def test_colours_that_mean_nothing_are_not_heeded(colour: tuple[int, int, int], given: list[str]) -> None:
    """Numbers that the scaler refuses are replaced before it sees them; all others are left as they are."""
    argv = command(Path("/bin/ffmpeg"), Path("/in.mp4"), Path("/out"), replace(GOOD, colour=colour))

    [graph] = _values(argv, "-filter_complex")
    assert re.findall(r"color_\w+=unknown", graph) == given


@given(any_facts)
def test_time_is_given_in_proportion(found: Facts) -> None:
    """More pictures get more of it, a small clip little, and none more than the longest."""
    found = replace(found, sample_aspect=(max(1, found.sample_aspect[0]), max(1, found.sample_aspect[1])))
    seconds = limits(found)["CPU"]

    assert limits(replace(GOOD, width=512, height=512, packets=12))["CPU"] == 5
    assert START_SECONDS <= seconds <= LIMITS["CPU"]
    assert seconds <= limits(replace(found, packets=found.packets + 1))["CPU"]
    assert limits(found) == LIMITS | {"CPU": seconds}


@pytest.mark.parametrize(
    "change",
    [
        {"packets": 11},
        {"width": 510},
        {"codec": "hevc"},
        {"pixel_format": "yuvj420p"},
        {"boxes": ("mdat", "moov")},
        {"boxes": ()},
    ],
)
def test_a_video_other_than_asked_for_is_no_success(change: dict[str, object]) -> None:
    """Frames, size, format and place of the index are compared with the order."""
    outputs.check_video(GOOD, GOOD, (512, 512))

    with pytest.raises(TranscodeFailed, match="the video made"):
        outputs.check_video(GOOD, replace(GOOD, **change), (512, 512))  # type: ignore[arg-type]  # as above


@given(st.binary(min_size=1, max_size=20))
def test_pictures_cut_short_are_no_success(rest: bytes) -> None:
    """Incomplete files are noticed although ffmpeg said nothing."""
    webp = b"RIFF" + (len(rest) + 4).to_bytes(4, "little") + b"WEBP" + rest
    outputs.check_preview(webp)
    outputs.check_poster(b"\xff\xd8" + rest + b"\xff\xd9")
    outputs.check_pixels(bytes(12), 2)

    with pytest.raises(TranscodeFailed):
        outputs.check_preview(webp[:-1])
    with pytest.raises(TranscodeFailed):
        outputs.check_poster(b"\xff\xd8" + rest + b"\xff")
    with pytest.raises(TranscodeFailed):
        outputs.check_pixels(bytes(11), 2)


def _values(argv: list[str], option: str) -> list[str]:
    return [argv[place + 1] for place, word in enumerate(argv) if word == option]
