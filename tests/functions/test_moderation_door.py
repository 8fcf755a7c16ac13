"""The moderation door over HTTP: what our rules refuse is answered at once, and the rest is judged in `plan`."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from functions.services import Services
from pipeline.plan import plan
from pipeline.prompts import TemplateWriter
from tests.conftest import DatabaseUrls
from tests.functions.serving import Door, assert_problem, open_door
from tests.pipeline.moderation.endpoint_server import KEY, ModerationEndpoint, serving

NOT_ALLOWED = {
    "Write to jane.miller@gmail.com, said the owl.": ("e-mail", "jane"),
    "A deepfake of the president.": ("real person", "deepfake"),
    "sexual, underage": ("words for children", "underage"),
}


@pytest.fixture
async def endpoint() -> AsyncIterator[ModerationEndpoint]:
    async with serving() as endpoint:
        yield endpoint


async def count(owner: psycopg.AsyncConnection) -> int:
    row = await (await owner.execute("select count(*) from storyreel.videos")).fetchone()
    assert row
    return int(row[0])


async def run_plan(services: Services) -> None:
    """As a worker does."""
    await plan(
        services.stores.plans,
        services.moderator,
        TemplateWriter(),
        services.generator,
        clock=services.clock,
        timing=services.timing,
        jitter=services.jitter,
        previews=False,
    )


@pytest.mark.parametrize("text", NOT_ALLOWED)
async def test_a_story_that_is_not_allowed_is_refused_at_the_door(shared_door: Door, text: str) -> None:
    """422, one word for programs, and a sentence that names the category and not what matched."""
    category, matched = NOT_ALLOWED[text]
    body = assert_problem(await shared_door.post(json={"text": text, "id": f"refused {text}"}), 422, category)

    assert body["code"] == "content_rejected"
    assert matched not in str(body)
    found = await shared_door.services.stores.stories.find(
        "generate-video", f"refused {text}", now=shared_door.services.clock()
    )
    assert found is None


async def test_nothing_is_kept_of_a_story_that_was_refused(door: Door, owner: psycopg.AsyncConnection) -> None:
    """No row, no text; and the same name may be used for another story."""
    for text in NOT_ALLOWED:
        assert (await door.post(json={"text": text, "id": "a name"})).status_code == 422
    assert await count(owner) == 0

    assert (await door.post(json={"text": "A whale", "id": "a name"})).status_code == 202
    assert await count(owner) == 1


async def test_a_text_that_is_none_is_refused_for_that(shared_door: Door) -> None:
    """Whether it is text at all comes first."""
    body = assert_problem(await shared_door.post(json={"text": "a@b.de\0"}), 422)

    assert body["code"] == "unreadable"


async def test_switched_off_everything_passes(database_urls: DatabaseUrls, owner: psycopg.AsyncConnection) -> None:
    """By one setting, at the door and behind it; the row says that nobody looked."""
    async with open_door(database_urls.worker, STORYREEL_MODERATION="off") as door:
        for text in NOT_ALLOWED:
            assert (await door.post(json={"text": text})).status_code == 202
        await run_plan(door.services)

    rows = await owner.execute("select distinct moderation, moderated_by from storyreel.revisions")
    assert await rows.fetchall() == [("unchecked", None)]


async def test_the_endpoint_is_asked_by_the_plan_and_not_by_the_door(
    database_urls: DatabaseUrls, owner: psycopg.AsyncConnection, endpoint: ModerationEndpoint
) -> None:
    """With the key and the model of the settings; callers wait for no other service."""
    async with open_door(
        database_urls.worker,
        STORYREEL_MODERATION_URL=endpoint.url,
        STORYREEL_MODERATION_KEY=KEY,
        STORYREEL_MODERATION_MODEL="own-model",
    ) as door:
        answer = await door.post(json={"text": "a forbidden whale", "id": "1"})
        assert (answer.status_code, endpoint.questions) == (202, [])
        await run_plan(door.services)
        video = await door.services.stores.stories.find("generate-video", "1", now=door.services.clock())

    assert endpoint.questions == [{"model": "own-model", "input": "a forbidden whale"}]
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"
    assert video is not None
    assert (video.work, video.reason) == ("rejected", "content_rejected")
    kept = await (await owner.execute("select story, moderated_by from storyreel.revisions")).fetchone()
    assert kept == ("", "endpoint")


@pytest.mark.parametrize(("fails", "kept"), [("closed", None), ("open", "unchecked"), (None, None)])
async def test_by_setting_an_endpoint_that_is_away_holds_or_lets_go(
    database_urls: DatabaseUrls,
    owner: psycopg.AsyncConnection,
    endpoint: ModerationEndpoint,
    fails: str | None,
    kept: str | None,
) -> None:
    """Closed unless it is said."""
    endpoint.away = True
    more = {"STORYREEL_MODERATION_FAILS": fails} if fails else {}
    async with open_door(database_urls.worker, STORYREEL_MODERATION_URL=endpoint.url, **more) as door:
        await door.post(json={"text": "A whale", "id": "1"})
        await run_plan(door.services)
        video = await door.services.stores.stories.find("generate-video", "1", now=door.services.clock())

    assert video is not None
    assert (video.work, video.reason) == (("working", None) if kept else ("held", "moderation"))
    row = await (await owner.execute("select moderation from storyreel.revisions")).fetchone()
    assert row == (kept,)
