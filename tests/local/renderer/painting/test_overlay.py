"""Promises of overlays: laid on a picture, they show what would have been painted on it."""

import numpy as np

from local.renderer.canvas import Canvas
from local.renderer.painting.overlay import blank, lay, put


def test_an_overlay_shows_what_would_have_been_painted_on_the_picture_itself() -> None:
    rng = np.random.default_rng(1)
    picture = rng.random((3, 64, 64), dtype=np.float32)
    things = [(rng.random((3, 64, 64)), rng.random((64, 64))) for _ in range(3)]
    overlay, painted = blank(Canvas(64, 64), 64), picture.copy()

    for light, cover in things:
        lay(overlay, light, cover)
        painted += (light - painted) * cover
    put(overlay, picture)

    np.testing.assert_allclose(picture, painted, atol=1e-5)
