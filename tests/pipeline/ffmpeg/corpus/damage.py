"""Films that were whole once: cut off, or with bits turned over."""

import random
from collections.abc import Callable
from dataclasses import replace

from tests.pipeline.ffmpeg.corpus.case import Case, unusable
from tests.pipeline.ffmpeg.corpus.mp4 import FTYP, box, fragmented, movie
from tests.pipeline.ffmpeg.corpus.sources import index_first, index_last, track

LONG_LENGTH = b"\x7f\xff\xff\xff"


def _cut(film: Callable[[], bytes], keep: float) -> Callable[[], bytes]:
    return lambda: film()[: int(len(film()) * keep)]


def _rotten(box: bytes, flips: int) -> Callable[[], bytes]:
    """Bits turned over in the last third of one box."""

    def content() -> bytes:
        film = bytearray(index_first())
        kind = film.index(box)
        end = kind - 4 + int.from_bytes(film[kind - 4 : kind])
        chance = random.Random(1)
        for _ in range(flips):
            film[chance.randrange(kind + 4 + (end - kind) * 2 // 3, end)] ^= 1 << chance.randrange(8)
        return bytes(film)

    return content


def _with_sample(number: int, change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    """The usual film with one of its coded pictures changed."""

    def content() -> bytes:
        whole = track()
        samples = list(whole.samples)
        samples[number] = change(samples[number])
        return movie(replace(whole, samples=tuple(samples)))

    return content


def _in_hundred_fragments() -> bytes:
    long = replace(track(), samples=track().samples * 8)
    return fragmented(long)


def _without_pictures() -> bytes:
    film = index_first()
    return film[: film.index(b"mdat") - 4] + box("free", bytes(1024))


DAMAGE = (
    Case("cut", "of a film with its index first, 60 %", _cut(index_first, 0.6), unusable("cut off in its 'mdat'")),
    Case(
        "cut at the end", "the same, but for its last bytes", _cut(index_first, 0.999), unusable("in its 'mdat'")
    ),
    Case(
        "cut in the index",
        "of a film with its index last, 97 %",
        _cut(index_last, 0.97),
        unusable("in its 'moov'"),
    ),
    Case(
        "cut in a late fragment",
        "of 96 fragments, all but the end of the last",
        _cut(_in_hundred_fragments, 0.9999),
        unusable("cut off in its 'mdat'"),
    ),
    Case("without pictures", "an index, and no box it points into", _without_pictures, unusable("fewer than 2")),
    Case("without index", "a head and pictures", lambda: FTYP + movie(track())[32:-900], unusable("cut off")),
    Case("bits turned in the pictures", "300 of them", _rotten(b"mdat", 300), unusable("it is damaged")),
    Case("bits turned in the index", "100 of them", _rotten(b"moov", 100), unusable("fewer than 2")),
    Case(
        "unit past its picture",
        "an H.264 unit that claims 2 GiB",
        _with_sample(5, lambda sample: LONG_LENGTH + sample[4:]),
        unusable("it is damaged"),
    ),
    Case(
        "unit past the first picture",
        "the same in the picture that everything begins with",
        _with_sample(0, lambda sample: LONG_LENGTH + sample[4:]),
        unusable("first frame cannot be decoded"),
    ),
    Case(
        "empty units",
        "a picture followed by four million units of no length",
        _with_sample(1, lambda sample: sample + bytes(16_000_000)),
        unusable("it is damaged"),
    ),
    Case(
        "picture of noise",
        "one picture's bits drawn by chance",
        _with_sample(5, lambda sample: sample[:5] + random.Random(1).randbytes(len(sample) - 5)),
        unusable("it is damaged"),
    ),
)
