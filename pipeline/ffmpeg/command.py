"""The one ffmpeg command that makes every file of a clip. Pure: ffmpeg-python builds the graph, no more.

One process, because opening and decoding then happen once and starting costs as much as a clip's poster.
Streams that browsers play already are copied, which costs a tenth of encoding; the preview still decodes
every frame, so a copy is as well checked as an encoding. Never call ffmpeg-python's `run`, `run_async` or
`probe`: they block, have no time limit and let stderr fill up.
"""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

import ffmpeg
from ffmpeg.nodes import FilterableStream, OutputStream

from pipeline.ffmpeg.facts import Facts
from pipeline.ffmpeg.gate import DECODERS, MAX_PIXELS, MAX_SPAN, copyable
from pipeline.ffmpeg.geometry import displayed, even, fit

PREVIEW_SIDE = 320
"""Longest side of the animated preview, in pixels; 10 to 30 KB for a dozen frames."""

PREVIEW_FPS = 12
"""At most, in frames per second; slower clips keep their own rate."""

PIXELS_SIDE = 32
"""Side of the tiny picture the blurhash is computed from; its cosines are far longer than two such pixels."""

CRF = 20
"""VMAF 99 against the original at `PRESET`; 23 gives 96 and saves a third of the bytes."""

PRESET = "veryfast"
"""Half the time of `medium` for a tenth more bytes at equal quality."""

LIMITS = {
    "AS": 1_500_000_000,  # bytes; a 1280x720 clip takes 600 MB of addresses, most of it never touched
    "CPU": 60,  # seconds, for the longest clip that passes the gate
    "FSIZE": 64 * 1024 * 1024,  # bytes, each output
    "CORE": 0,
    "NOFILE": 64,
    "STACK": 1024 * 1024,  # bytes, for each of some twenty threads
}
"""What ffmpeg may use at most for any clip, in the words of `launcher.restrain`."""

START_SECONDS = 3
"""Of the processor, for what is no picture: twenty times what it takes here."""

PIXELS_A_SECOND = 2_500_000
"""Decoded and encoded by a processor at least. A usual clip goes twenty times as fast, one of pure noise four
times; what takes longer is a file that packs pictures without number into what counts as one."""

_MEANINGLESS = {"color_primaries": {0, 3}, "color_trc": {0, 3, 9, 10}}
"""Numbers of ITU-T H.273 that ffmpeg's scaler refuses although its result would hardly differ: those reserved,
which some writers use for not knowing, and two logarithmic curves."""

_GUARDS = (
    "-nostdin",
    "-hide_banner",
    "-v",
    "error",
    "-xerror",
    "-filter_threads",
    "1",
    "-filter_complex_threads",
    "1",
)
# -xerror: without it damaged input ends in exit status 0 and damaged output.

_PLAIN = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}
# Nothing of the original's metadata gets out, and equal input gives equal bytes.

_ENCODED = _PLAIN | {"flags:v": "+bitexact", "fps_mode": "passthrough", "threads": 1}
# passthrough: one frame out for one frame in, whatever their times.


@dataclass(frozen=True)
class Files:
    """What the command writes. `pixels`: raw RGB, `PIXELS_SIDE` squared times 3 bytes."""

    video: Path
    poster: Path
    preview: Path
    pixels: Path


@dataclass(frozen=True)
class Sizes:
    """Width and height in pixels of what is written; the poster is as large as the video."""

    video: tuple[int, int]
    preview: tuple[int, int]


def files(folder: Path) -> Files:
    """Where the command writes inside the folder."""
    return Files(folder / "video.mp4", folder / "poster.jpg", folder / "preview.webp", folder / "pixels.rgb")


def sizes(facts: Facts) -> Sizes:
    """How large the files of such a clip become."""
    video = even(*displayed(facts))
    return Sizes(video, fit(*video, PREVIEW_SIDE))


def limits(facts: Facts) -> dict[str, int]:
    """What ffmpeg may use at most for such a clip: time in proportion to what it has to do."""
    width, height = displayed(facts)
    pixels = max(facts.width * facts.height, width * height) * facts.packets
    return LIMITS | {"CPU": min(LIMITS["CPU"], START_SECONDS + ceil(pixels / PIXELS_A_SECOND))}


def command(ffmpeg_binary: Path, original: Path, folder: Path, facts: Facts) -> list[str]:
    """The argument vector. All paths must be absolute; `facts` have passed the gate."""
    source = _input(original)
    target, size = files(folder), sizes(facts)
    usable = _with_usable_colours(source["v:0"], facts)
    picture = usable.filter("scale", *size.video, out_range="tv").filter("setsar", 1).filter("format", "yuv420p")
    copied = copyable(facts)
    frames = picture.filter_multi_output("split", 3 if copied else 4)
    most = facts.packets + 1  # one too many tells that there are more, and nobody has to see them all
    outputs = (
        _copy(source["v:0"], target.video, most) if copied else _encode(frames[3], target.video, most),
        _poster(frames[0], target.poster),
        _preview(frames[1], target.preview, size.preview, facts),
        _pixels(frames[2], target.pixels),
    )
    graph = ffmpeg.merge_outputs(*outputs).global_args(*_GUARDS)
    argv: list[str] = graph.compile(cmd=str(ffmpeg_binary), overwrite_output=True)
    return argv


def _input(original: Path) -> FilterableStream:
    return ffmpeg.input(
        _url(original),
        f="mov",  # never guessed: a playlist named .mp4 would be opened as one
        protocol_whitelist="file",
        enable_drefs=0,
        codec_whitelist=",".join(DECODERS),
        max_pixels=MAX_PIXELS,
        threads=1,
        t=MAX_SPAN + 1,  # seconds, from the start of the earliest stream, which may not be the picture's
        an=None,
        sn=None,
        dn=None,
    )


def _with_usable_colours(stream: FilterableStream, facts: Facts) -> FilterableStream:
    """The pictures, with unknown primaries and curve where those given cannot be used."""
    given = dict(zip(_MEANINGLESS, facts.colour[:2], strict=True))
    unknown = {name: "unknown" for name, number in given.items() if number in _MEANINGLESS[name]}
    return stream.filter("setparams", **unknown) if unknown else stream


def _copy(stream: FilterableStream, file: Path, most: int) -> OutputStream:
    options = {"f": "mp4", "c:v": "copy", "frames:v": most, "movflags": "+faststart"}
    return ffmpeg.output(stream, _url(file), **_PLAIN, **options)


def _encode(stream: FilterableStream, file: Path, most: int) -> OutputStream:
    options = {"c:v": "libx264", "profile:v": "high", "preset": PRESET, "crf": CRF, "pix_fmt": "yuv420p"}
    # Its own times, not those of a steady rate: rounded to one, two close frames would fall together.
    muxing = {"f": "mp4", "frames:v": most, "movflags": "+faststart", "enc_time_base": "demux"}
    return ffmpeg.output(stream, _url(file), **_ENCODED, **options, **muxing)


def _poster(stream: FilterableStream, file: Path) -> OutputStream:
    full_range = stream.filter("scale", out_range="pc").filter("format", "yuvj420p")
    options = {"c:v": "mjpeg", "q:v": 3, "frames:v": 1}
    return ffmpeg.output(full_range, _url(file), **_ENCODED, **options, f="mjpeg")


def _preview(stream: FilterableStream, file: Path, size: tuple[int, int], facts: Facts) -> OutputStream:
    thinned = stream.filter("fps", PREVIEW_FPS) if facts.packets > PREVIEW_FPS * facts.span else stream
    small = thinned.filter("scale", *size)
    options = {"c:v": "libwebp_anim", "loop": 0, "quality": 60, "compression_level": 2}
    most = ceil(PREVIEW_FPS * MAX_SPAN) + 1  # thinned, it may also have a frame repeated through a gap
    return ffmpeg.output(small, _url(file), **_ENCODED, **options, **{"f": "webp", "frames:v": most})


def _pixels(stream: FilterableStream, file: Path) -> OutputStream:
    tiny = stream.filter("scale", PIXELS_SIDE, PIXELS_SIDE, flags="area").filter("format", "rgb24")
    return ffmpeg.output(tiny, _url(file), **_ENCODED, **{"f": "rawvideo", "frames:v": 1})


def _url(file: Path) -> str:
    # Said in full, a name with a leading dash is no option and one with a colon no protocol.
    return f"file:{file}"
