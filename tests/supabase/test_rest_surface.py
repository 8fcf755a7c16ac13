"""What the API shows of us at all: one view. And where our schema is exposed, what is closed stays closed."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.supabase.hosted import Project
from tests.supabase.rest import Rest, serving

pytestmark = [pytest.mark.needs("postgres15"), pytest.mark.needs("postgrest")]

FUNCTIONS: dict[str, dict[str, Any]] = {
    "attach": {"story_table": "public.stories", "text_column": "text"},
    "detach": {"story_table": "public.stories"},
    "request_video_of": {"p_table": "public.stories", "p_id": "1"},
    "request_videos": {"p_table": "t", "p_ids": ["1"], "p_texts": ["A whale"], "p_owners": [None]},
    "restore_video": {"p_video": str(uuid4()), "p_now": "2026-11-21T12:00:00Z"},
    "admit": {"p_provider": "fal", "p_now": "2026-11-21T12:00:00Z", "p_lease": "1 minute"},
    "pause": {
        "p_provider": "fal", "p_now": "2026-11-21", "p_until": "infinity", "p_code": "x", "p_message": "x"},
    "texts_of": {"p_table": "public.stories", "p_ids": ["1"]},
    "adopt_missed": {},
    "give_placeholders": {},
    "hint": {"step": "plan"},
}  # fmt: skip


@pytest.fixture(scope="module")
def rest(project: Project) -> Iterator[Rest]:
    """As `supabase/config.toml` says."""
    with serving(project) as served:
        yield served


@pytest.fixture(scope="module")
def exposed(project: Project) -> Iterator[Rest]:
    """As nobody should."""
    with serving(project, schemas="public,storyreel,procrastinate") as served:
        yield served


def callers(rest: Rest) -> dict[str, Any]:
    return {"nobody": rest.called(None), "user": rest.user(), "service_role": rest.role("service_role")}


async def test_the_api_lists_the_view_and_the_apps_own(rest: Rest) -> None:
    """Nothing at all to a visitor; no function and no table of ours to anybody."""
    for name, caller in callers(rest).items():
        async with caller as api:
            described = (await api.get("/")).json()
            listed = {path.strip("/") for path in described["paths"]} - {""}

            assert listed == (set() if name == "nobody" else {"story_videos", "stories"}), name
            assert set(described.get("definitions", {})) == listed


async def test_our_schema_is_not_exposed(rest: Rest) -> None:
    """Neither by its name nor by that of a table or function of it."""
    for caller in callers(rest).values():
        async with caller as api:
            for schema in ("storyreel", "procrastinate", "auth", "supabase_migrations"):
                asked = await api.get("/videos", headers={"Accept-Profile": schema})
                assert (asked.status_code, asked.json()["code"]) == (406, "PGRST106")
            assert (await api.get("/videos")).status_code == 404
            for function, arguments in (FUNCTIONS | {"progress": {"video_id": str(uuid4())}}).items():
                called = await api.post(f"/rpc/{function}", json=arguments)
                assert (called.status_code, called.json()["code"]) == (404, "PGRST202")


async def test_exposed_our_tables_stay_closed(exposed: Rest, project: Project) -> None:
    """All but the videos, of which a user sees their own, and those of the engine."""
    with psycopg.connect(project.url()) as owner:
        names = owner.execute("""
            select relnamespace::regnamespace::text, relname from pg_class
            where relnamespace::regnamespace::text in ('storyreel', 'procrastinate') and relkind in ('r', 'v')
              and relname <> 'videos'""").fetchall()

    assert len(names) > 25
    for name, caller in callers(exposed).items():
        async with caller as api:
            for schema, table in names:
                for response in (
                    await api.get(f"/{table}", headers={"Accept-Profile": schema}),
                    await api.delete(f"/{table}", headers={"Content-Profile": schema}),
                ):
                    assert response.json()["code"] == "42501", (name, table)


async def test_exposed_our_videos_are_their_owners(exposed: Rest) -> None:
    """Each sees one, a visitor none, and nobody writes any."""
    users = [uuid4(), uuid4()]
    for user in users:
        async with exposed.user(user) as api:
            await api.post("/stories", json={"text": "A whale"})

    theirs = {"Accept-Profile": "storyreel", "Content-Profile": "storyreel"}
    for user in users:
        async with exposed.user(user) as api:
            seen = (await api.get("/videos", headers=theirs)).json()
            assert [row["owner_id"] for row in seen] == [str(user)]
            written = await api.patch("/videos?id=not.is.null", headers=theirs, json={"shows": "final"})
            assert written.json()["code"] == "42501"
    async with exposed.called(None) as api:
        assert (await api.get("/videos", headers=theirs)).json()["code"] == "42501"


async def test_exposed_our_functions_stay_closed(exposed: Rest) -> None:
    """To users all but those that the view is made of, which tell nobody of another's video."""
    for name, caller in callers(exposed).items():
        async with caller as api:
            for function, arguments in FUNCTIONS.items():
                called = await _call(api, function, arguments)
                if name == "service_role" and function in {"request_video_of", "restore_video"}:
                    assert called.status_code == 200, function
                else:
                    assert called.json()["code"] == "42501", (name, function)
    async with exposed.user() as api:
        far = await _call(api, "progress", {"video_id": str(uuid4())})
        assert far.json() == 0


async def _call(api: httpx.AsyncClient, function: str, arguments: dict[str, Any]) -> httpx.Response:
    return await api.post(f"/rpc/{function}", json=arguments, headers={"Content-Profile": "storyreel"})
