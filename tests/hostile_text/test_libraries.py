"""A library of placeholders by strangers: its words are words, and its names are names, in files and in rows."""

import json
from pathlib import Path

import pytest

from local.library.description import BadLibrary, read_library
from local.library.publishing import check, publish
from local.library.shelf import Shelf
from storage.buckets.disk import DiskBucket
from tests.hostile_text.conftest import House
from tests.hostile_text.corpus import SHORT, every_text
from tests.hostile_text.looks import assert_only_shown
from tests.local.library.small import described


def toml(text: str) -> str:
    """The text as TOML writes it; its escapes are JSON's, and DEL is one more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# What a library may say, each with a stranger's text in another place.
PLACES = {
    "library": "name = {}",
    "theme": "[[theme]]\nname = {}",
    "language": "[languages]\n{} = 'a'",
    "words of a language": "[[theme]]\nname = 'ocean'\n[theme.words.{}]\nloud = 'sea'",
    "degree": "[[theme]]\nname = 'ocean'\n[theme.words.english]\n{} = 'sea'",
    "file": "[[theme]]\nname = 'ocean'\n[[theme.clip]]\nfile = {}",
    "scene": "[[theme]]\nname = 'ocean'\n[[theme.clip]]\nseed = 1\nscene = {}",
    "model": "[[theme]]\nname = 'ocean'\n[[theme.clip]]\nprompt = 'a sea'\nmodel = {}",
    "parameter": "[[theme]]\nname = 'ocean'\n[[theme.clip]]\nprompt = 'a sea'\nparameters = {{ {} = 1 }}",
    "key": "{} = 1",
}


@every_text
def test_a_name_that_is_none_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    """Of whatever a library names; no file of another folder is looked at."""
    for place, template in PLACES.items():
        with pytest.raises(BadLibrary) as refused:
            read_library(described(tmp_path / "strangers", template.format(toml(text))))

        assert_only_shown(str(refused.value).replace(str(tmp_path), ""))
        assert len(str(refused.value)) < 2_500, place


async def test_words_of_any_text_are_published_as_words(house: House, tmp_path: Path) -> None:
    """And stories of the same text are read by them; every other row is as it was."""
    words = " ".join(SHORT.values())
    text = f"""
        name = "strangers"
        [languages]
        english = {toml(words)}
        [[theme]]
        name = "ocean"
        [theme.words.english]
        loud = {toml(words)}
    """
    library = read_library(described(tmp_path / "strangers", text))
    before = await (await house.owner.execute("select count(*) from storyreel.videos")).fetchone()
    async with DiskBucket(tmp_path / "buckets", "videos", public_base_url="http://files.test") as bucket:
        await bucket.ensure()
        database = house.door.services.database
        await check(database, library)
        changed = await publish(database, bucket, library, [], Shelf(library.folder))

    assert changed.rows > 100
    for word in SHORT.values():
        [(theme,)] = await (
            await house.owner.execute("select storyreel.theme_of(%s, %s)", (word, word))
        ).fetchall()
        assert theme in {"ocean", "dream"}
    assert await (await house.owner.execute("select count(*) from storyreel.videos")).fetchone() == before
