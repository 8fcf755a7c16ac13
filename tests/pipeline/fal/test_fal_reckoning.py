"""What an input asks for, in whichever of fal's words it says so."""

from decimal import Decimal

import pytest

from pipeline.fal import reckoning


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"video_size": "portrait_16_9"}, (576, 1024)),
        ({"video_size": {"width": 640, "height": 360}, "resolution": "720p"}, (640, 360)),
        ({"resolution": "720p"}, (1280, 720)),
        ({"resolution": "1080p", "aspect_ratio": "16:9"}, (1920, 1080)),
        ({"resolution": "1080p", "aspect_ratio": "9:16"}, (1080, 1920)),
        ({"resolution": "480p", "aspect_ratio": "1:1"}, (480, 480)),
        ({"resolution": "720p", "aspect_ratio": "21:9"}, (1680, 720)),
        ({"resolution": "auto"}, None),
        ({"resolution": "720p", "aspect_ratio": "auto"}, None),
        ({"resolution": "720p", "aspect_ratio": "1:0"}, None),
        ({"resolution": 720}, None),
        ({"aspect_ratio": "16:9"}, None),
        ({}, None),
    ],
)
def test_a_size(given: dict[str, object], size: tuple[int, int] | None) -> None:
    """By name, by sides, or by the lines of the shorter side and a shape."""
    assert reckoning.size(given) == size


@pytest.mark.parametrize(
    ("given", "frames"),
    [
        ({"num_frames": 81, "fps": 16}, 81),
        ({"num_frames": 81, "num_interpolated_frames": 1}, 162),
        ({"num_frames": 81, "num_interpolated_frames": 1, "interpolator_model": "none"}, 81),
        ({"duration": "10", "fps": 24}, 240),
        ({"duration": 6, "frame_rate": 25}, 150),
        ({"duration": 6}, None),
        ({"fps": 25}, None),
        ({}, None),
    ],
)
def test_how_many_frames(given: dict[str, object], frames: int | None) -> None:
    """Those that are made up between the rendered ones count."""
    assert reckoning.frames(given) == frames


@pytest.mark.parametrize(
    ("given", "steps"), [({"num_inference_steps": 30}, 30), ({"steps": "4"}, 4), ({"first_pass_steps": 8}, None)]
)
def test_how_many_steps(given: dict[str, object], steps: int | None) -> None:
    """Two words for one thing."""
    assert reckoning.steps(given) == steps


@pytest.mark.parametrize(
    ("given", "rate", "plays", "billed"),
    [
        ({"num_frames": 80, "fps": 16}, 16, 5, 5),
        ({"num_frames": 80, "fps": 16, "num_interpolated_frames": 1}, 16, 10, 5),
        (
            {"num_frames": 80, "fps": 16, "num_interpolated_frames": 1, "adjust_fps_for_interpolation": True},
            32,
            5,
            5,
        ),
        ({"duration": "6", "fps": 25}, 25, 6, 6),
        ({"num_frames": 80}, None, None, None),
    ],
)
def test_frames_made_up_between_are_played_and_not_billed(
    given: dict[str, object], rate: int | None, plays: int | None, billed: int | None
) -> None:
    """They make the video longer, or smoother where the rate is adjusted to them; what is billed is rendered."""
    assert reckoning.rate(given) == rate
    assert reckoning.played_seconds(given) == plays
    assert reckoning.rendered_seconds(given) == billed


@pytest.mark.parametrize(
    "value", ["", "\u0665", "5.", ".5", "1e5", "-3", "½", "1" * 400, "1e400", True, None, -1, 2**60]
)
def test_no_number(value: object) -> None:
    """Digits of other scripts, halves of numbers, and what is too long to reckon with."""
    assert reckoning.number(value) is None


@pytest.mark.parametrize(("value", "number"), [("5", "5"), ("0.5", "0.5"), (3, "3"), (1e-7, "1E-7"), (2.5, "2.5")])
def test_a_number(value: object, number: str) -> None:
    """Or a text that spells one."""
    assert reckoning.number(value) == Decimal(number)
