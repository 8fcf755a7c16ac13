"""What users call their stories: a name is its user's own, and no spelling of it leads to anybody else's."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from local.postgres import EmbeddedPostgres
from tests.functions.user_sites import StorySite, open_site


@pytest.fixture(scope="module")
async def site(postgres: EmbeddedPostgres, _template: str) -> AsyncIterator[StorySite]:
    async with open_site(StorySite, postgres, _template, "users_names") as opened:
        yield opened


async def test_the_same_id_of_the_same_user_is_one_video(site: StorySite) -> None:
    """Asked again, and by another session of the same user."""
    user = uuid4()
    ids = {await site.told(user, id="same") for _ in range(3)}

    assert len(ids) == 1
    assert await site.told(user, id="another") not in ids


async def test_without_an_id_every_call_is_a_story_of_its_own(site: StorySite) -> None:
    user = uuid4()

    assert await site.told(user) != await site.told(user)


async def test_equal_names_of_two_users_and_the_back_end_are_three_videos(site: StorySite) -> None:
    """A name is its user's own: nobody meets, hears of or changes another's story by it."""
    anna, bert = uuid4(), uuid4()
    first = await site.tell(anna, id="diary", text="Anna's secret whale")
    second = await site.tell(bert, id="diary", text="Bert's fox")
    third = await site.tell(None, id="diary", text="Nobody's owl")

    assert len({first.json()["id"], second.json()["id"], third.json()["id"]}) == 3
    assert str(anna) not in second.text
    assert str(anna) not in third.text
    owners = [await site.owner_of(answer.json()["id"]) for answer in (first, second, third)]
    assert owners == [anna, bert, None]


def spellings(victim: UUID, attacker: UUID, name: str) -> list[str]:
    """How an attacker may try to write the victim's name for a story."""
    marks = ["/", ":", "|", ".", "\\", "\t", "\u2215", "\uff0f", "%2f"]
    return [
        *(f"{victim}{mark}{name}" for mark in marks),
        *(f"{str(victim).upper()}{mark}{name}" for mark in marks[:2]),
        f"{victim.hex}/{name}",
        f"../{victim}/{name}",
        f"{attacker}/../{victim}/{name}",
        f"./../{victim}/{name}",
        f"/{victim}/{name}",
        f"//{name}",
        f"/../{name}",
        f"..\\{victim}\\{name}",
        f"%2e%2e%2f{victim}%2f{name}",
        f"\u202e{victim}/{name}",
        f"\u200b{name}",
        f"{name}\u200b",
        f"{name}\u0301",
        f"\u2025/{victim}/{name}",
        f" {name}",
        f"{name} ",
        f"{name}\n",
        name.upper(),
        f"'||'{name}",
        f'{name}"',
        f"%{name}",
        "%",
        "_" * len(name),
        f"users:{victim}:{name}",
        f"user/{victim}/{name}",
        f"generate-video/{name}",
        f"generate-video:{victim}/{name}",
    ]


async def test_no_spelling_of_an_id_reaches_a_name_of_somebody_elses(site: StorySite) -> None:
    """Neither another user's nor the back end's, which may hold any of these names itself."""
    victim, attacker, name = uuid4(), uuid4(), f"story-{uuid4().hex[:6]}"
    tried = spellings(victim, attacker, name)
    protected = {await site.told(victim, id=name), await site.told(None, id=name)}
    for who in (None, victim):
        protected |= set(await asyncio.gather(*(site.told(who, id=spelling) for spelling in tried)))

    answers = await asyncio.gather(*(site.tell(attacker, id=spelling) for spelling in [name, *tried]))
    for spelling, answer in zip([name, *tried], answers, strict=True):
        if answer.status_code in {404, 422}:
            continue
        assert answer.status_code == 202, answer.text
        assert answer.json()["id"] not in protected, ascii(spelling)
        assert await site.owner_of(answer.json()["id"]) == attacker


async def test_names_that_the_back_end_makes_of_a_users_id_stay_the_back_ends(site: StorySite) -> None:
    """An app may well have named its own stories `<user>/<name>`; the user's `<name>` is not that one."""
    user = uuid4()
    marks = ["/", ":", "|", ".", "-", "_", " ", "#", "\\", "\t", ",", "::", "//", ""]
    own = {mark: await site.told(None, id=f"{user}{mark}mine") for mark in marks}

    video = await site.told(user, id="mine")

    assert video not in own.values()
    assert await site.owner_of(video) == user


async def test_the_back_end_meets_no_users_story_by_any_name(site: StorySite) -> None:
    """Nor does an app that passes on what strangers call their stories: not even by what the answer calls it."""
    user = uuid4()
    answer = (await site.tell(user, id="hers")).json()

    for name in (answer["source_id"], f"{answer['source_table']}/{answer['source_id']}", f"{user}/hers"):
        assert await site.told(None, id=name, owner_id=str(uuid4())) != answer["id"]
