"""Makes a loop of a clip that is none: forwards, and backwards again. Runs in a process of its own."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType
from av.video.stream import VideoStream

from local.renderer.clip import encode

FINER = {"preset": "slower", "crf": "23"}

MOST_SECONDS = 7
"""Of the clip; the rest is cut off, for a loop of twice that length is the longest that passes the gate."""


def main(order: Mapping[str, Any]) -> None:
    """Write the clip at `source` to `file`, followed by its frames from the last but one to the second."""
    with av.open(str(order["source"]), format="mov") as container:
        stream = container.streams.video[0]
        assert isinstance(stream, VideoStream)
        rate = stream.average_rate or Fraction(8)
        shots = list(islice(container.decode(stream), int(MOST_SECONDS * rate)))
    for shot in shots:
        shot.pict_type = PictureType.NONE  # else the encoder would repeat the kinds of frames of the original
    size = (shots[0].width, shots[0].height)
    encode(Path(order["file"]), [*shots, *shots[-2:0:-1]], size, Fraction(rate), "h264", FINER)
