"""Draws a loop with the renderer, as finely as fits into so many bytes. Runs in a process of its own.

The frames are drawn once; only the encoding is repeated, coarser each time, until the file is small enough.
"""

import sys
from bisect import bisect_left
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from local.renderer import brief_for, frames
from local.renderer.clip import encode, video_frames

FACTORS = range(20, 41)
"""x264's constant rate factors to choose from: at 20 nothing is to be seen, past 34 the sky goes to pieces."""

PRESET = "slower"
"""A tenth fewer bytes than `medium`; it is done once and watched a thousand times."""


def main(order: Mapping[str, Any]) -> None:
    """Write `file`: `count` frames, `fps` a second, of at most `most_bytes`."""
    width, height = order["width"], order["height"]
    pictures = frames(
        order["theme"],
        seed=order["seed"],
        width=width,
        height=height,
        count=order["count"],
        variant=order["scene"],
        brief=brief_for(order["text"]),
    )
    encode_within(
        Path(order["file"]),
        list(video_frames(pictures)),
        size=(width, height),
        rate=Fraction(order["fps"]),
        most_bytes=order["most_bytes"],
    )


def encode_within(
    file: Path, shots: list[av.VideoFrame], *, size: tuple[int, int], rate: Fraction, most_bytes: int
) -> None:
    """Write the frames as finely as fits; ends the process where even the coarsest does not."""

    def fits(crf: int) -> bool:
        encode(file, shots, size, rate, "h264", {"preset": PRESET, "crf": str(crf)})
        return file.stat().st_size <= most_bytes

    finest = bisect_left(FACTORS, True, key=fits)
    if finest == len(FACTORS) or not fits(FACTORS[finest]):
        sys.exit(f"{file.name} has more than {most_bytes} bytes at its coarsest")
