"""Publishing a library: its files lie in the bucket, its rows in the database, and nobody else's are touched."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from local.library.building import missing
from local.library.description import SHIPPED, BadLibrary, read_library
from local.library.publishing import Published
from local.library.publishing import publish as publish_built
from local.library.shelf import Shelf
from local.library.whole import publish_whole
from pipeline.boxes import Shape
from pipeline.ports import Bucket
from storage.buckets.disk import DiskBucket
from storage.database import Database
from tests.local.library.small import LAGOON, TRANSCODER, described, every, lagoon
from tests.storage.buckets.places import Places, open_places

NOTHING = Published(0, 0, 0)
TABLES = ("themes", "languages", "language_marks", "theme_words", "placeholders")


@pytest.fixture
async def bucket(tmp_path: Path) -> AsyncIterator[Bucket]:
    async with DiskBucket(tmp_path / "buckets", "videos", public_base_url="http://files.test") as disk:
        await disk.ensure()
        yield disk


async def publish(database: Database, bucket: Bucket, folder: Path, *, real: bool = False) -> Published:
    return await publish_whole(
        read_library(folder), database, bucket, TRANSCODER, processes=2, real=real, tell=lambda _loop, _built: None
    )


async def rows(owner: psycopg.AsyncConnection, query: LiteralString, *arguments: object) -> list[tuple[Any, ...]]:
    return await (await owner.execute(query, arguments)).fetchall()


async def versions(owner: psycopg.AsyncConnection) -> list[list[tuple[Any, ...]]]:
    """Every row of the libraries' tables, with the transaction that wrote it."""
    query = sql.SQL("select xmin::text, t.* from storyreel.{} t order by t::text")
    return [await (await owner.execute(query.format(sql.Identifier(table)))).fetchall() for table in TABLES]


async def theme_of(owner: psycopg.AsyncConnection, story: str) -> str:
    ((theme,),) = await rows(owner, "select storyreel.theme_of(%s, 'id')", story)
    return str(theme)


async def test_a_new_story_has_a_loop_of_its_theme(
    database: Database, owner: psycopg.AsyncConnection, bucket: Bucket, tmp_path: Path
) -> None:
    """From the insert on: the theme of its words, in the language that it is in, and files that are there."""
    await publish(database, bucket, lagoon(tmp_path / "lagoon"))
    await owner.execute("insert into public.stories (text) values ('The whale is sailing')")

    ((theme, path, poster, preview, blurhash, width, height),) = await rows(
        owner, "select theme, path, poster_path, preview_path, blurhash, width, height from storyreel.videos"
    )

    assert (theme, width, height, len(blurhash)) == ("ocean", 96, 96, 28)
    assert path.startswith("placeholders/ocean/")
    for file, kind in ((path, "video/mp4"), (poster, "image/jpeg"), (preview, "image/webp")):
        found = await bucket.head(file)
        assert found is not None
        assert found.content_type == kind


async def test_words_are_stemmed_by_their_own_language(
    database: Database, owner: psycopg.AsyncConnection, bucket: Bucket, tmp_path: Path
) -> None:
    """Postgres itself makes the lexemes: another form of the word calls as well."""
    await publish(database, bucket, lagoon(tmp_path / "lagoon"))

    assert await theme_of(owner, "She is in a sea of the whale") == "ocean"
    assert await theme_of(owner, "Der Wal und das Meer") == "ocean"
    assert await theme_of(owner, "The tax return of a clerk") == "dream"
    words = await rows(
        owner, "select lexeme, weight from storyreel.theme_words where language = 'english' order by 1"
    )
    assert words == [("sail", 30), ("sea", 60), ("whale", 60)]


@pytest.mark.parametrize("kind", ["disk", "supabase", "s3"])
async def test_publishing_again_changes_nothing(
    database: Database, owner: psycopg.AsyncConnection, places: Places, kind: str, tmp_path: Path
) -> None:
    """Not a file and not a row, in whatever bucket."""
    folder = lagoon(tmp_path / "lagoon")
    async with AsyncExitStack() as stack:
        bucket = await stack.enter_async_context(places.bucket(kind, f"{kind}-loops"))
        await bucket.ensure()
        first = await publish(database, bucket, folder)
        before = await versions(owner)

        assert first.files == 6
        assert await publish(database, bucket, folder) == NOTHING
        assert len(await bucket.list("placeholders/ocean/")) == 6
    assert await versions(owner) == before


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with open_places(tmp_path_factory.mktemp("buckets")) as places:
        yield places


async def test_a_file_that_went_missing_is_uploaded_again(
    database: Database, bucket: Bucket, tmp_path: Path
) -> None:
    await publish(database, bucket, lagoon(tmp_path / "lagoon"))
    (lost, *_) = await bucket.list("placeholders/")
    await bucket.delete([lost.path])

    assert await publish(database, bucket, tmp_path / "lagoon") == Published(1, 0, 0)
    assert await bucket.head(lost.path) == lost


async def test_an_apps_library_joins_the_themes_that_are_there(
    database: Database, owner: psycopg.AsyncConnection, bucket: Bucket, tmp_path: Path
) -> None:
    """Its loops are further variants, its words call as well, and the other library's rows stay as they are."""
    await publish(database, bucket, lagoon(tmp_path / "lagoon"))
    before = await versions(owner)
    text = """
        [languages]
        english = "the a of"
        [[theme]]
        name = "ocean"
        [theme.words.english]
        loud = "harbour"
        [[theme.clip]]
        file = "harbour.mp4"
        [[theme]]
        name = "pirates"
        [theme.words.english]
        loud = "treasure"
        [[theme.clip]]
        file = "chest.mp4"
    """
    app = described(tmp_path / "app", text, {"harbour.mp4": (80, 80), "chest.mp4": (64, 64)})
    await publish(database, bucket, app)

    for old, new in zip(before, await versions(owner), strict=True):
        assert set(old) <= set(new)
    loops = await rows(owner, "select theme, shape, variant, library from storyreel.placeholders order by 1, 2, 3")
    assert loops == [
        ("ocean", "square", 1, "lagoon"),
        ("ocean", "square", 2, "app"),
        ("ocean", "wide", 1, "lagoon"),
        ("pirates", "square", 1, "app"),
    ]
    assert await theme_of(owner, "The harbour") == "ocean"
    assert await theme_of(owner, "A treasure of the pirates") == "pirates"


@pytest.mark.parametrize("story", ["A pirate ship", "The pirates sail the sea"])
async def test_an_apps_own_words_outweigh_ours(
    database: Database, owner: psycopg.AsyncConnection, bucket: Bucket, tmp_path: Path, story: str
) -> None:
    """The README's example, beside our words, which call for the ocean: pirates it is."""
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    (example,) = [text for text in re.findall(r"```toml\n(.*?)```", readme, re.DOTALL) if "pirates" in text]
    await publish_built(database, bucket, read_library(SHIPPED), [], Shelf(SHIPPED))
    before = await theme_of(owner, story)
    await publish(database, bucket, described(tmp_path / "my-folder", example, {"lagoon.mp4": (96, 96)}))

    assert (before, await theme_of(owner, story)) == ("ocean", "pirates")


async def test_a_library_does_not_replace_another_of_its_name(
    database: Database, bucket: Bucket, tmp_path: Path
) -> None:
    """Two folders called alike are two libraries, unless they have a theme in common; what to do is told."""
    await publish(database, bucket, lagoon(tmp_path / "one" / "clips"))
    text = '[[theme]]\nname = "pirates"\n[[theme.clip]]\nfile = "chest.mp4"'
    other = described(tmp_path / "two" / "clips", text, {"chest.mp4": (64, 64)})

    with pytest.raises(BadLibrary, match=r"named 'clips' is .*\(ocean\) than this one \(pirates\).*name = \"…\""):
        await publish(database, bucket, other)
    assert await publish(database, bucket, tmp_path / "one" / "clips") == NOTHING

    await publish(database, bucket, described(other, f'name = "chests"\n{text}'))
    assert await publish(database, bucket, tmp_path / "one" / "clips") == NOTHING


async def test_what_a_library_has_no_more_goes_with_the_next_publishing(
    database: Database, owner: psycopg.AsyncConnection, bucket: Bucket, tmp_path: Path
) -> None:
    """Loops, words, marks and themes, but none that another library has. Files stay: videos show them."""
    await publish(database, bucket, lagoon(tmp_path / "lagoon"))
    text = """
        name = "app"
        [languages]
        english = "the a of"
        italian = "il la di"
        [[theme]]
        name = "ocean"
        [theme.words.english]
        loud = "whales harbour"
        [[theme.clip]]
        file = "harbour.mp4"
        [[theme]]
        name = "pirates"
        [theme.words.italian]
        loud = "tesoro"
        [[theme.clip]]
        file = "harbour.mp4"
    """
    alone = await versions_without_xmin(owner)
    await publish(database, bucket, described(tmp_path / "app", text, {"harbour.mp4": (80, 80)}))
    await publish(database, bucket, described(tmp_path / "app", 'name = "app"'))

    assert await versions_without_xmin(owner) == alone
    assert len(await bucket.list("placeholders/pirates/")) == 3


async def versions_without_xmin(owner: psycopg.AsyncConnection) -> list[list[tuple[Any, ...]]]:
    return [[row[1:] for row in table] for table in await versions(owner)]


async def test_a_new_loop_takes_the_number_that_is_free(
    database: Database, owner: psycopg.AsyncConnection, bucket: Bucket, tmp_path: Path
) -> None:
    """Variants are numbered from one, without gaps that grow, however often a clip is replaced."""
    for colour in range(3):
        text = '[[theme]]\nname = "ocean"\n' + "".join(
            f'[[theme.clip]]\nfile = "{colour}-{number}.mp4"\n' for number in range(2)
        )
        clips = {f"{colour}-{number}.mp4": (64 + 2 * colour, 64 + 2 * number) for number in range(2)}
        await publish(database, bucket, described(tmp_path / "clips", text, clips))

        assert await rows(owner, "select variant from storyreel.placeholders order by 1") == [(1,), (2,)]


async def test_rows_of_no_library_are_nobodys_to_remove(
    database: Database, owner: psycopg.AsyncConnection, bucket: Bucket, tmp_path: Path
) -> None:
    """What an app put there by SQL stays."""
    await owner.execute(
        "insert into storyreel.themes values ('pirates'); insert into storyreel.languages values ('dutch')"
    )
    await owner.execute("insert into storyreel.theme_words values ('dutch', 'schat', 'pirates', 6)")
    await publish(database, bucket, lagoon(tmp_path / "lagoon"))
    await publish(database, bucket, described(tmp_path / "lagoon", ""))

    assert await rows(owner, "select theme, lexeme from storyreel.theme_words") == [("pirates", "schat")]
    assert await rows(owner, "select name from storyreel.themes order by 1") == [("dream",), ("pirates",)]


async def test_videos_that_began_without_a_loop_get_one(
    database: Database, owner: psycopg.AsyncConnection, bucket: Bucket, tmp_path: Path
) -> None:
    """Of the theme that their story calls for, now that there are themes. One that shows a clip keeps it."""
    await owner.execute("insert into public.stories (text) values ('A whale in the sea'), ('A tax return')")
    text = '\n[[theme]]\nname = "dream"\n[[theme.clip]]\nfile = "sky.mp4"'
    clips = {"lagoon.mp4": (96, 96), "tide.mp4": (160, 90), "sky.mp4": (72, 72)}
    folder = described(tmp_path / "lagoon", LAGOON + text, clips)

    assert (await publish(database, bucket, folder)).videos == 2
    found = await rows(
        owner,
        "select theme, path like 'placeholders/' || theme || '/%%', width from storyreel.videos order by 1",
    )
    assert found == [("dream", True, 72), ("ocean", True, 96)]
    assert (await publish(database, bucket, folder)) == NOTHING


async def test_a_language_that_postgres_does_not_have_is_named_and_nothing_is_registered(
    database: Database, owner: psycopg.AsyncConnection, bucket: Bucket, tmp_path: Path
) -> None:
    text = '[languages]\nklingon = "je vaj"\n[[theme]]\nname = "space"\n[theme.words.klingon]\nloud = "logh"'
    text += '\n[[theme.clip]]\nfile = "logh.mp4"\n[[theme]]\nname = "ocean"\n[theme.words.klingon]\nloud = "bIQ"'
    folder = described(tmp_path / "clips", text, {"logh.mp4": (96, 96)})
    with pytest.raises(BadLibrary, match="no text search configuration klingon;"):
        await publish(database, bucket, folder)

    assert await bucket.list("") == []
    assert not (folder / "built").exists()
    assert await rows(owner, "select name from storyreel.themes") == [("dream",)]


async def test_what_costs_money_is_not_built_on_the_way(
    database: Database, bucket: Bucket, tmp_path: Path
) -> None:
    """The sentence names the clip and the command; what was free is not begun either."""
    text = """
        [[theme]]
        name = "ocean"
        [[theme.clip]]
        prompt = "A whale"
        [[theme.clip]]
        file = "lagoon.mp4"
    """
    folder = described(tmp_path / "clips", text, {"lagoon.mp4": (96, 96)})
    with pytest.raises(BadLibrary, match=f"theme 'ocean', clip 1 is not built.*placeholders build {folder}"):
        await publish(database, bucket, folder)

    library = read_library(folder)
    assert len(missing(every(library), Shelf(folder), real=False)) == 2
    assert await bucket.list("") == []
    assert {loop.shape for loop in every(library)} == {None} != set(Shape)
