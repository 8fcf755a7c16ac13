"""Films that have gone wrong at random, as the fuzz run makes them; and a few of them through the gate."""

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UnusableClip
from pipeline.ffmpeg import gate
from pipeline.ffmpeg.prober import prober
from tests.pipeline.ffmpeg.corpus.sources import index_first, index_last
from tests.pipeline.ffmpeg.mutations import CHANGES, mutated


@given(st.integers())
def test_the_same_chance_makes_the_same_file(seed: int) -> None:
    """What a fuzz run finds can be made again from its seed."""
    assert mutated(index_first(), random.Random(seed)) == mutated(index_first(), random.Random(seed))


@given(st.binary(max_size=200), st.integers())
def test_any_bytes_can_be_changed(content: bytes, seed: int) -> None:
    """No box, an empty file, and lengths that make no sense included."""
    assert len(mutated(content, random.Random(seed))) < 100_000


def test_every_kind_of_change_changes_something() -> None:
    """None of them is idle on a whole film."""
    film = index_last()
    for change in set(CHANGES):
        for seed in range(20):
            changed = bytearray(film)
            change(changed, random.Random(seed))
            if changed != film:
                break
        else:
            raise AssertionError(change)


async def test_the_reader_answers_whatever_has_gone_wrong(tmp_path: Path) -> None:
    """One child outlives two hundred of them: it finds facts, or says why there are none."""
    path = tmp_path / "original.mp4"
    passed = 0
    async with prober(tmp_path) as reader:
        for seed in range(200):
            path.write_bytes(mutated(index_first(), random.Random(seed)))
            try:
                gate.check(await reader.facts(path))
            except UnusableClip:
                continue
            passed += 1

    assert 0 < passed < 200
