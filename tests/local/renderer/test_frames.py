"""Promises of the pictures themselves: same arguments same bytes, no seam, no glare, any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from local.renderer import THEMES, Brief, frames

Clip = list[NDArray[np.uint8]]

SCENES = [(theme.name, variant) for theme in THEMES.values() for variant in theme.variants]
every_scene = pytest.mark.parametrize(("theme", "variant"), SCENES, ids="/".join)
sides = st.integers(32, 96).map(lambda half: 2 * half)


def clip(
    theme: str,
    variant: str,
    *,
    seed: int = 7,
    width: int = 128,
    height: int = 128,
    count: int = 12,
    brief: Brief = Brief(),  # noqa: B008 - frozen
) -> Clip:
    size = {"width": width, "height": height, "count": count}
    return list(frames(theme, seed=seed, variant=variant, brief=brief, **size))


def shrunk(picture: NDArray[np.uint8], cells: int = 8) -> NDArray[np.float64]:
    """Mean colours of a `cells` by `cells` grid over the picture."""
    height, width, _ = picture.shape
    blocks = picture.reshape(cells, height // cells, cells, width // cells, 3)
    means: NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return means


def away(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


@every_scene
def test_same_arguments_give_the_same_bytes(theme: str, variant: str) -> None:
    assert all(np.array_equal(a, b) for a, b in zip(clip(theme, variant), clip(theme, variant), strict=True))


@every_scene
def test_another_seed_gives_another_picture(theme: str, variant: str) -> None:
    assert away(clip(theme, variant, seed=1, count=1)[0], clip(theme, variant, seed=2, count=1)[0]) > 5


@every_scene
def test_the_step_from_the_last_frame_to_the_first_is_like_the_others(theme: str, variant: str) -> None:
    """A loop has no seam: no step stands out, the closing one included."""
    loop = clip(theme, variant)
    steps = [away(loop[i], loop[i + 1]) for i in range(len(loop) - 1)]

    assert away(loop[-1], loop[0]) <= 1.25 * max(steps)


@every_scene
def test_motion_is_seen_within_a_dozen_frames_and_calm(theme: str, variant: str) -> None:
    """Something moves in every loop, and no frame jumps."""
    loop = clip(theme, variant)
    steps = [away(loop[i], loop[i + 1]) for i in range(len(loop) - 1)]

    assert max(away(loop[0], frame) for frame in loop) > 2
    assert max(steps) < 16


@every_scene
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_clipped_to_white(theme: str, variant: str, seed: int) -> None:
    """Glare keeps its colour: at most one pixel in ten thousand is plain white, whatever the seed."""
    picture = clip(theme, variant, seed=seed, width=256, height=256, count=1)[0]

    assert (picture == 255).all(axis=2).mean() < 1e-4


@every_scene
@pytest.mark.parametrize("seed", range(4))
def test_a_picture_is_neither_dark_nor_empty(theme: str, variant: str, seed: int) -> None:
    """Every seed shows something: some light, and contrast."""
    picture = clip(theme, variant, seed=seed, count=1)[0]

    assert picture.mean() > 20
    assert picture.std() > 25


@every_scene
def test_one_seed_shows_one_scene_at_every_size(theme: str, variant: str) -> None:
    """A preview and a final differ in size only; two seeds differ far more."""
    small, large = (
        clip(theme, variant, width=128, height=128, count=1)[0],
        clip(theme, variant, width=512, height=512, count=1)[0],
    )
    other = clip(theme, variant, seed=8, width=512, height=512, count=1)[0]

    assert away(shrunk(small), shrunk(large)) < 6
    assert away(shrunk(small), shrunk(large)) < away(shrunk(other), shrunk(large)) / 2


@given(scene=st.sampled_from(SCENES), seed=st.integers(-(2**40), 2**70), width=sides, height=sides)
@settings(max_examples=12, deadline=None)
def test_frames_have_the_size_asked_for(scene: tuple[str, str], seed: int, width: int, height: int) -> None:
    """Any even size and any whole seed, upright or lying."""
    pictures = clip(*scene, seed=seed, width=width, height=height, count=2)

    assert [(p.shape, p.dtype) for p in pictures] == [((height, width, 3), np.dtype(np.uint8))] * 2


@every_scene
@pytest.mark.parametrize(("width", "height"), [(64, 1280), (1280, 64)])
def test_the_thinnest_frames_can_be_drawn(theme: str, variant: str, width: int, height: int) -> None:
    assert clip(theme, variant, width=width, height=height, count=1)[0].shape == (height, width, 3)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"width": 62}, "width"),
        ({"width": 1282}, "width"),
        ({"height": 129}, "height"),
        ({"count": 0}, "frames"),
        ({"count": 601}, "frames"),
    ],
)
def test_impossible_arguments_are_refused_at_once(change: dict[str, int], word: str) -> None:
    """The call itself raises, before a frame is asked for, and names what is wrong."""
    size = {"seed": 1, "width": 128, "height": 128, "count": 12} | change

    with pytest.raises(ValueError, match=word):
        frames("space", **size)  # type: ignore[arg-type]  # none of the other arguments is among them


def test_an_unknown_theme_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'lava'.*space"):
        frames("lava", seed=1, width=128, height=128, count=12)


def test_an_unknown_variant_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'lava'.*nebula"):
        frames("space", seed=1, width=128, height=128, count=12, variant="lava")
