"""The probing child: reads file paths from stdin and answers each with the facts found, as lines of JSON.

Runs as a process of its own under tight limits, because opening a hostile file decodes some of it right
here. Must judge nothing (that is `gate`) and write nothing but its answers.
"""

import json
import sys
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
from pipeline.ffmpeg.boxes import list_boxes
from pipeline.ffmpeg.facts import Facts, to_json
from pipeline.ffmpeg.gate import DECODERS, MAX_FRAMES, MAX_PIXELS, VITAL_BOXES
from pipeline.ffmpeg.launcher import restrain

LIMITS = {
    "AS": 1_000_000_000,  # bytes; the libraries take 120 MB of addresses, decoding the largest frame as much
    "CPU": 10,  # seconds; a clip at every limit of the gate takes a tenth of one
    "FSIZE": 0,  # it has nothing to write but its pipe
    "CORE": 0,
    "NOFILE": 32,
}
"""What the child may use at most, in the words of `launcher.restrain`."""

OPTIONS = {
    "protocol_whitelist": "file",  # no playlist or reference track may reach the network
    "codec_whitelist": ",".join(DECODERS),
    "max_pixels": str(MAX_PIXELS),
    "max_streams": "8",  # room to count one too many, not to allocate three hundred
}
"""Options of libavformat and libavcodec. Two of them keep the frame decoded while opening from being huge."""


def main() -> None:
    """Answer until stdin ends. Errors of the file are answers; any other ends the child with a traceback."""
    restrain(LIMITS)
    av.logging.set_level(None)
    for line in sys.stdin:
        try:
            answer = to_json(probe(Path(json.loads(line))))
        except MemoryError:  # av.MemoryError among them, which too many streams raise as well
            answer = json.dumps({"error": "it has too many streams, or reading it takes too much memory"})
        except av.FFmpegError as error:
            answer = json.dumps({"error": f"reading it ends in {error.strerror!r}"})
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


def probe(file: Path) -> Facts:
    """Open the file as MOV/MP4, count every packet of its first video stream and decode its first frame.

    Counting stops one past `MAX_FRAMES`; a file that lacks vital bytes is not opened at all. Raises
    `av.FFmpegError` and `MemoryError`.
    """
    boxes = list_boxes(file)
    cut = next((box.kind for box in boxes if not box.whole), "")
    facts = Facts(boxes=tuple(box.kind for box in boxes), cut=cut)
    if cut in VITAL_BOXES:
        return facts
    with av.open(f"file:{file}", format="mov", options=OPTIONS) as container:
        streams = container.streams
        facts = replace(facts, streams=len(streams), videos=len(streams.video))
        return _with_video(facts, container, streams.video[0]) if facts.videos else facts


class _Mark(NamedTuple):
    """What is kept of one packet. `shown` and `ends` in the stream's time base, None where it has no time."""

    shown: int | None
    ends: int | None
    damaged: bool
    keyframe: bool
    steady: bool


def _with_video(facts: Facts, container: InputContainer, stream: VideoStream) -> Facts:
    context = stream.codec_context
    marks, frame = _read(container, stream)
    shown = [mark.shown for mark in marks if mark.shown is not None]
    ends = max((mark.ends for mark in marks if mark.ends is not None), default=0)
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
        moments=len(set(shown)),
        span=float((ends - min(shown, default=0)) * (stream.time_base or 0)),
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
    )


def _read(container: InputContainer, stream: VideoStream) -> tuple[list[_Mark], VideoFrame | None]:
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
            except av.FFmpegError:
                decodable = False  # the missing pixel format tells the gate
        if packet.size and not packet.is_discard:
            marks.append(_mark(packet, configuration))
        if len(marks) > MAX_FRAMES:
            break
    return marks, frame


def _mark(packet: "Packet[VideoStream]", configuration: bytes | None) -> _Mark:
    """`configuration` is the track's `avcC` record, None where the stream is no H.264."""
    ends = None if packet.pts is None else packet.pts + (packet.duration or 0)
    steady = configuration is None or not redefines_format(configuration, bytes(packet))
    return _Mark(packet.pts, ends, packet.is_corrupt, packet.is_keyframe, steady)
