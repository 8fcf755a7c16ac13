"""The probing child: reads file paths from stdin and answers each with the facts found, as lines of JSON.

Runs as a process of its own under tight limits, because opening a hostile file decodes some of it right
here. Must judge nothing (that is `gate`) and write nothing but its answers.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type as SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipeline.ffmpeg.avc import redefines_format
from pipeline.ffmpeg.boxes import Box, list_boxes
from pipeline.ffmpeg.facts import Facts, to_json
from pipeline.ffmpeg.gate import (
    DECODERS,
    MAX_BOXES,
    MAX_FRAMES,
    MAX_PIXELS,
    MAX_WAIT,
    MEDIA_BOXES,
    VITAL_BOXES,
    flaw_of_boxes,
)
from pipeline.ffmpeg.launcher import restrain

LIMITS = {
    "AS": 400_000_000,  # bytes; the libraries take 120 MB of addresses, decoding the largest frame 50 MB more
    "CPU": 4,  # seconds; a clip at every limit of the gate takes a tenth of one
    "FSIZE": 0,  # it has nothing to write but its pipe
    "CORE": 0,
    "NOFILE": 32,
}
"""What the child may use at most, in the words of `launcher.restrain`."""

OPTIONS = {
    "protocol_whitelist": "file",  # no playlist or reference track may reach the network
    "enable_drefs": "0",  # nor another file
    "codec_whitelist": ",".join(DECODERS),
    "max_pixels": str(MAX_PIXELS),
    "max_streams": "8",  # room to count one too many, not to allocate three hundred
}
"""Options of libavformat and libavcodec. Two of them keep the frame decoded while opening from being huge."""


def main() -> None:
    """Answer until stdin ends. What the file brings about is an answer; any other error ends the child."""
    restrain(LIMITS)
    av.logging.set_level(None)
    for line in sys.stdin:
        try:
            answer = to_json(probe(Path(json.loads(line))))
        except MemoryError:  # av.MemoryError among them, which too many streams raise as well
            answer = json.dumps({"error": "it has too many streams, or reading it takes too much memory"})
        except av.FFmpegError as error:
            answer = json.dumps({"error": f"reading it ends in {error.strerror!r}"})
        except (ArithmeticError, ValueError) as error:  # a number of the file's that Python or PyAV cannot take
            answer = json.dumps({"error": f"reading it ends in {type(error).__name__}"})
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


def probe(file: Path) -> Facts:
    """Open the file as MOV/MP4, count every packet of its first video stream and decode its first frame.

    Counting stops one past `MAX_FRAMES`, or where the packets outweigh the file; one whose boxes have a flaw is
    not opened at all. Raises `av.FFmpegError`, `MemoryError`, and `ArithmeticError` or `ValueError` over odd
    numbers.
    """
    facts = _with_boxes(file.stat().st_size, list_boxes(file, most=MAX_BOXES + 1))
    if flaw_of_boxes(facts):
        return facts
    # Nobody looks at the tags; those that are no UTF-8 must not keep the file from being opened.
    with av.open(f"file:{file}", format="mov", options=OPTIONS, metadata_errors="replace") as container:
        streams = container.streams
        facts = replace(facts, streams=len(streams), videos=len(streams.video))
        return _with_video(facts, container, streams.video[0]) if facts.videos else facts


class _Mark(NamedTuple):
    """What is kept of one packet. `shown` and `ends` in the stream's time base, None where it has no time."""

    size: int
    shown: int | None
    ends: int | None
    damaged: bool
    idle: bool
    keyframe: bool
    steady: bool


def _with_boxes(size: int, boxes: Sequence[Box]) -> Facts:
    vital = tuple(dict.fromkeys(box.kind for box in boxes if box.kind in VITAL_BOXES))
    passed_over = MEDIA_BOXES | ({"free"} if "moov" in vital else set())
    return Facts(
        size=size,
        boxes=vital,
        box_count=len(boxes),
        index_bytes=sum(box.length for box in boxes if box.kind not in passed_over),
        cut=next((box.kind for box in boxes if not box.whole), ""),
    )


def _with_video(facts: Facts, container: InputContainer, stream: VideoStream) -> Facts:
    context = stream.codec_context
    if context is None:  # a track without a sample description, which PyAV's types do not know of
        return facts
    walked, frame = _walk(container, stream, facts.size)
    marks = [mark for mark in walked if not mark.idle]
    shown = [mark.shown for mark in marks if mark.shown is not None]
    begin, end = min(shown, default=0), max((mark.ends for mark in marks if mark.ends is not None), default=0)
    tick = stream.time_base or Fraction(0)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    facts = replace(
        facts,
        codec=context.codec.canonical_name,
        profile=context.profile or "",
        width=context.width,
        height=context.height,
        sample_aspect=(aspect.numerator, aspect.denominator),
        steady=all(mark.steady for mark in marks),
        keyframe_first=bool(marks) and marks[0].keyframe,
        announced=stream.frames,
        packets=len(marks),
        damaged=sum(mark.damaged for mark in marks),
        idle=len(walked) - len(marks),
        coded=sum(mark.size for mark in walked),
        moments=len(set(shown)),
        span=float((end - begin) * tick),
        delay=max(0.0, float(begin * tick - Fraction(container.start_time or 0, av.time_base))),
    )
    return facts if frame is None else _with_frame(facts, frame)


def _with_frame(facts: Facts, frame: VideoFrame) -> Facts:
    return replace(
        facts,
        pixel_format=frame.format.name,
        width=frame.width,
        height=frame.height,
        rotation=frame.rotation,
        transformed=SideData.DISPLAYMATRIX in frame.side_data,
        colour=(int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace)),
    )


def _walk(container: InputContainer, stream: VideoStream, size: int) -> tuple[list[_Mark], VideoFrame | None]:
    """What each packet is, and the first picture; `size` in bytes is the file's."""
    context = stream.codec_context
    # What the options keep libavformat from decoding, PyAV would: its own decoder has none of them.
    decodable = context.codec.name in DECODERS and context.width * context.height <= MAX_PIXELS
    context.options = {"max_pixels": str(MAX_PIXELS)}
    context.thread_count = 1
    configuration = (context.extradata or b"") if context.codec.canonical_name == "h264" else None
    marks: list[_Mark] = []
    frame: VideoFrame | None = None
    for packet in container.demux(stream):
        if decodable and frame is None:
            try:
                frame = next(iter(packet.decode()), None)
                decodable = len(marks) < MAX_WAIT
            except av.FFmpegError:
                decodable = False  # the missing pixel format tells the gate
        if packet.dts is not None or packet.size:  # all but the one that ends the stream
            marks.append(_mark(packet, configuration))
            size -= packet.size
        if len(marks) > MAX_FRAMES or size < 0:
            break
    return marks, frame


def _mark(packet: "Packet[VideoStream]", configuration: bytes | None) -> _Mark:
    """`configuration` is the track's `avcC` record, None where the stream is no H.264."""
    ends = None if packet.pts is None else packet.pts + (packet.duration or 0)
    idle = packet.is_discard or not packet.size
    steady = configuration is None or not redefines_format(configuration, bytes(packet))
    return _Mark(packet.size, packet.pts, ends, packet.is_corrupt, idle, packet.is_keyframe, steady)
