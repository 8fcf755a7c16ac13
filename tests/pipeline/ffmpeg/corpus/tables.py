"""Films whose sample tables lie: about how many samples there are, how long, where, or how much room they need."""

import zlib
from collections.abc import Callable
from dataclasses import replace

from tests.pipeline.ffmpeg.corpus.case import Case, unusable
from tests.pipeline.ffmpeg.corpus.mp4 import (
    FTYP,
    Track,
    box,
    fragment,
    full,
    index_first,
    moov,
    movie,
    numbers,
    table,
)
from tests.pipeline.ffmpeg.corpus.sources import FRAMES, track

BILLIONS = 2_000_000_000
MILLIONS = 20_000_000
OUTSIDE = 0x7FFFFFFF
HEAVY = 40_000_000


def _with(**tables: bytes) -> Callable[[], bytes]:
    """The usual film with other boxes in its sample table."""
    return lambda: movie(replace(track(), tables=tables))


def _sizes(each: int, count: int, *sizes: int) -> bytes:
    return full("stsz", numbers(each, count, *sizes))


def _one_sample_often() -> bytes:
    """600 samples that are all the same 40 MB of the file, which in all would be 24 GB to read."""
    first = track().samples[0]
    tables = {
        "stsz": _sizes(HEAVY, 600),
        "stts": table("stts", [(600, 1)]),
        "stsc": table("stsc", [(1, 1, 1)]),
        "stco": table("stco", [(5000,)] * 600),
    }
    often = Track(track().description, (first,), timescale=50, tables=tables)
    padding = box("free", bytes(5000 - len(FTYP) - len(moov(often, start=0)) - 16))
    return index_first(often, between=padding, last=numbers(HEAVY + 8) + b"mdat")


def _zero_length_samples() -> bytes:
    sizes = [len(sample) for sample in track().samples]
    return movie(replace(track(), tables={"stsz": _sizes(0, FRAMES, *sizes[:5], 0, *sizes[6:])}))


def _fragmented(*boxes: bytes, default_size: int = 0) -> bytes:
    extends = box("mvex", full("trex", numbers(1, 1, 1, default_size, 0)))
    return b"".join((FTYP, moov(replace(track(), samples=()), start=0, more=extends), *boxes))


def _run_of_defaults() -> bytes:
    """One fragment of 15 million samples of one byte each, which takes 100 bytes to say."""
    run = full("trun", numbers(15_000_000, 100), flags=0x001)
    moof = box("moof", full("mfhd", numbers(1)), box("traf", full("tfhd", numbers(1), flags=0x20000), run))
    return _fragmented(moof, box("mdat", bytes(1000)), default_size=1)


def _fragments(number: int) -> Callable[[], bytes]:
    return lambda: _fragmented(fragment(track().samples, 0, 0), fragment((), 1, 0) * number)


def _compressed(padding: int, claims: int | None = None) -> Callable[[], bytes]:
    """A film whose index is compressed, with so many bytes of nothing in it (QuickTime's `cmov`)."""

    def content() -> bytes:
        film = movie(track())
        place = film.index(b"moov") - 4
        index = box("moov", film[place + 8 :], box("free", bytes(padding)))
        length = numbers(len(index) if claims is None else claims)
        return film[:place] + box(
            "moov", box("cmov", box("dcom", b"zlib"), box("cmvd", length, zlib.compress(index, 9)))
        )

    return content


TOO_MUCH = unusable("takes too much memory")

TABLES = (
    Case(
        "claims too few frames",
        "a table of sizes that ends early",
        _with(stsz=_sizes(0, 5, 900, 300, 300, 300, 300)),
        unusable("announces 12 frames"),
    ),
    Case(
        "claims billions of sizes", "of which there are none", _with(stsz=_sizes(0, BILLIONS)), unusable("Invalid")
    ),
    Case(
        "claims billions of times",
        "in a table with room for one",
        _with(stts=table("stts", [(1, 1)], claims=BILLIONS)),
        TOO_MUCH,
    ),
    Case(
        "claims billions of keyframes",
        "likewise",
        _with(stss=table("stss", [(1,)], claims=1_000_000_000)),
        TOO_MUCH,
    ),
    Case(
        "lasts billions of frames",
        "by the table of times alone",
        _with(stts=table("stts", [(BILLIONS, 1)])),
        unusable("announces 2000000000 frames"),
    ),
    Case(
        "millions of tiny samples",
        "one byte each, said in 60 bytes: an index of 640 MB",
        _with(
            stsz=_sizes(1, MILLIONS), stts=table("stts", [(MILLIONS, 1)]), stsc=table("stsc", [(1, MILLIONS, 1)])
        ),
        unusable("fewer than 2"),
    ),
    Case("giant samples", "2 GiB each", _with(stsz=_sizes(OUTSIDE, FRAMES)), unusable("fewer than 2")),
    Case(
        "empty sample", "one of no length", _zero_length_samples, unusable("announces 12 frames and 11 are there")
    ),
    Case(
        "one sample often",
        "the same 40 MB referred to 600 times",
        _one_sample_often,
        unusable("more bytes than the file"),
        5000 + HEAVY,
    ),
    Case(
        "all samples the same",
        "twelve frames that are each all twelve",
        lambda: movie(
            replace(
                track(),
                tables={
                    "stsz": _sizes(sum(map(len, track().samples)), FRAMES),
                    "stsc": table("stsc", [(1, 1, 1)]),
                    "stco": table("stco", [(40,)] * FRAMES),
                },
            )
        ),
        unusable("more bytes than the file"),
    ),
    Case(
        "samples outside", "2 GiB past the end", _with(stco=table("stco", [(OUTSIDE,)])), unusable("fewer than 2")
    ),
    Case(
        "samples far outside",
        "at an offset of 63 bits",
        _with(stco=full("co64", numbers(1, OUTSIDE, 0xFFFFFFFF))),
        unusable("fewer than 2"),
    ),
    Case(
        "samples before the file",
        "at the offset -1",
        _with(stco=full("co64", numbers(1, 0xFFFFFFFF, 0xFFFFFFFF))),
        unusable("first frame cannot be decoded"),
    ),
    Case(
        "samples in the head", "at the offset 0", _with(stco=table("stco", [(0,)])), unusable("cannot be decoded")
    ),
    Case(
        "chunks without sense",
        "chunks numbered 1, 7 and 3, of 100 samples of the ninth description",
        _with(stsc=table("stsc", [(1, 3, 1), (7, 100, 9), (3, 1, 1)])),
        unusable("Invalid data"),
    ),
    Case(
        "chunks of nothing", "no sample in each", _with(stsc=table("stsc", [(1, 0, 1)])), unusable("fewer than 2")
    ),
    Case("no description", "a track of no codec", _with(stsd=b""), unusable("its codec ''")),
    Case("no times", "a track without `stts`", _with(stts=b""), unusable("fewer than 2")),
    Case("index bomb", "1 KB of compressed index is 300 MB of index", _compressed(300_000_000), TOO_MUCH),
    Case("index bomb by claim", "compressed index that claims 4 GiB", _compressed(0, 0xFFFFFFF0), TOO_MUCH),
    Case("run of defaults", "15 million samples in 100 bytes", _run_of_defaults, TOO_MUCH),
    Case(
        "run of billions",
        "a fragment that claims them",
        lambda: _fragmented(fragment(track().samples, 0, 0, claims=BILLIONS)),
        unusable("Invalid data"),
    ),
    Case("fragments without end", "five thousand of nothing", _fragments(5000), unusable("more than 4096 boxes")),
)
