"""What our own code reads from a file's bytes: top-level boxes and parameter sets. And sizes, being numbers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ffmpeg.avc import MAX_UNITS, redefines_format
from pipeline.ffmpeg.boxes import Box, list_boxes
from pipeline.ffmpeg.geometry import even, fit

lengths = st.integers(min_value=1, max_value=4000)


@given(lengths, lengths, st.integers(1, 640))
def test_fitting_keeps_the_proportion(width: int, height: int, side: int) -> None:
    """Nothing grows, nothing exceeds the side, and rounding is off by half a pixel at most."""
    fitted = fit(width, height, side)

    assert all(1 <= new <= old for new, old in zip(fitted, (width, height), strict=True))
    assert max(fitted) <= max(side, 1)
    assert min(fitted) == 1 or abs(fitted[0] * height - fitted[1] * width) <= (width + height) / 2 + 1


@given(lengths, lengths)
def test_evening_drops_at_most_one_pixel(width: int, height: int) -> None:
    """The next smaller even size."""
    assert all(
        new % 2 == 0 and old - new in {0, 1} for new, old in zip(even(width, height), (width, height), strict=True)
    )


@given(st.binary(max_size=200))
def test_boxes_of_any_bytes_come_to_an_end(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """No length, zero and giant ones included, makes the walk go on for ever or past the list's limit."""
    file = tmp_path_factory.mktemp("boxes") / "file"
    file.write_bytes(content)

    assert len(list_boxes(file, most=64)) <= len(content) // 8


def test_a_box_longer_than_its_file_is_not_whole(tmp_path: Path) -> None:
    """The 64-bit length counts like the 32-bit one, and 0 means up to the end."""
    file = tmp_path / "file"
    wide = b"\0\0\0\x01free\0\0\0\0\0\0\0\x14abcd"
    file.write_bytes(wide + b"\0\0\0\x09mdat")
    assert list_boxes(file, most=64) == (Box("free", 20, whole=True), Box("mdat", 8, whole=False))

    file.write_bytes(wide + b"\0\0\0\0mdat")
    assert list_boxes(file, most=64) == (Box("free", 20, whole=True), Box("mdat", 8, whole=True))


def test_no_more_boxes_are_listed_than_wanted(tmp_path: Path) -> None:
    """A file may have millions."""
    file = tmp_path / "file"
    file.write_bytes(b"\0\0\0\x08free" * 100)

    assert len(list_boxes(file, most=7)) == 7


SETS = b"\x01\x64\0\x1e\xff\xe1\0\x04\x67abc\x01\0\x02\x68d"


@pytest.mark.parametrize(
    ("sample", "redefines"),
    [
        (b"\0\0\0\x03\x65xx", False),
        (b"\0\0\0\x04\x67abc\0\0\0\x02\x65x", False),
        (b"\0\0\0\x04\x67abd\0\0\0\x02\x65x", True),
        (b"\0\0\0\x02\x65x\0\0\0\x04\x27abc", True),
        (b"", False),
    ],
)
def test_only_a_new_parameter_set_redefines_a_format(sample: bytes, redefines: bool) -> None:
    """Repeating the header's set is harmless; any other is not."""
    assert redefines_format(SETS, sample) is redefines


@pytest.mark.parametrize(("units", "redefines"), [(MAX_UNITS, False), (MAX_UNITS + 1, True)])
def test_a_picture_of_too_many_units_is_not_trusted(units: int, redefines: bool) -> None:
    """Millions of empty ones would take seconds to look through."""
    assert redefines_format(SETS, b"\0\0\0\x01\x65" * units) is redefines


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_parameter_sets_of_any_bytes_are_judged(configuration: bytes, sample: bytes) -> None:
    """Garbage is read to its end and never past it."""
    assert redefines_format(configuration, sample) in {True, False}
