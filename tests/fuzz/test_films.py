"""Fuzz of the gate: films that have gone wrong at random are judged, each within the reader's limits."""

import os
import random
from pathlib import Path

from pipeline.errors import UnusableClip
from pipeline.ffmpeg import gate
from pipeline.ffmpeg.prober import Prober, prober
from tests.pipeline.ffmpeg.corpus.sources import index_first, index_last
from tests.pipeline.ffmpeg.mutations import mutated

FILMS = int(os.environ.get("FUZZ_CASES", "60"))
PER_CHILD = 500  # so that what grows in one shows, and a death condemns few


async def test_the_gate_passes_or_refuses_every_film(tmp_path: Path) -> None:
    """No time-out, no other error; a film that kills its reader is refused, and a new reader starts."""
    film, passed, refused = tmp_path / "original.mp4", 0, 0
    sources = (index_first(), index_last())
    while passed + refused < FILMS:
        async with prober(tmp_path) as reader:
            for seed in range(passed + refused, min(FILMS, passed + refused + PER_CHILD)):
                film.write_bytes(mutated(sources[seed % 2], random.Random(seed)))
                verdict = await _judged(reader, film)
                passed, refused = passed + verdict, refused + (not verdict)
                if reader.child.process.returncode is not None:
                    break

    assert passed > 0
    assert refused > 0


async def _judged(reader: Prober, film: Path) -> bool:
    try:
        gate.check(await reader.facts(film))
    except UnusableClip:
        return False
    return True
