"""Rows through the API, as the app's users reach them: PostgREST, with the tokens that Supabase Auth issues."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from tests.supabase.hosted import Project
from tests.supabase.rest import Rest, serving

pytestmark = [pytest.mark.needs("postgres15"), pytest.mark.needs("postgrest")]

FORBIDDEN = {"code": "42501", "status": 403}


@pytest.fixture(scope="module")
def rest(project: Project) -> Iterator[Rest]:
    with serving(project) as served:
        yield served


@dataclass(frozen=True)
class Teller:
    """A user who has told one story through the API, and what the API then showed them."""

    user: UUID
    story: str
    video: str


@pytest.fixture
async def ann(rest: Rest) -> Teller:
    user = uuid4()
    async with rest.user(user) as api:
        told = await api.post("/stories", json={"text": "A whale"}, headers={"Prefer": "return=representation"})
        assert told.status_code == 201, told.text
        (video,) = (await api.get("/story_videos")).json()
    return Teller(user, told.json()[0]["id"], video["id"])


@pytest.fixture
async def stranger(rest: Rest, ann: Teller) -> AsyncIterator[httpx.AsyncClient]:
    """Another user, who tells no story."""
    async with rest.user() as api:
        yield api


def refusal(response: httpx.Response) -> dict[str, object]:
    return {"code": response.json().get("code"), "status": response.status_code}


async def test_who_tells_a_story_sees_its_video_and_no_other(rest: Rest, ann: Teller) -> None:
    """Other users have told theirs, too."""
    async with rest.user() as api:
        await api.post("/stories", json={"text": "A fox"})
    async with rest.user(ann.user) as api:
        shown = (await api.get("/story_videos")).json()

    assert [(row["source_id"], row["owner_id"], row["shows"]) for row in shown] == [
        (ann.story, str(ann.user), "placeholder")
    ]


async def test_no_filter_order_or_count_finds_what_is_not_ones_own(
    ann: Teller, stranger: httpx.AsyncClient
) -> None:
    """Knowing every value of the row does not help."""
    for query in (
        f"owner_id=eq.{ann.user}",
        f"id=eq.{ann.video}",
        f"source_id=eq.{ann.story}",
        "source_id=like.*&order=owner_id.desc",
        f"or=(owner_id.is.null,owner_id.eq.{ann.user},id.not.is.null)",
        "progress=gte.0",
        "select=id,owner_id&limit=1&offset=0",
        "select=progress::text,work&work=in.(working,idle)",
    ):
        found = await stranger.get(f"/story_videos?{query}", headers={"Prefer": "count=exact"})

        assert (found.status_code, found.json()) == (200, []), query
        assert found.headers["content-range"] == "*/0", query


async def test_nothing_behind_the_view_can_be_embedded(ann: Teller, stranger: httpx.AsyncClient) -> None:
    """Neither what our tables refer to, nor the app's table beside it."""
    for other in ("videos", "revisions", "shots", "takes", "stories", "owner_id", "auth.users"):
        answer = await stranger.get(f"/story_videos?select=*,{other}(*)")

        assert answer.status_code == 400, other
        assert "PGRST" in answer.json()["code"], other


async def test_a_visitor_sees_nothing(rest: Rest, ann: Teller) -> None:
    """Neither without a token nor with the anonymous key."""
    async with rest.called(None) as nobody, rest.role("anon") as anonymous:
        for api in (nobody, anonymous):
            answer = await api.get("/story_videos")

            assert (answer.status_code, answer.json()["code"]) == (401, "42501")


async def test_the_service_role_sees_everybodys(rest: Rest, ann: Teller) -> None:
    """With whole rows: a server of the app's may look after its users' videos."""
    async with rest.role("service_role") as api:
        (row,) = (await api.get(f"/story_videos?id=eq.{ann.video}")).json()

    assert (row["owner_id"], row["progress"]) == (str(ann.user), 0)


@pytest.mark.parametrize("role", ["owner", "another", "service_role"])
async def test_no_role_writes_videos(rest: Rest, ann: Teller, role: str) -> None:
    """By whatever method; what is shown was made."""
    callers = {"owner": rest.user(ann.user), "another": rest.user(), "service_role": rest.role("service_role")}
    row = {"id": ann.video, "source_table": "public.stories", "source_id": "1", "theme": "dream"}
    async with callers[role] as api:
        for attempt in (
            api.post("/story_videos", json=row),
            api.post("/story_videos", json=row, headers={"Prefer": "resolution=merge-duplicates"}),
            api.patch(f"/story_videos?id=eq.{ann.video}", json={"owner_id": str(uuid4())}),
            api.delete(f"/story_videos?id=eq.{ann.video}"),
        ):
            assert refusal(await attempt) == FORBIDDEN


async def test_a_story_is_told_and_kept_in_ones_own_name(rest: Rest, ann: Teller) -> None:
    """Nobody tells one for another, who would pay for it, nor gives one away, nor makes it nobody's."""
    bob = str(uuid4())
    async with rest.user(ann.user) as api:
        for owner in (bob, None):
            told = await api.post("/stories", json={"text": "A fox", "owner_id": owner})
            given = await api.patch(f"/stories?id=eq.{ann.story}", json={"owner_id": owner})

            assert refusal(told) == refusal(given) == FORBIDDEN


async def test_who_deletes_another_ones_story_deletes_nothing(
    ann: Teller, stranger: httpx.AsyncClient, rest: Rest
) -> None:
    """Nor its video; its owner does both at once."""
    await stranger.delete(f"/stories?id=eq.{ann.story}")
    async with rest.user(ann.user) as api:
        assert len((await api.get("/story_videos")).json()) == 1
        await api.delete(f"/stories?id=eq.{ann.story}")
        assert (await api.get("/story_videos")).json() == []


async def test_the_video_of_a_story_that_was_given_away_is_the_new_owners(
    rest: Rest, ann: Teller, project: Project
) -> None:
    """By the app, which may; who told it sees it no more."""
    bob = uuid4()
    with psycopg.connect(project.url()) as owner:
        owner.execute("update public.stories set owner_id = %s where id = %s", [bob, ann.story])

    for user, sees in ((ann.user, 0), (bob, 1)):
        async with rest.user(user) as api:
            assert len((await api.get("/story_videos")).json()) == sees
