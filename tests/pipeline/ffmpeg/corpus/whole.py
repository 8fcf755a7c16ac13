"""Every file of the corpus, by name."""

from dataclasses import replace

from tests.pipeline.ffmpeg.corpus.case import Case
from tests.pipeline.ffmpeg.corpus.damage import DAMAGE
from tests.pipeline.ffmpeg.corpus.heads import HEADS
from tests.pipeline.ffmpeg.corpus.mp4 import movie
from tests.pipeline.ffmpeg.corpus.odd import ODD
from tests.pipeline.ffmpeg.corpus.pictures import PICTURES
from tests.pipeline.ffmpeg.corpus.sources import twelve_bits
from tests.pipeline.ffmpeg.corpus.tables import TABLES
from tests.pipeline.ffmpeg.corpus.times import TIMES
from tests.pipeline.ffmpeg.corpus.tracks import TRACKS

CHAPTERS: dict[str, tuple[Case, ...]] = {
    "No film at all": HEADS,
    "Damaged": DAMAGE,
    "Tables that lie": TABLES,
    "Impossible times": TIMES,
    "Impossible pictures": PICTURES,
    "Strange company": TRACKS,
    "Odd, and good": ODD,
}
"""Under the headings of docs/hostile-media.md."""

HEAVIEST = Case(
    "at every limit",
    "600 frames of 1920x1228 in 15 s, with 12 bits of every colour of every pixel",
    lambda: movie(
        replace(twelve_bits((1920, 1228)), samples=twelve_bits((1920, 1228)).samples * 50, timescale=40)
    ),
    600,
)
"""What passes at the greatest cost, half a minute; too long for the tests."""

CORPUS: dict[str, Case] = {case.name: case for chapter in CHAPTERS.values() for case in chapter}
