"""A contact sheet of the themes, for looking at. Not used by anything that runs."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from local.renderer.picture import frames


def sheet(file: Path, *, themes: Sequence[str], seeds: Sequence[int], width: int, height: int) -> None:
    """Write a PNG with a row per theme and a column per seed, each the first frame at this size in pixels."""
    rows = [
        np.hstack([next(frames(theme, seed=seed, width=width, height=height, count=1)) for seed in seeds])
        for theme in themes
    ]
    page = np.vstack(rows)
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = page.shape[1], page.shape[0], "rgb24"
    encoder.time_base = Fraction(1, 1)
    packets = [*encoder.encode(av.VideoFrame.from_ndarray(page, format="rgb24")), *encoder.encode(None)]
    file.write_bytes(b"".join(bytes(packet) for packet in packets))
