"""What it costs to look for files that nobody needs, where there are many: a few rows, however many."""

from storage.database import Database
from storage.sweep import PostgresSweep
from storage.takes import PostgresTakes
from tests.conftest import DatabaseUrls
from tests.storage.leftovers import BUCKET, KEEP
from tests.storage.world import World

MANY_FILES = [
    """
    insert into storyreel.takes
      (id, take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at, status, render_id,
       clip_url, delivered_at, bucket, original_path, original_sha256, fetched_at, rendition_key, ready_at)
    select md5(n::text)::uuid, 'k' || n, 'lightning', '{}', 'p', 'n', 1, true, now(), 'ready', gen_random_uuid(),
      'u', now(), 'videos', 'original' || n, 's' || n, now(), 'r' || n, now() from generate_series(1, 50000) n
    """,
    """
    insert into storyreel.renditions
      (rendition_key, kind, bucket, path, content_type, bytes, width, height, blurhash, created_at)
    select 'r' || n, kind, 'videos', kind || n, 't', 1, 1, 1, case kind when 'poster' then 'b' end, now()
    from generate_series(1, 50000) n cross join unnest(array['video', 'poster', 'preview']) as kind
    """,
    """
    insert into storyreel.videos
      (id, source_table, source_id, theme, shows, shown_revision, bucket, path, work)
    select md5(n::text)::uuid, 'public.stories', n::text, 'dream', 'final', 1, 'videos', 'video' || n, 'idle'
    from generate_series(2, 50000, 2) n
    """,
    """
    insert into storyreel.revisions
      (id, video_id, number, kind, story, priority, preview, rendition_key, due_at, planned_at)
    select id, id, 1, 'first', 's', 10, true, 'r' || source_id, null, now() from storyreel.videos
    """,
    "insert into storyreel.shots (revision_id, number, take_id) select id, 1, id from storyreel.revisions",
    """
    insert into storyreel.objects (bucket, path, due_at, unused_since)
    select 'videos', kind || n, now() - n * interval '1 ms', now() - interval '30 days'
    from generate_series(1, 50000) n cross join unnest(array['original', 'video', 'poster', 'preview']) as kind
    """,
    "analyze",
]
NEEDED_AGAIN = b"""
    insert into storyreel.shots (revision_id, number, take_id) values (md5('2')::uuid, 2, md5('3')::uuid)
"""
SCANNED = """
    select relname, seq_scan from pg_stat_user_tables
    where schemaname = 'storyreel' and relname in
      ('objects', 'takes', 'renditions', 'shots', 'revisions', 'videos') order by relname
"""


async def test_two_hundred_thousand_files_cost_a_few_rows(world: World, database_urls: DatabaseUrls) -> None:
    """No table is scanned, as counted by Postgres: not by looking, locking, removing, nor by whoever needs one."""
    for statement in MANY_FILES:
        await world.owner.execute(statement)
    now = world.clock()

    async with Database(database_urls.worker, connections=1) as one:

        async def scanned() -> list[tuple[object, ...]]:
            async with one.transaction() as tx:
                await tx.run(b"select pg_stat_force_next_flush()", {})
            return await world.rows(SCANNED)

        before = await scanned()
        marked = await PostgresSweep(one).remove_unused(BUCKET, now=now, before=now - KEEP, limit=500)
        await PostgresSweep(one).removed(BUCKET, marked, marked_at=now)
        await PostgresTakes(one).note_files(BUCKET, ["original1"], now=now)
        async with one.transaction() as tx:
            await tx.run(NEEDED_AGAIN, {})
        assert await scanned() == before

    assert len(before) == 6
    assert len(marked) == 248
    assert await world.one("select count(*) from storyreel.objects") == (200_000 - 248,)
    assert await world.one("select count(*) from storyreel.objects where unused_since is null") == (252 + 1 + 4,)
