"""Promises of what is drawn: the size, length and number an input asks for, within what can be drawn."""

from math import isclose
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from local.fal.models import film, sizes
from local.fal.models.film import LONGEST_LOOP, MOST_FRAMES, ClipRequest, StillRequest, drawings_for
from local.fal.models.media import Medium
from local.fal.models.sizes import Size, asked_size, drawable
from local.renderer import clip, picture
from tests.local.fal.models.samples import IMAGE_OUTPUT, model

VIDEO = model()
IMAGES = model(output=IMAGE_OUTPUT)


def clip_for(**given: Any) -> ClipRequest:
    """The clip for an input of a model that lets everything through."""
    (drawing,) = drawings_for(VIDEO, {"prompt": "a fox", **given}, fallback_seed=7)
    assert isinstance(drawing, ClipRequest)
    return drawing


def stills_for(**given: Any) -> list[StillRequest]:
    drawings = drawings_for(IMAGES, {"prompt": "a fox", **given}, fallback_seed=7)
    return [drawing for drawing in drawings if isinstance(drawing, StillRequest)]


@pytest.mark.parametrize(
    ("given_", "size"),
    [
        ({"video_size": "landscape_16_9"}, (1024, 576)),
        ({"image_size": "portrait_4_3"}, (768, 1024)),
        ({"video_size": {"width": 320, "height": 240}}, (320, 240)),
        ({"video_size": "auto", "width": 320, "height": 240}, (320, 240)),
        ({"resolution": "480p", "aspect_ratio": "9:16"}, (480, 853)),
        ({"resolution": "720p"}, (1280, 720)),
        ({"resolution": "768P", "aspect_ratio": "1:1"}, (768, 768)),
        ({"resolution": "1080p", "aspect_ratio": "16:9"}, (1920, 1080)),
        ({"resolution": "4K"}, (7282, 4096)),
        ({"resolution": "1280x704"}, (1280, 704)),
        ({"image_size": "1024*1536"}, (1024, 1536)),
        ({"aspect_ratio": "1:1"}, (720, 720)),
        ({"aspect_ratio": "21:9"}, (1680, 720)),
        ({"aspect_ratio": "auto", "resolution": "auto"}, (1280, 720)),
        ({"video_size": None, "resolution": None}, (1280, 720)),
        ({}, (1280, 720)),
    ],
)
def test_a_size_may_be_asked_for_in_every_way_of_fals_models(
    given_: dict[str, Any], size: tuple[int, int]
) -> None:
    assert asked_size(given_, Medium.VIDEO) == size


def test_an_image_is_square_unless_it_says_otherwise() -> None:
    assert asked_size({}, Medium.IMAGE) == (1024, 1024)
    assert asked_size({"aspect_ratio": "3:2"}, Medium.IMAGE) == (1536, 1024)


sides = st.integers(1, 14142)


@given(sides, sides)
def test_any_size_becomes_one_that_can_be_drawn(width: int, height: int) -> None:
    """It stays as it is where it can, and otherwise keeps its shape as far as the limits let it."""
    drawn = drawable(Size(width, height))

    assert all(side % 2 == 0 and picture.SMALLEST <= side <= picture.LARGEST for side in drawn)
    if width % 2 == height % 2 == 0 and min(width, height) >= 64 and max(width, height) <= 1280:
        assert drawn == (width, height)
    if max(width, height) <= 20 * min(width, height):
        assert isclose(drawn.width / drawn.height, width / height, rel_tol=0.04)


def test_the_limits_are_those_of_the_renderer() -> None:
    """This package may not import it, so the numbers stand in both places."""
    assert (sizes.SMALLEST_SIDE, sizes.LARGEST_SIDE) == (picture.SMALLEST, picture.LARGEST)
    assert (film.SLOWEST_FPS, film.FASTEST_FPS) == (clip.SLOWEST, clip.FASTEST)
    assert LONGEST_LOOP <= picture.MOST_FRAMES


@pytest.mark.parametrize(
    ("given_", "frames", "fps"),
    [
        ({"num_frames": 81, "frames_per_second": 16}, 81, 16),
        ({"num_frames": 16, "fps": 8}, 16, 8),
        ({"num_frames": 121, "frame_rate": 24}, 121, 24),
        ({"duration": "5"}, 120, 24),
        ({"duration": "8s"}, 192, 24),
        ({"duration": 6, "fps": 50}, 300, 50),
        ({"duration": 2.5, "fps": "24"}, 60, 24),
        ({"duration": "auto"}, 120, 24),
        ({"num_frames": 25, "duration": 9}, 25, 24),
        ({"num_frames": None, "fps": None}, 120, 24),
        ({"num_frames": True, "duration": 0, "fps": -1}, 120, 24),
        ({}, 120, 24),
    ],
)
def test_a_length_may_be_asked_for_in_frames_or_in_seconds(
    given_: dict[str, Any], frames: int, fps: float
) -> None:
    drawing = clip_for(**given_)

    assert (drawing.frames, drawing.fps, drawing.seconds) == (frames, fps, frames / fps)


def test_what_a_model_does_not_let_choose_is_in_its_schema() -> None:
    """Stable Video Diffusion makes 25 frames, whatever is asked; what is fixed is asked for by no field."""
    svd = model(properties={"fps": {"type": "integer", "default": 10}})
    svd.facts.input["x-fixed"] = {"num_frames": 25, "video_size": "landscape_16_9"}

    (drawing,) = drawings_for(svd, {"prompt": "", "fps": 10}, fallback_seed=1)

    assert drawing == ClipRequest("", 1, 1024, 576, frames=25, fps=10, loop_frames=25)


@given(st.integers(1, 5000))
def test_a_long_clip_repeats_a_short_loop(frames: int) -> None:
    """A loop of seconds, so that it is drawn fast; the clip ends as the loop does, to an eighth."""
    drawing = clip_for(num_frames=frames)
    over = drawing.frames % drawing.loop_frames

    assert drawing.frames == min(frames, MOST_FRAMES)
    assert drawing.loop_frames == frames if frames <= LONGEST_LOOP else 24 <= drawing.loop_frames <= LONGEST_LOOP
    assert min(over, drawing.loop_frames - over) <= drawing.loop_frames / 8


wild = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "5s",
            "0",
            "720p",
            "0p",
            "99k",
            "16:9",
            "0:0",
            "1:9999",
            "10x10",
            "99999x1",
            {"width": 10**400, "height": 1},
        ]
    )
)
FIELDS = [
    "num_frames",
    "duration",
    "fps",
    "resolution",
    "aspect_ratio",
    "video_size",
    "width",
    "height",
    "num_images",
]


@example({"width": 10**400, "height": 10**400, "num_frames": 10**400, "num_images": 10**400})
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, wild)))
def test_whatever_a_schema_lets_through_can_be_drawn(given_: dict[str, Any]) -> None:
    """A schema of one's own may have no limits and other types."""
    drawing = clip_for(**given_)

    assert all(side % 2 == 0 and 64 <= side <= 1280 for side in (drawing.width, drawing.height))
    assert 1 <= drawing.loop_frames <= drawing.frames <= MOST_FRAMES
    assert clip.SLOWEST <= drawing.fps <= clip.FASTEST
    assert 1 <= len(stills_for(**given_)) <= film.MOST_IMAGES


def test_a_seed_is_the_callers_or_else_the_one_at_hand() -> None:
    assert clip_for(seed=0).seed == 0
    assert clip_for(seed=None).seed == 7


def test_each_of_several_images_has_a_seed_of_its_own() -> None:
    assert [still.seed for still in stills_for(seed=5, num_images=3)] == [5, 6, 7]


@pytest.mark.parametrize(
    ("given_", "kind"),
    [
        ({"output_format": "png"}, "png"),
        ({"format": "png"}, "png"),
        ({"output_format": "jpeg"}, "jpeg"),
        ({"output_format": "webp"}, "jpeg"),
        ({}, "jpeg"),
    ],
)
def test_an_image_has_the_format_asked_for(given_: dict[str, Any], kind: str) -> None:
    """Or else is a JPEG, which is also what its content type then says."""
    (still,) = stills_for(**given_)

    assert (still.format, still.content_type, still.suffix) == (kind, f"image/{kind}", f".{kind}")


def test_a_model_that_animates_an_image_draws_by_its_url() -> None:
    drawings = drawings_for(VIDEO, {"image_url": "https://example.com/fox.png"}, fallback_seed=7)

    assert drawings[0].text == "https://example.com/fox.png"
