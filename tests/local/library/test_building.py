"""Building a library: seamless, small, the same bytes each time, and never anything that is half done."""

import asyncio
import json
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from local.library import mirroring
from local.library.apart import run_apart
from local.library.building import Paid, missing
from local.library.description import BadLibrary, read_library
from local.library.loops import PREVIEW, VIDEO, Loop
from local.library.shelf import TEMPORARY, Built, Shelf
from pipeline.boxes import Shape
from pipeline.errors import TranscodeFailed
from tests.local.library.small import built, described, every, lagoon
from tests.pipeline.ffmpeg.films import film

DRAWN = '[[theme]]\nname = "dream"\n[[theme.clip]]\nscene = "reef"\nseed = 6\nshapes = ["wide"]'


@pytest.fixture(scope="session")
async def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shelf, Built]:
    """The liveliest scene, drawn once for all tests that only look at it."""
    _, shelf, (made,) = await built(described(tmp_path_factory.mktemp("drawn") / "clips", DRAWN))
    return shelf, made


def pictures(file: Path) -> list[NDArray[np.float64]]:
    with av.open(str(file)) as container:
        return [frame.to_ndarray(format="rgb24").astype(np.float64) for frame in container.decode(video=0)]


def step(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """How different two frames are: the mean of the squares."""
    return float(((one - other) ** 2).mean())


async def test_a_drawn_loop_has_all_its_files_in_their_sizes(drawn: tuple[Shelf, Built]) -> None:
    """A clip that plays, a poster as large, a small animated preview and a blurhash."""
    shelf, made = drawn

    assert (made.theme, made.shape, made.width, made.height) == ("dream", Shape.WIDE, 640, 360)
    assert made.seconds == pytest.approx(3.0)
    assert len(made.blurhash) == 28
    assert made.video.bytes <= VIDEO.most_bytes
    with Image.open(shelf.file(made.poster)) as poster, Image.open(shelf.file(made.preview)) as preview:
        assert (poster.format, poster.size) == ("JPEG", (640, 360))
        assert (preview.format, preview.size) == ("WEBP", PREVIEW.sides[Shape.WIDE])
        assert getattr(preview, "n_frames", 1) > 10


async def test_the_end_of_a_loop_runs_into_its_beginning(drawn: tuple[Shelf, Built]) -> None:
    """From the last frame to the first is no further than between any other two that follow each other."""
    shelf, made = drawn
    frames = pictures(shelf.file(made.video))
    steps = [step(one, other) for one, other in pairwise(frames)]

    assert step(frames[-1], frames[0]) <= max(steps) * 1.1


async def test_building_anew_gives_the_same_bytes(drawn: tuple[Shelf, Built], tmp_path: Path) -> None:
    """From the same description, in another folder, in another process: file by file."""
    _, before = drawn
    _, _, (after,) = await built(described(tmp_path / "others", DRAWN))

    assert after == before


async def test_the_shape_of_an_own_clip_follows_from_its_size(tmp_path: Path) -> None:
    _, _, made = await built(lagoon(tmp_path / "lagoon"))

    assert {(one.shape, one.width, one.height) for one in made} == {("square", 96, 96), ("wide", 160, 90)}


async def test_what_is_built_is_not_built_again(tmp_path: Path) -> None:
    await built(lagoon(tmp_path / "lagoon"))
    _, _, again = await built(tmp_path / "lagoon")

    assert again == []


@pytest.mark.parametrize("kind", ["video", "poster", "preview"])
@pytest.mark.parametrize(
    "harm", [lambda file: file.unlink(), lambda file: file.write_bytes(b"half")], ids=["gone", "cut"]
)
async def test_a_file_that_is_gone_or_damaged_is_made_again(tmp_path: Path, kind: str, harm: object) -> None:
    """Whatever happened to it: the loop counts as not built, and comes out as it was."""
    _, shelf, made = await built(lagoon(tmp_path / "lagoon"))
    assert callable(harm)
    harm(shelf.file(getattr(made[0], kind)))

    _, _, again = await built(tmp_path / "lagoon")

    assert again == [made[0]]


async def test_another_clip_under_the_same_name_is_built(tmp_path: Path) -> None:
    """The record knows clips by their content. The old files are nobody's then, and go."""
    folder = lagoon(tmp_path / "lagoon")
    _, _, before = await built(folder)
    film(folder / "tide.mp4", size=(90, 160), frames=6)

    library, shelf, (changed,) = await built(folder)
    shelf.keep_only((loop.theme, loop.digest) for loop in every(library))

    assert changed.shape == Shape.TALL
    kept = {file.path for one in before if one.shape == Shape.SQUARE for file in one.files}
    kept |= {file.path for file in changed.files} | {"built.json"}
    there = {file.relative_to(shelf.folder).as_posix() for file in shelf.folder.rglob("*") if file.is_file()}
    assert there == kept


async def test_a_build_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """Files without a record, and folders of the dead, are nobody's; what was recorded stays."""
    folder = lagoon(tmp_path / "lagoon")
    _, shelf, made = await built(folder)
    record = json.loads((shelf.folder / "built.json").read_text())
    record["built"] = record["built"][:1]  # killed after the second's files, before its record
    (shelf.folder / "built.json").write_text(json.dumps(record))
    dead = shelf.folder / f"{TEMPORARY}dead"
    dead.mkdir()
    (dead / "loop.mp4").write_bytes(b"half a loop")

    library, shelf, again = await built(folder)
    shelf.keep_only((loop.theme, loop.digest) for loop in every(library))

    assert [one.video.path for one in again] == [
        one.video.path for one in made if one.video.path != record["built"][0]["video"]["path"]
    ]
    assert not dead.exists()
    assert missing(every(library), Shelf(folder), real=False) == []


async def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """Nothing is removed but what the record names, whoever put it there and whatever it is called."""
    folder = lagoon(tmp_path / "lagoon")
    _, shelf, _ = await built(folder)
    notes, mine = shelf.folder / "notes.txt", shelf.folder / "ocean" / "mine.mp4"
    for file in (notes, mine):
        file.write_text("the only copy")
    (shelf.folder / ".git").mkdir()

    with Shelf.locked(folder) as shelf:
        shelf.keep_only([])

    left = {file.relative_to(shelf.folder).as_posix() for file in shelf.folder.rglob("*")}
    assert left == {"notes.txt", "ocean", "ocean/mine.mp4", ".git", "built.json"}
    assert notes.read_text() == mine.read_text() == "the only copy"


async def test_a_folder_that_another_made_is_refused(tmp_path: Path) -> None:
    """Without our record it is not ours, be it called as it may; an empty one becomes ours."""
    folder = lagoon(tmp_path / "lagoon")
    (folder / "built").mkdir()
    (folder / "built" / "thesis.tex").write_text("the only copy")

    with pytest.raises(BadLibrary, match=r"holds 'thesis\.tex' but no built\.json, so Storyreel did not make it"):
        await built(folder)
    assert (folder / "built" / "thesis.tex").read_text() == "the only copy"

    (folder / "built" / "thesis.tex").unlink()
    _, _, made = await built(folder)
    assert len(made) == 2


@pytest.mark.parametrize("link", ["built", "built/ocean"])
async def test_no_link_is_followed_out_of_the_folder(tmp_path: Path, link: str) -> None:
    folder, elsewhere = lagoon(tmp_path / "lagoon"), tmp_path / "elsewhere"
    await built(folder)
    (folder / link).rename(elsewhere)
    (folder / link).symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))

    with pytest.raises(BadLibrary, match=f"{link} is a link to somewhere else"), Shelf.locked(folder) as shelf:
        shelf.keep_only([])
    assert sorted(elsewhere.rglob("*")) == before


async def test_a_library_may_be_named_by_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips are made by processes that work in another folder: a relative path finds its way there."""
    text = '[[theme]]\nname = "ocean"\n[[theme.clip]]\nprompt = "A whale swims"'
    described(tmp_path / "clips", text)
    monkeypatch.chdir(tmp_path)

    async def obtain(loop: Loop, file: Path) -> None:
        await asyncio.to_thread(film, file, size=(96, 96), frames=5)

    _, _, made = await built(Path("clips"), paid=Paid(obtain, emulated=True))

    assert len(made) == 1


async def test_a_maker_that_fails_says_one_line(tmp_path: Path) -> None:
    """What went wrong, and not where in the program."""
    order = {"source": str(tmp_path / "no.mp4"), "file": str(tmp_path / "loop.mp4")}
    with pytest.raises(TranscodeFailed, match=r"making a loop ended with 1: .*No such file") as failed:
        await run_apart(mirroring.__name__, order, cwd=tmp_path)

    assert "Traceback" not in str(failed.value)
    assert "\n" not in str(failed.value)


def test_two_files_with_the_same_film_are_one_too_many(tmp_path: Path) -> None:
    """Under whatever names, in one theme; another theme may have it as well."""
    text = '[[theme]]\nname = "{}"\n[[theme.clip]]\nfile = "one.mp4"\n'
    twice = described(tmp_path / "twice", text.format("ocean") + '[[theme.clip]]\nfile = "two.mp4"\n')
    apart = described(tmp_path / "apart", text.format("ocean") + text.format("rain"))
    for folder in (twice, apart):
        for name in ("one.mp4", "two.mp4"):
            (folder / name).write_bytes(b"the same")

    with pytest.raises(BadLibrary, match="theme 'ocean', clip 2 is the same film as clip 1; remove one of them"):
        every(read_library(twice))
    assert len(every(read_library(apart))) == 2


async def test_two_builds_at_once_are_one_too_many(tmp_path: Path) -> None:
    folder = lagoon(tmp_path / "lagoon")
    with Shelf.locked(folder), pytest.raises(BadLibrary, match="another build works in"):
        await built(folder)


async def test_a_clip_that_is_none_is_named(tmp_path: Path) -> None:
    """The sentence says which, and nothing is left behind but what was built."""
    folder = described(tmp_path / "clips", '[[theme]]\nname = "ocean"\n[[theme.clip]]\nfile = "notes.mp4"')
    (folder / "notes.mp4").write_bytes(b"buy fish" * 1000)

    with pytest.raises(BadLibrary, match="theme 'ocean', clip 1: the clip cannot be used: it is no MP4"):
        await built(folder)
    assert [file.name for file in (folder / "built").iterdir()] == ["built.json"]


@pytest.mark.parametrize("record", ["", "[]", '{"built": [{"theme": "../../etc"}]}', "null"])
def test_a_damaged_record_is_a_sentence(tmp_path: Path, record: str) -> None:
    folder = lagoon(tmp_path / "lagoon")
    (folder / "built").mkdir()
    (folder / "built" / "built.json").write_text(record)

    with pytest.raises(BadLibrary, match=r"built\.json is damaged; remove"):
        Shelf(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 0),
        ("height", 10**9),
        ("seconds", -1),
        ("seconds", 1e300),
        ("blurhash", "a'b c<d>"),
        ("bytes", -5),
    ],
)
async def test_a_record_that_nobody_can_have_written_is_a_sentence(
    tmp_path: Path, field: str, value: object
) -> None:
    """Numbers and letters reach the database from it: they are looked at before."""
    _, shelf, _ = await built(lagoon(tmp_path / "lagoon"))
    file = shelf.folder / "built.json"
    record = json.loads(file.read_text())
    loop = record["built"][0]
    (loop["video"] if field == "bytes" else loop)[field] = value
    file.write_text(json.dumps(record))

    with pytest.raises(BadLibrary, match=r"built\.json is damaged; remove"):
        Shelf(tmp_path / "lagoon")


async def test_a_rendered_clip_runs_forwards_and_backwards(tmp_path: Path) -> None:
    """A provider's clip does not loop by itself: its frames come back the way they went."""
    text = '[[theme]]\nname = "ocean"\n[[theme.clip]]\nprompt = "A whale swims"'

    async def obtain(loop: Loop, file: Path) -> None:
        await asyncio.to_thread(film, file, size=(128, 96), frames=5)

    _, shelf, (made,) = await built(described(tmp_path / "clips", text), paid=Paid(obtain, emulated=True))

    frames = pictures(shelf.file(made.video))
    assert len(frames) == 8
    for place, twin in ((5, 3), (6, 2), (7, 1)):
        nearest = min(range(5), key=lambda other: step(frames[place], frames[other]))
        assert nearest == twin
    assert made.seconds == pytest.approx(1.0)


async def test_an_emulated_clip_will_not_do_where_a_real_one_is_to_be_had(tmp_path: Path) -> None:
    text = '[[theme]]\nname = "ocean"\n[[theme.clip]]\nprompt = "A whale swims"'

    async def obtain(loop: Loop, file: Path) -> None:
        await asyncio.to_thread(film, file, size=(96, 96), frames=5)

    folder = described(tmp_path / "clips", text)
    await built(folder, paid=Paid(obtain, emulated=True))
    loops = every(read_library(folder))

    assert missing(loops, Shelf(folder), real=False) == []
    assert missing(loops, Shelf(folder), real=True) == loops
