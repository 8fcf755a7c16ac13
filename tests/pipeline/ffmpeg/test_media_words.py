"""Verdicts over facts, and the facts themselves."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UnusableClip
from pipeline.ffmpeg import gate
from pipeline.ffmpeg.command import sizes
from pipeline.ffmpeg.facts import Facts, from_json, to_json
from pipeline.ffmpeg.geometry import displayed
from tests.pipeline.ffmpeg.samples import GOOD, any_facts

UNUSABLE = {
    "cut in the index": {"cut": "moov"},
    "4097 boxes": {"box_count": 4097},
    "an index of half a megabyte": {"index_bytes": 512 * 1024 + 1},
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
    "colours by matrix 8": {"colour": (1, 1, 8)},
    "one frame": {"packets": 1, "announced": 1, "moments": 1},
    "601 frames": {"packets": 601, "announced": 601, "moments": 601, "span": 14.0},
    "frames missing": {"announced": 13},
    "frames beyond the header": {"announced": 11},
    "frame incomplete": {"damaged": 1},
    "frame of nothing": {"idle": 1},
    "more than there is": {"coded": 100_001},
    "frames at one moment": {"moments": 11},
    "too short": {"span": 0.19},
    "too long": {"span": 15.01},
    "time running backwards": {"span": -1.0},
    "too fast": {"packets": 121, "announced": 121, "moments": 121, "span": 1.0},
    "too late": {"delay": 13.6},
    "at no time": {"delay": float("nan")},
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


@pytest.mark.parametrize("announced", [0, 6])
def test_the_header_of_a_fragmented_film_knows_some_of_its_frames(announced: int) -> None:
    """Those before the first fragment, which are none as a rule."""
    gate.check(replace(GOOD, announced=announced, boxes=("moov", "moof", "mdat")))


@given(any_facts)
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


@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\0\0\0\x01", b"\0\0\0\x0c", b"\0\0\x02\x01", b"<!--"])
def test_a_head_of_senseless_length_is_none(length: bytes) -> None:
    """What is a film's head and another kind of file at once has no room for its second nature."""
    with pytest.raises(UnusableClip, match="no MP4 or MOV"):
        gate.check_head(length + b"ftypisom", 100_000)


@pytest.mark.parametrize("brand", [b"isom", b"mp42", b"iso6", b"qt  "])
def test_brands_of_films_pass(brand: bytes) -> None:
    """What cameras, renderers and browsers write."""
    gate.check_head(b"\0\0\0\x20ftyp" + brand, 100_000)


@given(any_facts)
def test_facts_survive_the_pipe(found: Facts) -> None:
    """One ASCII line, read back equal."""
    text = to_json(found)

    assert text.isascii()
    assert "\n" not in text
    assert from_json(text) == found


@given(st.text() | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps) | st.just("[" * 50_000))
def test_what_are_no_facts_is_told_apart(text: str) -> None:
    """A child gone mad cannot crash its parent."""
    with pytest.raises(ValueError, match=r"."):
        from_json(text)


@given(st.sampled_from(sorted(asdict(GOOD))), st.sampled_from([None, "x", 1, 1.5, True, [], [1], ["x"], {}]))
def test_facts_of_another_type_are_none(name: str, value: object) -> None:
    """What the gate compares with numbers are numbers."""
    text = json.dumps(asdict(GOOD) | {name: value})

    try:
        found = from_json(text)
    except ValueError:
        return

    assert type(getattr(found, name)) is type(getattr(GOOD, name))
    assert len(found.colour) == 3
    assert len(found.sample_aspect) == 2


@pytest.mark.parametrize(
    ("rotation", "expected"), [(0, (640, 240)), (90, (240, 640)), (-90, (240, 640)), (180, (640, 240))]
)
def test_what_is_displayed_is_square_and_turned(rotation: int, expected: tuple[int, int]) -> None:
    """Wide pixels widen the stored picture first; a quarter turn then swaps its sides."""
    turned = replace(GOOD, width=320, height=240, sample_aspect=(2, 1), rotation=rotation)

    assert displayed(turned) == expected


def test_facts_are_plain() -> None:
    """Every fact is a number, a word or a row of them, so that nothing else can come out of the child."""
    allowed = (int, float, str, bool, tuple)

    assert all(isinstance(value, allowed) for value in asdict(GOOD).values())
