"""Which files of a private bucket a user may sign addresses of: those of their own videos, and the placeholders.

Supabase Storage asks as the user for the file's row in storage.objects; here a table of that shape stands in its
place (storage.sql), and the queries are those that Storage makes of it. Storage itself is not run.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from local.postgres import EmbeddedPostgres
from storage.migrate import migrate, ours
from tests.conftest import BOOTSTRAP, ROOT

STORAGE = ROOT / "tests" / "supabase" / "storage.sql"
FILES = ("video.mp4", "poster.jpg", "preview.webp")
FIND = "select id from storage.objects where bucket_id = %s and name = %s"
LIST = "select name from storage.objects where bucket_id = %s order by name"
_numbers = count(1)


@pytest.fixture(scope="module")
def template(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A migrated project with Storage."""
    name = "with_storage"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with psycopg.connect(postgres.url(database=name), autocommit=True) as connection:
        connection.execute(BOOTSTRAP.read_text().encode())
        connection.execute(STORAGE.read_text().encode())
    migrate(postgres.url(database=name))
    yield name
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
async def project(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """A copy of it, as its owner."""
    name, copied = sql.Identifier(f"storage_{next(_numbers)}"), sql.Identifier(template)
    async with await psycopg.AsyncConnection.connect(postgres.url(), autocommit=True) as admin:
        await admin.execute(sql.SQL("create database {} template {}").format(name, copied))
        url = postgres.url(database=name.as_string().strip('"'))
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            yield connection
        await admin.execute(sql.SQL("drop database {} with (force)").format(name))


@asynccontextmanager
async def acting_as(project: psycopg.AsyncConnection, role: str, user: UUID | None) -> AsyncIterator[None]:
    """A request as Storage makes it: a transaction with the role and the token's claims."""
    async with project.transaction():
        claims = Jsonb({"role": role} | ({"sub": str(user)} if user else {}))
        await project.execute("select set_config('request.jwt.claims', %s::text, true)", [claims])
        await project.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        yield


async def video(
    project: psycopg.AsyncConnection, owner: UUID | None, *, bucket: str = "videos", shows: str = "final"
) -> str:
    """A video with its three files, and the folder that they lie in."""
    folder = f"renditions/{uuid4()}"
    paths = [f"{folder}/{file}" for file in FILES]
    await project.execute(
        "insert into storyreel.videos (source_table, source_id, owner_id, theme, shows, shown_revision, work,"
        " bucket, path, poster_path, preview_path)"
        " values ('public.x', %s, %s, 'dream', %s, 1, 'idle', %s, %s, %s, %s)",
        [folder, owner, shows, bucket, *paths],
    )
    for path in paths:
        await project.execute("insert into storage.objects (bucket_id, name) values (%s, %s)", [bucket, path])
    return folder


async def seen(project: psycopg.AsyncConnection, user: UUID | None, role: str = "authenticated") -> set[str]:
    """Every file that the user could sign."""
    async with acting_as(project, role, user):
        rows = await (await project.execute("select name from storage.objects")).fetchall()
    return {name for (name,) in rows}


async def finds(project: psycopg.AsyncConnection, user: UUID, bucket: str, name: str) -> bool:
    """Storage's own question before it signs."""
    async with acting_as(project, "authenticated", user):
        return await (await project.execute(FIND, [bucket, name])).fetchone() is not None


async def test_a_user_signs_the_files_of_their_own_videos(project: psycopg.AsyncConnection) -> None:
    """The clip, its poster and its preview; of nobody else's, and of no video without an owner."""
    ann, bob = uuid4(), uuid4()
    hers, his, nobodys = [await video(project, owner) for owner in (ann, bob, None)]

    assert await seen(project, ann) == {f"{hers}/{file}" for file in FILES}
    assert await seen(project, bob) == {f"{his}/{file}" for file in FILES}
    for file in FILES:
        assert await finds(project, ann, "videos", f"{hers}/{file}")
        assert not await finds(project, ann, "videos", f"{his}/{file}")
        assert not await finds(project, ann, "videos", f"{nobodys}/{file}")


async def test_no_other_file_of_the_bucket_is_shown(project: psycopg.AsyncConnection) -> None:
    """Neither an original, nor what the video showed before, nor a file of that name in another bucket."""
    ann = uuid4()
    folder = await video(project, ann)
    for bucket, name in (
        ("videos", f"{folder}/original.mp4"),
        ("videos", "takes/1/original.mp4"),
        ("avatars", f"{folder}/video.mp4"),
        ("avatars", "bob.png"),
    ):
        await project.execute("insert into storage.objects (bucket_id, name) values (%s, %s)", [bucket, name])

    async with acting_as(project, "authenticated", ann):
        rows = await (await project.execute("select bucket_id, name from storage.objects")).fetchall()

    assert set(rows) == {("videos", f"{folder}/{file}") for file in FILES}


async def test_every_user_signs_the_placeholders(project: psycopg.AsyncConnection) -> None:
    """What a story may begin with, whether or not one of theirs does; not what else lies beside them."""
    await project.execute(
        "insert into storyreel.placeholders values"
        " ('dream', 'square', 1, '', 'videos', 'p/loop.mp4', 'p/loop.jpg', 'p/loop.webp', 'x', 512, 512)"
    )
    for name in ("p/loop.mp4", "p/loop.jpg", "p/loop.webp", "p/other.mp4"):
        await project.execute("insert into storage.objects (bucket_id, name) values ('videos', %s)", [name])

    assert await seen(project, uuid4()) == {"p/loop.mp4", "p/loop.jpg", "p/loop.webp"}


async def test_a_visitor_signs_nothing(project: psycopg.AsyncConnection) -> None:
    """Nor does a token that names nobody."""
    await video(project, None)
    await video(project, uuid4())

    assert await seen(project, None) == set()
    assert await seen(project, uuid4(), role="anon") == set()


async def test_a_user_may_only_look(project: psycopg.AsyncConnection) -> None:
    """At their own files: none is added, changed or removed by this policy."""
    ann = uuid4()
    folder = await video(project, ann)

    async with acting_as(project, "authenticated", ann):
        changed = await project.execute("update storage.objects set name = 'x'")
        removed = await project.execute("delete from storage.objects")
        assert (changed.rowcount, removed.rowcount) == (0, 0)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with acting_as(project, "authenticated", ann):
            await project.execute(
                "insert into storage.objects (bucket_id, name) values ('videos', %s)", [f"{folder}/video.mp4"]
            )


async def test_a_policy_of_the_apps_own_goes_on(project: psycopg.AsyncConnection) -> None:
    """Its users see the files that it gives them, beside those of their videos."""
    ann = uuid4()
    folder = await video(project, ann)
    await project.execute("insert into storage.objects (bucket_id, name) values ('avatars', 'ann.png')")
    await project.execute(
        "create policy avatars on storage.objects for select to authenticated using (bucket_id = 'avatars')"
    )

    assert await seen(project, ann) == {"ann.png", *(f"{folder}/{file}" for file in FILES)}


async def test_the_view_tells_where_the_files_are(project: psycopg.AsyncConnection) -> None:
    """In a private bucket they have no address, but a bucket and paths to sign; in a public one, both."""
    ann = uuid4()
    await project.execute(
        "insert into storyreel.buckets values"
        " ('videos', 'https://x/storage/v1/object/sign/videos', false), ('shop', 'https://cdn.example/shop', true)"
    )
    private, public = await video(project, ann), await video(project, ann, bucket="shop")

    async with acting_as(project, "authenticated", ann):
        rows = await (
            await project.execute(
                "select url, poster_url, preview_url, bucket, path, poster_path, preview_path"
                " from public.story_videos order by bucket desc"
            )
        ).fetchall()

    assert rows == [
        (None, None, None, "videos", *(f"{private}/{file}" for file in FILES)),
        (
            *(f"https://cdn.example/shop/{public}/{file}" for file in FILES),
            "shop",
            *(f"{public}/{f}" for f in FILES),
        ),
    ]


async def test_signing_reads_no_table_from_end_to_end(project: psycopg.AsyncConnection) -> None:
    """Storage's question and a listing of thousands: the user's videos by their index, once for the query."""
    ann = uuid4()
    await project.execute(
        "insert into storyreel.videos (source_table, source_id, owner_id, theme, shows, shown_revision, work,"
        " bucket, path, poster_path, preview_path)"
        " select 'public.x', n::text, case when n %% 2000 = 0 then %s::uuid else gen_random_uuid() end, 'dream',"
        "        'final', 1, 'idle', 'videos', n || '/v', n || '/p', n || '/w' from generate_series(1, 20000) n",
        [ann],
    )
    await project.execute(
        "insert into storage.objects (bucket_id, name) select v.bucket, v.path from storyreel.videos v"
    )
    await project.execute("analyze storyreel.videos, storage.objects")

    async def plan(question: str, *arguments: str) -> str:
        async with acting_as(project, "authenticated", ann):
            explained = await project.execute(f"explain (analyze, costs off) {question}".encode(), arguments)
            return "\n".join(line for (line,) in await explained.fetchall())

    found, listed = await plan(FIND, "videos", "2000/v"), await plan(LIST, "videos")

    assert "rows=1." in found.splitlines()[0]
    assert "using bucketid_objname" in found
    assert "rows=10." in next(line for line in listed.splitlines() if "on objects" in line)
    for each in (found, listed):
        assert "videos_owner" in each
        assert "Seq Scan on videos" not in each
        assert "hashed SubPlan" in each
        assert all("loops=1)" in line for line in each.splitlines() if "videos_owner" in line)


async def test_without_the_right_to_make_policies_the_migration_goes_on(project: psycopg.AsyncConnection) -> None:
    """And says what is missing: nobody signs anything themselves then, and all else works."""
    heard: list[str] = []
    project.add_notice_handler(lambda told: heard.append(f"{told.severity}: {told.message_primary}"))
    statement = next(each.text for each in ours() if each.name == "create_story_videos_view").rpartition(
        "\ndo $$"
    )[2]
    await project.execute("drop policy storyreel_users_read on storage.objects")
    async with project.transaction():
        await project.execute("set local role service_role")
        await project.execute(f"do $${statement}".encode())

    (warning,) = [each for each in heard if each.startswith("WARNING")]
    assert "users of the app cannot sign addresses of files in a private bucket: must be owner of" in warning
    ann = uuid4()
    await video(project, ann)
    assert await seen(project, ann) == set()
