"""`generate-video` and `video` for signed-in users: their own stories, and what only the back end may choose."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from tests.conftest import DatabaseUrls
from tests.functions.auth import open_auth
from tests.functions.serving import assert_problem
from tests.functions.user_sites import ANNA, VIDEO, StorySite, bearing, open_site, open_users_door


@pytest.fixture(scope="module")
async def site(postgres: EmbeddedPostgres, _template: str) -> AsyncIterator[StorySite]:
    async with open_site(StorySite, postgres, _template, "users_stories") as opened:
        yield opened


async def test_a_users_story_is_the_users(site: StorySite) -> None:
    """202 with a video that plays, kept for whoever the token names; seed and preview are theirs to choose."""
    user = uuid4()
    answer = await site.tell(user, id="s1", seed=7, preview=False)

    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert (body["shows"], body["work"]) == ("placeholder", "working")
    found = await site.rows(
        "select v.owner_id, r.story, r.seed, r.preview, r.model, r.parameters from storyreel.videos v"
        " join storyreel.revisions r on r.video_id = v.id where v.id = %s",
        body["id"],
    )
    assert found == [(user, "A whale", 7, False, None, None)]


@pytest.mark.parametrize(
    "more",
    [
        {"owner_id": str(ANNA)},
        {"owner_id": str(uuid4())},
        {"model": "lightning"},
        {"model": "kling"},
        {"model": "somebody/new"},
        {"parameters": {"duration": "10"}},
        {"parameters": {}},
        {"model": "kling", "parameters": {"duration": "10"}, "owner_id": str(ANNA)},
    ],
    ids="-".join,
)
async def test_what_only_the_back_end_may_choose_is_403(site: StorySite, more: dict[str, object]) -> None:
    """The owner, and whatever changes the price: nothing is made of it, for a text or for a row."""
    before = await site.count()
    assert_problem(await site.tell(ANNA, **more), 403)
    row = {"table": "stories", "id": str(uuid4()), **more}
    answer = await site.door.post(json=row, headers=bearing(site.auth.token(ANNA)))
    assert answer.status_code in {403, 422}, answer.text

    assert await site.count() == before


@pytest.mark.parametrize("kind", ["INSERT", "UPDATE", "DELETE"])
async def test_a_database_event_by_a_user_is_403(site: StorySite, kind: str) -> None:
    """Only the database tells of its rows: an event would make a video of anybody's."""
    await site.owner.execute("set session_replication_role = replica")
    ((story,),) = await site.rows(
        "insert into public.stories (text, owner_id) values ('A whale', %s) returning id::text", uuid4()
    )
    await site.owner.execute("set session_replication_role = origin")
    before = await site.count()
    record = {"id": story, "text": "A whale", "owner_id": str(ANNA)}
    event = {"type": kind, "table": "stories", "schema": "public", "record": record, "old_record": None}

    answer = await site.door.post(json=event, headers=bearing(site.auth.token(ANNA)))

    assert_problem(answer, 403)
    assert await site.count() == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": 7},
        {"text": ""},
        {"text": "A whale", "id": ""},
        {"text": "A whale", "id": "a\0b"},
        {"text": "A whale", "id": "x" * 201},
        {"text": "A whale", "id": {"$ne": None}},
        {"text": "A whale", "id": ["x"]},
        {"text": "A whale", "seed": -1},
        {"text": "A whale", "preview": "no"},
        {"text": "A whale", "source_table": "public.stories"},
        {"text": "A whale", "table": "stories"},
        {"text": "A whale", "priority": 0},
        {"text": "A whale", "role": "service_role"},
        {"table": "stories"},
        {"table": 7, "id": "x"},
        {"table": "stories", "id": None},
    ],
    ids=lambda body: "-".join(body) or "empty",
)
async def test_a_users_body_of_the_wrong_shape_is_422(site: StorySite, body: dict[str, object]) -> None:
    """Whoever is known by a token is told what is wrong; nothing is made of it."""
    before = await site.count()
    answer = await site.door.post(json=body, headers=bearing(site.auth.token(ANNA)))

    assert_problem(answer, 422)
    assert await site.count() == before


async def test_a_video_is_shown_to_its_owner_and_the_back_end(site: StorySite) -> None:
    """As generate-video answered, for both."""
    user = uuid4()
    told = (await site.tell(user, id="mine")).json()

    for who in (user, None):
        answer = await site.look(who, told["id"])
        assert answer.status_code == 200, answer.text
        assert answer.headers["access-control-allow-origin"] == "*"
        shown = answer.json()
        assert {**shown, "progress": 0} == {**told, "progress": 0}


async def test_others_videos_are_as_if_they_were_not(site: StorySite) -> None:
    """Another user's, and one that is nobody's: the same 404 as for a video that never was."""
    user, other = uuid4(), uuid4()
    theirs, nobodys = await site.told(other, id="x"), await site.told(None)
    missing = str(uuid4())
    answers = {video: await site.look(user, video) for video in (missing, theirs, nobodys)}

    said = set()
    for video, answer in answers.items():
        assert_problem(answer, 404)
        headers = {name: value for name, value in answer.headers.items() if name not in {"date", "x-request-id"}}
        said.add((answer.text.replace(video, "<id>"), str(sorted(headers))))
    assert len(said) == 1, "the three can be told apart"


@pytest.mark.parametrize("who", [ANNA, None], ids=["user", "back end"])
@pytest.mark.parametrize(
    "name",
    ["1", "x", "null", "%00", "..", "%F0%9F%90%B3", "0" * 31, "0" * 33, "' or 1=1", "{}", "0x" + "0" * 30, "%0a"],
)
async def test_what_names_no_video_is_404(site: StorySite, who: UUID | None, name: str) -> None:
    assert_problem(await site.look(who, name), 404)


async def test_without_credentials_no_video_is_looked_for(site: StorySite) -> None:
    """401 for one that is there, one that is not, and what is no id: strangers learn nothing."""
    for name in (await site.told(ANNA), str(uuid4()), "x"):
        assert_problem(await site.door.http.get(f"{VIDEO}/{name}"), 401)
        assert_problem(await site.door.http.get(f"{VIDEO}/{name}", headers=bearing("a.b.c")), 401)
        assert_problem(await site.door.http.get(f"{VIDEO}/{name}", headers={"apikey": "wrong"}), 401)


async def test_a_user_above_the_quota_is_told_when_to_come_back(
    database_urls: DatabaseUrls, owner: psycopg.AsyncConnection
) -> None:
    """429 with Retry-After, for texts and rows alike and at the same moment; others are not concerned."""
    await owner.execute("update storyreel.limits set owner_stories_per_hour = 3")
    async with open_auth() as auth, open_users_door(database_urls.worker, auth) as door:
        site = StorySite(auth, door, owner)
        user, other = uuid4(), uuid4()
        answers = await asyncio.gather(*(site.tell(user, id=f"s{number}") for number in range(8)))
        over = [answer for answer in answers if answer.status_code != 202]

        assert len(over) == 5
        for answer in over:
            assert assert_problem(answer, 429)["code"] == "over_quota"
            assert 3590 <= int(answer.headers["retry-after"]) <= 3600
        ((story,),) = await site.rows(
            "insert into public.stories (text, owner_id) values ('A whale', %s) returning id::text", user
        )
        await owner.execute("delete from storyreel.videos where source_id = %s", [story])
        row = {"table": "stories", "id": story}
        assert_problem(await door.post(json=row, headers=bearing(auth.token(user))), 429)
        assert (await site.tell(other)).status_code == 202
        await owner.execute(
            "update storyreel.videos set created_at = created_at - %s", [timedelta(hours=1, seconds=1)]
        )
        assert (await site.tell(user)).status_code == 202
