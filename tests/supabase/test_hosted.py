"""All of it as a hosted project has it: an owner that is no superuser, and rights that were given by default.

Nothing here runs on a hosted project itself.
"""

import re
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import Clock, program
from tests.storage.world import World
from tests.supabase.hosted import Project, hosting, making_project, working_on
from tests.supabase.test_rights import acting_as, fetch

SERVERS = [
    pytest.param("postgres15", marks=pytest.mark.needs("postgres15")),
    pytest.param("postgres17", marks=pytest.mark.needs("postgres17")),
    pytest.param("embedded"),
]


@pytest.fixture(params=SERVERS, scope="module")
def project(request: pytest.FixtureRequest) -> Iterator[Project]:
    """On every Postgres that hosted projects have, or will: who may grant what has changed with 16."""
    binaries = None if request.param == "embedded" else program(request.param).parent
    with hosting(binaries) as server, making_project(server) as made:
        yield made


@pytest.fixture
async def world(project: Project, clock: Clock) -> AsyncIterator[World]:
    async with working_on(project, clock) as made:
        yield made


async def test_a_story_becomes_a_video_where_the_owner_is_no_superuser(world: World) -> None:
    """What our functions do as their owner needs no right beyond a hosted owner's."""
    user = uuid4()
    await world.owner.execute("insert into public.stories (text, owner_id) values ('A whale', %s)", [user])
    await world.ready()

    async with acting_as(world.owner, "authenticated", user):
        assert await fetch(world.owner, "select shows, work, progress from public.story_videos") == [
            ("final", "idle", 1)
        ]
    await world.owner.execute("delete from public.stories")
    assert await world.rows("select from storyreel.videos") == []


async def test_what_is_given_by_default_is_taken_back(world: World) -> None:
    """Where a project grants all on what is made in public, the example and the view have their own grants."""
    granted = await world.rows("""
        select c.relname, a.grantee::regrole::text,
               lower(string_agg(a.privilege_type, ' ' order by a.privilege_type))
        from pg_class c cross join lateral aclexplode(c.relacl) a
        where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner group by 1, 2 order by 1, 2""")

    assert granted == [
        ("stories", "authenticated", "delete insert select update"),
        ("stories", "service_role", "delete insert select update"),
        ("story_videos", "authenticated", "select"),
        ("story_videos", "service_role", "select"),
    ]


async def test_a_worker_cannot_read_who_the_users_are(project: Project) -> None:
    """Nor what was applied to the database."""
    async with await psycopg.AsyncConnection.connect(project.url("storyreel"), autocommit=True) as worker:
        for table in (b"auth.users", b"supabase_migrations.schema_migrations"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await worker.execute(b"select from " + table)


async def test_a_users_own_videos_are_found_by_an_index(world: World) -> None:
    """Who asks is found out once, not for every row."""
    user = uuid4()
    await world.owner.execute("set enable_seqscan = off")  # of a few rows it would be quicker
    async with acting_as(world.owner, "authenticated", user):
        lines = await fetch(world.owner, "explain select * from public.story_videos")

    plan = " ".join(str(line) for (line,) in lines)
    assert "InitPlan" in plan
    assert re.search(r"Index Cond: \(owner_id = (\$0|\(InitPlan 1\)\.col1)\)", plan), plan
