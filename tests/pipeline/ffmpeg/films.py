"""Clips for tests, drawn and encoded here, and ways to look at what was made of them.

Every film shows a flat colour with a moving bar and a little grain, the same each time it is drawn.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

TICKS = 90_000
"""Per second: the time base of `times`."""


def picture(number: int, size: tuple[int, int], colour: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """Frame `number` as sRGB of shape (height, width, 3)."""
    width, height = size
    frame = np.empty((height, width, 3), np.int16)
    frame[:] = colour
    left = number * 7 % width
    frame[:, left : left + max(1, width // 16)] = 255 - np.array(colour)
    frame += np.random.default_rng(number).integers(-3, 4, frame.shape, np.int16)
    return frame.clip(0, 255).astype(np.uint8)


def film(
    path: Path,
    *,
    codec: str = "libx264",
    frames: int = 12,
    size: tuple[int, int] = (320, 240),
    rate: int = 8,
    pixel_format: str = "yuv420p",
    colour: tuple[int, int, int] = (40, 90, 180),
    times: Sequence[int] | None = None,
    rotation: int | None = None,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    videos: int = 1,
    sound: bool = False,
    container: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """An MP4 of that many frames. `times` in ticks, otherwise frames follow each other at `rate`."""
    times = times or [number * TICKS // rate for number in range(frames)]
    with av.open(path, "w", format="mp4", options=container or {}) as output:
        streams = []
        for _ in range(videos):
            stream = output.add_stream(codec, rate=rate, options={"threads": "1"} | (options or {}))
            assert isinstance(stream, VideoStream)
            (stream.width, stream.height), stream.pix_fmt = size, pixel_format
            stream.codec_context.time_base = Fraction(1, TICKS if codec != "mpeg4" else 30_000)
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            if rotation is not None:
                stream.set_display_rotation(rotation, hflip=mirrored)
            streams.append(stream)
        beep = output.add_stream("aac", rate=8000, layout="mono") if sound else None
        for number, time in enumerate(times):
            frame = VideoFrame.from_ndarray(picture(number, size, colour), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, TICKS)
            for stream in streams:
                output.mux(stream.encode(frame))
        for stream in streams:
            output.mux(stream.encode(None))
        if beep is not None:
            quiet = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
            quiet.sample_rate, quiet.pts = 8000, 0
            output.mux(beep.encode(quiet))
            output.mux(beep.encode(None))
    return path


def splice(path: Path, sizes: Sequence[tuple[int, int]], *, sets_in_band: bool) -> Path:
    """An H.264 film whose size changes after every eighth frame; the header knows the first size only."""
    options = {"bf": "0"} | ({} if sets_in_band else {"flags": "+global_header"})
    number = 0
    with av.open(path, "w", format="mp4") as output:
        track = output.add_stream("libx264", rate=8)
        assert isinstance(track, VideoStream)
        (track.width, track.height), track.pix_fmt = sizes[0], "yuv420p"
        track.codec_context.options = {"bf": "0"}
        output.start_encoding()
        for size in sizes:
            encoder = av.VideoCodecContext.create("libx264", "w")
            (encoder.width, encoder.height), encoder.pix_fmt = size, "yuv420p"
            encoder.time_base, encoder.options = Fraction(1, 8), options
            pictures = [VideoFrame.from_ndarray(picture(n, size, (40, 90, 180))) for n in range(8)]
            for frame_number, frame in enumerate(pictures):
                frame.pts = frame_number
            for packet in [p for frame in (*pictures, None) for p in encoder.encode(frame)]:
                packet.stream, packet.time_base = track, Fraction(1, 8)
                packet.pts = packet.dts = number
                packet.duration = 1
                output.mux(packet)
                number += 1
    return path


def played(file: Path) -> list[VideoFrame]:
    """Every frame a player would show. Raises `av.FFmpegError` where one cannot be decoded."""
    with av.open(file) as container:
        return list(container.decode(video=0))


def seconds_shown(file: Path) -> list[float]:
    """When each frame is shown, in seconds from the first."""
    times = [frame.time or 0.0 for frame in played(file)]
    return [round(time - times[0], 4) for time in times]


def pixel_shape(file: Path) -> Fraction:
    """Width of a stored pixel over its height."""
    with av.open(file) as container:
        return container.streams.video[0].sample_aspect_ratio or Fraction(1)


def mean_colour(pixels: npt.NDArray[Any]) -> list[int]:
    """The middle colour of an sRGB picture, which the bar does not touch."""
    return [int(level) for level in np.median(pixels.reshape(-1, 3), axis=0)]
