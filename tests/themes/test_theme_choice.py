"""The theme that a story is given, with the words of the library that comes with Storyreel.

Two sets of stories were labelled before the words were written. `held_back.toml` is kept apart: nobody looks at
its stories or its misses to find words, or it would measure nothing.
"""

import tomllib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from local.library.description import SHIPPED, Library, read_library
from local.library.publishing import publish
from local.library.shelf import Shelf
from local.renderer import THEMES
from pipeline.ports import Bucket
from storage.buckets.disk import DiskBucket
from storage.database import Database

HERE = Path(__file__).parent
IDS = [str(number) for number in range(40)]
WRITTEN = ("english", "german", "french", "spanish", "italian", "portuguese")


@pytest.fixture
async def bucket(tmp_path: Path) -> AsyncIterator[Bucket]:
    async with DiskBucket(tmp_path, "videos", public_base_url="http://files.test") as disk:
        await disk.ensure()
        yield disk


@pytest.fixture
async def shipped(database: Database, bucket: Bucket) -> Library:
    """The library, published without its loops: words alone decide the theme."""
    library = read_library(SHIPPED)
    await publish(database, bucket, library, [], Shelf(SHIPPED))
    return library


async def theme_of(owner: psycopg.AsyncConnection, story: str, story_id: str = "1") -> str:
    row = await (await owner.execute("select storyreel.theme_of(%s, %s)", (story, story_id))).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("labelled", ["labelled", "held_back"])
async def test_most_stories_get_the_theme_that_a_reader_would_give_them(
    owner: psycopg.AsyncConnection, labelled: str
) -> None:
    """Of all, at least 85 in 100; of no theme, fewer than half."""
    stories = tomllib.loads((HERE / f"{labelled}.toml").read_text())["story"]
    of_theme, right = Counter[str](), Counter[str]()
    for number, story in enumerate(stories):
        of_theme[story["theme"]] += 1
        right[story["theme"]] += await theme_of(owner, story["text"], str(number)) == story["theme"]

    assert of_theme.keys() == set(THEMES)
    assert right.total() >= 0.85 * of_theme.total(), f"{right.total()} of {of_theme.total()}"
    assert [theme for theme in of_theme if right[theme] < of_theme[theme] / 2] == []


@pytest.mark.usefixtures("shipped")
async def test_themes_that_are_called_equally_are_told_apart_by_the_story(owner: psycopg.AsyncConnection) -> None:
    """Each has its share of the stories, and a story always the same."""
    first = [await theme_of(owner, "A whale and a dragon", story_id) for story_id in IDS]
    second = [await theme_of(owner, "A whale and a dragon", story_id) for story_id in IDS]

    assert first == second
    assert set(first) == {"ocean", "fire"}


@pytest.mark.usefixtures("shipped")
async def test_a_refrain_is_no_argument(owner: psycopg.AsyncConnection) -> None:
    assert await theme_of(owner, "Snow, snow, snow, snow, snow, and a whale") == "ocean"


@pytest.mark.usefixtures("shipped")
async def test_only_the_head_of_a_story_counts(owner: psycopg.AsyncConnection) -> None:
    """Its first 500 letters, not bytes; a word that goes on beyond them is no word."""
    within, cut, after = "." * 495 + "whale", "." * 497 + "whale", "and so on, " * 50 + "a whale"

    assert await theme_of(owner, within) == "ocean"
    assert await theme_of(owner, "ä" * 490 + " a whale") == "ocean"
    assert await theme_of(owner, cut) == "dream"
    assert await theme_of(owner, after) == "dream"


@pytest.mark.usefixtures("shipped")
async def test_a_story_is_read_in_its_own_language(owner: psycopg.AsyncConnection) -> None:
    """A German `Hut` is a hat, a French `car` is a because."""
    stories = {
        "The hut is too big for us": "mountains",
        "Der Hut ist zu groß für mich": "dream",
        "She has a car": "city",
        "Elle est là, car il est là": "dream",
        "Das Boot ist zu groß für uns": "ocean",
        "El lobo está con nosotros": "forest",
        "Il lupo è con noi": "forest",
        "O lobo está com a gente": "forest",
    }
    assert {story: await theme_of(owner, story) for story in stories} == stories


@pytest.mark.usefixtures("shipped")
async def test_names_and_words_with_a_double_are_read_as_they_are_written(owner: psycopg.AsyncConnection) -> None:
    """A stemmer takes the sea for the mother, and Maria for the sea."""
    stories = {
        "La mer est là": "ocean",
        "Ma mère est là": "dream",
        "O mar é dela": "ocean",
        "A Maria é dela": "dream",
        "Kilimanjaro": "mountains",
    }
    assert {story: await theme_of(owner, story) for story in stories} == stories


@pytest.mark.usefixtures("shipped")
async def test_capitals_accents_and_umlauts_make_no_difference(owner: psycopg.AsyncConnection) -> None:
    german = ("vögel über der wiese", "VÖGEL ÜBER DER WIESE", "Vogel über der WIESE")
    for story in (*german, "Un JARDÍN con flores", "un jardin con FLORES"):
        assert (story, await theme_of(owner, story)) == (story, "nature")


@pytest.mark.usefixtures("shipped")
async def test_what_calls_for_no_theme_is_a_dream(owner: psycopg.AsyncConnection) -> None:
    """No words at all, and languages that nobody has brought along."""
    foreign = ("Minulla oli eilen tylsää", "Вчера мне было скучно", "昨日は退屈だった", "🙂🙃")
    for story in ("", " \n\t", "?! ... --", "12 345", *foreign):
        assert (story, await theme_of(owner, story)) == (story, "dream")


@pytest.mark.usefixtures("shipped")
async def test_no_text_breaks_the_choice(owner: psycopg.AsyncConnection) -> None:
    """Operators of a search, quotes, control characters, markup, a megabyte, and one word of eight."""
    for story in (
        "whale & ! ( | <-> :* '",
        "'); drop table storyreel.themes; -- whale \" $$ \\",
        "\x01\x02\x1b[31m\x7f whale \u202e\ufeff\uffff",
        "<b>whale</b> &amp; %s %(x)s {0}",
        "whale " * 175_000,
        "whale " + "\U0001f40b" * 2_000_000,
        "whale " + "ä" * 4_000_000,
    ):
        assert (story[:80], await theme_of(owner, story)) == (story[:80], "ocean")


async def test_every_word_is_there_once_and_has_a_stem(owner: psycopg.AsyncConnection, shipped: Library) -> None:
    """Two forms with one stem are one too many, and a little word that stems to nothing never matches."""
    query = "select tsvector_to_array(to_tsvector(%s::regconfig, word)) from unnest(%s::text[]) word"
    for theme in shipped.themes:
        for language, said in theme.words.items():
            words = [*said.loud.split(), *said.clear.split(), *said.faint.split()]
            stems = [row[0] for row in await (await owner.execute(query, (language, words))).fetchall()]
            assert [word for word, stem in zip(words, stems, strict=True) if len(stem) != 1] == []
            twice = [stem for (stem,), times in Counter(map(tuple, stems)).items() if times > 1]
            assert (theme.name, language, twice) == (theme.name, language, [])


async def test_no_language_is_forgotten(shipped: Library) -> None:
    """Each theme has words in each, but for `dream`, which stands for what no word calls for."""
    for theme in shipped.themes:
        few = [language for language in WRITTEN if len(" ".join(_said(theme.words[language])).split()) < 50]
        assert (theme.name, few) == (theme.name, [])


def _said(words: object) -> list[str]:
    return [getattr(words, degree) for degree in ("loud", "clear", "faint")]
