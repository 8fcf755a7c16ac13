"""Files that are no film at all, whatever they call themselves; playlists among them, with traps as addresses."""

import io
import random
from collections.abc import Callable

import numpy as np
from PIL import Image

from tests.pipeline.ffmpeg.corpus.case import BAIT, Case, unusable
from tests.pipeline.ffmpeg.corpus.mp4 import FTYP, box, movie
from tests.pipeline.ffmpeg.corpus.sources import index_last, track

HLS = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://%b/a.ts\n#EXTINF:1,\nfile:///etc/hostname\n" % BAIT
DASH = (
    b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>http://%b/</BaseURL>'
    b'<Period><AdaptationSet mimeType="video/mp4"><Representation id="a" bandwidth="1"><SegmentTemplate '
    b'media="a$Number$.mp4" initialization="a.mp4" duration="1"/></Representation></AdaptationSet></Period></MPD>'
) % BAIT
HOST, PORT = BAIT.split(b":")
SDP = b"v=0\no=- 0 0 IN IP4 %b\ns=x\nc=IN IP4 %b\nt=0 0\nm=video %b RTP/AVP 96\na=rtpmap:96 H264/90000\n" % (
    HOST,
    HOST,
    PORT,
)
CONCAT = b"ffconcat version 1.0\nfile http://%b/a.mp4\nfile /etc/hostname\n" % BAIT
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://%b/a.png"/></svg>' % BAIT
SMOOTH = (
    b'<SmoothStreamingMedia Duration="1"><StreamIndex Url="http://%b/{bitrate}"/></SmoothStreamingMedia>' % BAIT
)


def _padded(content: bytes) -> Callable[[], bytes]:
    """Long enough for a film."""
    return lambda: content + b"\n" * 2000


def _image(kind: str, brand: bytes | None = None) -> Callable[[], bytes]:
    def content() -> bytes:
        grain = np.random.default_rng(0).integers(0, 255, (120, 120, 3), np.uint8)
        Image.fromarray(grain).save(buffer := io.BytesIO(), kind)
        drawn = buffer.getvalue()
        return drawn if brand is None else drawn[:8] + brand + drawn[12:]

    return content


def _in_disguise(head: bytes) -> Callable[[], bytes]:
    """A film whose first four bytes are another file's, and thereby a senseless length."""
    return lambda: head + index_last()[4:]


NO_FILM = unusable("no MP4 or MOV")

HEADS = (
    Case("empty", "no byte at all", lambda: b"", unusable("it is empty")),
    Case("a few bytes", "the head of a film and nothing else", lambda: FTYP, unusable("it has only 32 bytes")),
    Case("too heavy", "64 MiB of zeros behind a head", lambda: FTYP, unusable("more than 67108864"), 64 << 20 | 1),
    Case("page", "HTML, as servers send for a file that is gone", _padded(b"<!doctype html>"), NO_FILM),
    Case("gif", "a GIF of one picture, of which ffmpeg makes a video", _image("GIF"), NO_FILM),
    Case("jpeg", "a JPEG, likewise", _image("JPEG"), NO_FILM),
    Case("avif", "an AVIF picture, which is a cousin of MP4", _image("AVIF"), unusable("brand 'avif'")),
    Case("avif in disguise", "the same with a film's brand", _image("AVIF", b"isom"), unusable("fewer than 2")),
    Case("webm", "Matroska's first bytes", _padded(b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01"), NO_FILM),
    Case("hls", "a playlist of a segment elsewhere and a file of this machine", _padded(HLS), NO_FILM),
    Case("dash", "a manifest of segments elsewhere", _padded(DASH), NO_FILM),
    Case("smooth streaming", "another kind of manifest", _padded(SMOOTH), NO_FILM),
    Case("sdp", "a session description: RTP packets from an address", _padded(SDP), NO_FILM),
    Case("ffconcat", "ffmpeg's own list of files", _padded(CONCAT), NO_FILM),
    Case("svg", "a drawing with a picture elsewhere", _padded(SVG), NO_FILM),
    Case(
        "playlist in a head",
        "a playlist that begins as a film does",
        lambda: FTYP + HLS + b"\n" * 2000,
        unusable("reading it ends in"),
    ),
    Case(
        "playlist in a brand",
        "a head of 2000 bytes, full of a playlist, before a film",
        lambda: movie(track(), head=box("ftyp", FTYP[8:], HLS.ljust(2000))),
        NO_FILM,
    ),
    Case("page and film", "a film that is a comment in HTML as well", _in_disguise(b"<!--"), NO_FILM),
    Case("head without end", "a first box of the length 0, up to the end", _in_disguise(bytes(4)), NO_FILM),
    Case("brand only", "a head and zeros", lambda: FTYP + bytes(2000), unusable("Invalid data")),
    Case(
        "noise",
        "a head and chance",
        lambda: FTYP + random.Random(1).randbytes(50_000),
        unusable("Invalid data"),
    ),
)
