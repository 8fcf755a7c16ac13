"""What an input asks for, in whichever of fal's words it says so."""

import pytest

from pipeline.fal import asked


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
    assert asked.size(given) == size


@pytest.mark.parametrize(
    ("given", "frames"),
    [
        ({"num_frames": 81, "fps": 16}, 81),
        ({"num_frames": 81, "num_interpolated_frames": 1}, 162),
        ({"duration": "10", "fps": 24}, 240),
        ({"duration": 6, "frame_rate": 25}, 150),
        ({"duration": 6}, None),
        ({"fps": 25}, None),
        ({}, None),
    ],
)
def test_how_many_frames(given: dict[str, object], frames: int | None) -> None:
    """Those that are made up between the rendered ones count."""
    assert asked.frames(given) == frames


@pytest.mark.parametrize(
    ("given", "steps"), [({"num_inference_steps": 30}, 30), ({"steps": "4"}, 4), ({"first_pass_steps": 8}, None)]
)
def test_how_many_steps(given: dict[str, object], steps: int | None) -> None:
    """Two words for one thing."""
    assert asked.steps(given) == steps
