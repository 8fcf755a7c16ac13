"""Drawing of limbs, tapering strokes with soft edges, of which plants, boats and birds are made. No colours here.

Limbs are rows (x0, y0, r0, x1, y1, r1): two ends and the half widths there, in short sides, y down.
"""

import numpy as np
from numpy.typing import NDArray

from local.renderer.canvas import Canvas, Field, span
from local.renderer.painting.sprite import Sprite

_THINNEST = 0.35  # pixels of half width; thinner limbs are drawn so wide and fainter
_SMALL = 600  # pixels of the box about a limb up to which its pixels are worked out with those of other limbs
_TOGETHER = 1 << 15  # pixels worked out at once: more than fit the cache would only be slower


def draw(canvas: Canvas, cover: Field, limbs: Field, left: float) -> None:
    """Lay the limbs over `cover` (height, any width; 0 to 1; contiguous), in place; its first column is `left`
    short sides from the middle of the frame. Each pixel takes the share of it that a limb covers.
    """
    ends = limbs * np.float32(canvas.short)
    ends[:, [0, 3]] -= np.float32(left * canvas.short + 0.5)
    ends[:, [1, 4]] += np.float32(canvas.height / 2 - 0.5)
    ends = ends[_inside(ends, cover)].astype(np.float64)
    boxes = _boxes(ends, cover)
    area = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
    small = area <= _SMALL
    for limb, (top, bottom, near, far) in zip(ends[~small], boxes[~small].tolist(), strict=True):
        x, y = np.arange(near, far, dtype=np.float32), np.arange(top, bottom, dtype=np.float32)[:, None]
        window = cover[top:bottom, near:far]
        np.maximum(window, _share(x, y, limb[:, None, None]), out=window)
    _draw_together(cover, ends[small], boxes[small], area[small])


def covered(canvas: Canvas, sprite: Sprite, limbs: Field) -> tuple[Field, slice]:
    """How much of the sprite's pixels the limbs cover, (h, columns), in the columns they touch."""
    reach = float(limbs[:, [2, 5]].max()) + 2 / canvas.short
    left, right = float(limbs[:, [0, 3]].min()), float(limbs[:, [0, 3]].max())
    columns = span(sprite.x(canvas)[0], left - reach, right + reach)
    cover = np.zeros((sprite.layer.shape[1], columns.stop - columns.start), np.float32)
    # `draw` counts rows from the top of the frame, and the sprite's first is another.
    moved = limbs - np.array([0, sprite.top / canvas.short, 0] * 2, np.float32)
    draw(canvas, cover, moved.astype(np.float32), (sprite.left + columns.start - canvas.width / 2) / canvas.short)
    return cover, columns


def _draw_together(cover: Field, ends: Field, boxes: NDArray[np.int64], area: NDArray[np.int64]) -> None:
    """Draw many small limbs, all pixels of their boxes in one long row: one call of NumPy each would cost more."""
    flat = cover.reshape(-1, copy=False)
    breaks = np.flatnonzero(np.diff(np.cumsum(area) // _TOGETHER)) + 1
    for some in np.split(np.arange(len(area)), breaks):
        limb = np.repeat(some, area[some])
        number = np.arange(len(limb)) - np.repeat(np.cumsum(area[some]) - area[some], area[some])
        top, _, near, far = boxes[limb].T
        down, across = np.divmod(number, far - near)
        x, y = near + across, top + down
        share = _share(x.astype(np.float32), y.astype(np.float32), ends[limb].T)
        np.maximum.at(flat, y * cover.shape[1] + x, share)


def _share(x: Field, y: Field, limb: Field) -> Field:
    """How much of each pixel at (`x`, `y`) a limb covers; all in pixels, `limb` (6, ...) of what broadcasts."""
    x0, y0, r0 = limb[:3].astype(np.float32)
    dx, dy, dr = (limb[3:] - limb[:3]).astype(np.float32)
    x, y = x - x0, y - y0
    t = np.clip((x * dx + y * dy) / np.maximum(dx * dx + dy * dy, np.float32(1e-6)), 0, 1)
    away = np.sqrt((x - t * dx) ** 2 + (y - t * dy) ** 2)
    reach = r0 + t * dr
    faint = np.minimum(reach / np.float32(_THINNEST), 1)
    share: Field = np.clip(np.maximum(reach, _THINNEST) - away + 0.5, 0, 1) * faint
    return share


def _boxes(ends: Field, cover: Field) -> NDArray[np.int64]:
    """What a limb covers at most, (n, 4): its first row, the one after its last, and the like of columns."""
    reach = np.maximum(np.maximum(ends[:, 2], ends[:, 5]), _THINNEST) + 1
    height, width = cover.shape
    top = np.maximum((np.minimum(ends[:, 1], ends[:, 4]) - reach).astype(int), 0)
    bottom = np.minimum((np.maximum(ends[:, 1], ends[:, 4]) + reach).astype(int) + 2, height)
    near = np.maximum((np.minimum(ends[:, 0], ends[:, 3]) - reach).astype(int), 0)
    far = np.minimum((np.maximum(ends[:, 0], ends[:, 3]) + reach).astype(int) + 2, width)
    return np.column_stack((top, bottom, near, far))


def _inside(ends: Field, cover: Field) -> NDArray[np.bool_]:
    """Which limbs may be seen."""
    reach = np.maximum(ends[:, 2], ends[:, 5]) + 2
    left, right = np.minimum(ends[:, 0], ends[:, 3]) - reach, np.maximum(ends[:, 0], ends[:, 3]) + reach
    top, bottom = np.minimum(ends[:, 1], ends[:, 4]) - reach, np.maximum(ends[:, 1], ends[:, 4]) + reach
    height, width = cover.shape
    seen: NDArray[np.bool_] = (right > 0) & (left < width - 1) & (bottom > 0) & (top < height - 1)
    return seen
