"""Verdicts over facts, the facts themselves, the command, and what is demanded of its outputs."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TranscodeFailed, UnusableClip
from pipeline.ffmpeg import gate, outputs
from pipeline.ffmpeg.command import command, sizes
from pipeline.ffmpeg.facts import Facts, from_json, to_json
from pipeline.ffmpeg.geometry import displayed

GOOD = Facts(
    boxes=("ftyp", "moov", "mdat"),
    streams=1,
    videos=1,
    codec="h264",
    profile="High",
    pixel_format="yuv420p",
    width=512,
    height=512,
    keyframe_first=True,
    announced=12,
    packets=12,
    moments=12,
    span=1.5,
)

UNUSABLE = {
    "cut in the index": {"cut": "moov"},
    "five streams": {"streams": 5},
    "no video": {"videos": 0},
    "two videos": {"videos": 2},
    "a picture's codec": {"codec": "png"},
    "no size": {"width": 0},
    "15 pixels": {"height": 15},
    "1921 pixels": {"width": 1921},
    "too many pixels": {"width": 1920, "height": 1232},
    "too wide when displayed": {"width": 1000, "sample_aspect": (2, 1)},
    "no shape": {"sample_aspect": (0, 1)},
    "undecodable": {"pixel_format": ""},
    "one frame": {"packets": 1, "announced": 1, "moments": 1},
    "601 frames": {"packets": 601, "announced": 601, "moments": 601, "span": 14.0},
    "frames missing": {"announced": 13},
    "frames beyond the header": {"announced": 11},
    "frame incomplete": {"damaged": 1},
    "frames at one moment": {"moments": 11},
    "too short": {"span": 0.19},
    "too long": {"span": 15.01},
    "time running backwards": {"span": -1.0},
    "too fast": {"packets": 121, "announced": 121, "moments": 121, "span": 1.0},
}

NOT_COPYABLE = {
    "codec": {"codec": "mpeg4"},
    "profile": {"profile": "High 10"},
    "pixel format": {"pixel_format": "yuvj420p"},
    "odd width": {"width": 333},
    "odd height": {"height": 251},
    "pixel shape": {"sample_aspect": (4, 3)},
    "display matrix": {"transformed": True},
    "format change": {"steady": False},
    "no keyframe first": {"keyframe_first": False},
}

facts = st.builds(
    Facts,
    width=st.integers(0, 5000),
    height=st.integers(0, 5000),
    sample_aspect=st.tuples(st.integers(0, 500), st.integers(0, 500)),
    rotation=st.integers(-360, 360),
    packets=st.integers(0, 700),
    announced=st.integers(0, 700),
    moments=st.integers(0, 700),
    span=st.floats(-1e9, 1e9),
    streams=st.integers(0, 5),
    videos=st.integers(0, 3),
    codec=st.sampled_from(["h264", "png"]),
    pixel_format=st.sampled_from(["", "yuv420p"]),
)


def test_a_good_clip_passes_and_is_copyable() -> None:
    """The plain case, from which each case below differs in one thing."""
    gate.check(GOOD)

    assert gate.copyable(GOOD)


@pytest.mark.parametrize("case", UNUSABLE)
def test_each_limit_of_the_gate_holds(case: str) -> None:
    """One fact out of bounds refuses the clip."""
    with pytest.raises(UnusableClip, match=r"^the clip cannot be used: \S"):
        gate.check(replace(GOOD, **UNUSABLE[case]))  # type: ignore[arg-type]  # one value type per field


@pytest.mark.parametrize("case", NOT_COPYABLE)
def test_each_reason_to_encode_again_counts_alone(case: str) -> None:
    """One thing browsers may not play keeps the stream from being copied."""
    assert not gate.copyable(replace(GOOD, **NOT_COPYABLE[case]))  # type: ignore[arg-type]  # as above


def test_a_header_may_keep_silent_about_its_frames() -> None:
    """Fragmented files announce none."""
    gate.check(replace(GOOD, announced=0))


@given(facts)
def test_the_gate_answers_every_combination_of_facts(found: Facts) -> None:
    """Whatever a file contains is passed or refused, never a crash; and what passes can be shown."""
    try:
        gate.check(found)
    except UnusableClip:
        return

    for width, height in (sizes(found).video, sizes(found).preview):
        assert 1 <= width <= gate.MAX_SIDE
        assert 1 <= height <= gate.MAX_SIDE


@given(st.binary(max_size=gate.HEAD_BYTES), st.integers(0, 10**12))
def test_a_head_is_judged_whatever_it_holds(head: bytes, size: int) -> None:
    """Only a film's brand in a file of sensible size passes."""
    try:
        gate.check_head(head, size)
    except UnusableClip:
        return

    assert head[4:8] == b"ftyp"
    assert gate.MIN_BYTES <= size <= gate.MAX_BYTES


@pytest.mark.parametrize("brand", [b"isom", b"mp42", b"iso6", b"qt  "])
def test_brands_of_films_pass(brand: bytes) -> None:
    """What cameras, renderers and browsers write."""
    gate.check_head(b"\0\0\0\x20ftyp" + brand, 100_000)


@given(facts)
def test_facts_survive_the_pipe(found: Facts) -> None:
    """One ASCII line, read back equal."""
    text = to_json(found)

    assert text.isascii()
    assert "\n" not in text
    assert from_json(text) == found


@given(st.text() | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps))
def test_what_are_no_facts_is_told_apart(text: str) -> None:
    """A child gone mad cannot crash its parent."""
    with pytest.raises(ValueError, match=r"."):
        from_json(text)


@pytest.mark.parametrize(
    ("rotation", "expected"), [(0, (640, 240)), (90, (240, 640)), (-90, (240, 640)), (180, (640, 240))]
)
def test_what_is_displayed_is_square_and_turned(rotation: int, expected: tuple[int, int]) -> None:
    """Wide pixels widen the stored picture first; a quarter turn then swaps its sides."""
    turned = replace(GOOD, width=320, height=240, sample_aspect=(2, 1), rotation=rotation)

    assert displayed(turned) == expected


def test_the_command_is_guarded() -> None:
    """Every guard against hostile input stands in the vector, once for its input and once for each output."""
    argv = command(Path("/bin/ffmpeg"), Path("/in/-x.mp4"), Path("/out"), GOOD)

    assert argv[0] == "/bin/ffmpeg"
    assert {"-nostdin", "-xerror", "-y"} <= set(argv)
    assert _values(argv[: argv.index("-i")], "-f") == ["mov"]
    assert _values(argv, "-i") == ["file:/in/-x.mp4"]
    assert _values(argv, "-protocol_whitelist") == ["file"]
    assert _values(argv, "-max_pixels") == [str(gate.MAX_PIXELS)]
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


def test_facts_are_plain() -> None:
    """Every fact is a number, a word or a row of them, so that nothing else can come out of the child."""
    allowed = (int, float, str, bool, tuple)

    assert all(isinstance(value, allowed) for value in asdict(GOOD).values())


def _values(argv: list[str], option: str) -> list[str]:
    return [argv[place + 1] for place, word in enumerate(argv) if word == option]
