"""An app inserts a story and, in the same transaction, has a video: one per row, whatever the text."""

from uuid import uuid4

import psycopg
import pytest

from pipeline.prompts import MAX_STORY_CHARS
from tests.storage.world import World

OCEAN = """
    insert into storyreel.themes values ('ocean');
    insert into storyreel.languages values ('english');
    insert into storyreel.theme_words (language, lexeme, theme, weight) values ('english', 'whale', 'ocean', 3)
"""
PLACEHOLDER = """
    insert into storyreel.placeholders
      (theme, shape, variant, bucket, path, poster_path, preview_path, blurhash, width, height)
    select theme, 'square', variant, 'videos', theme || variant || '.mp4', 'p.jpg', 'p.webp', 'LEHV', 512, 512
    from unnest(%s::text[]) theme, generate_series(1, %s) variant
"""


@pytest.fixture
async def ocean(world: World) -> None:
    """A theme beside the neutral one, and a word that calls for it."""
    await world.owner.execute(OCEAN)


async def test_a_story_has_a_video_and_a_first_revision(world: World) -> None:
    """One insert makes one video that works on one revision, which holds the text."""
    story = await world.story("A whale swims")

    video = await world.one(
        "select id, source_table, source_id, shows, shown_revision, work from storyreel.videos"
    )
    revision = await world.one(
        "select video_id, number, kind, story, model, seed, planned_at from storyreel.revisions"
    )
    assert video[1:] == ("public.stories", story, "placeholder", 0, "working")
    assert revision == (video[0], 1, "first", "A whale swims", None, None, None)


async def test_two_thousand_rows_make_two_thousand_videos_and_one_hint(world: World) -> None:
    """One statement, one trigger call, one job: the app's commit notifies once."""
    await world.owner.execute(
        "insert into public.stories (text) select 'Fox ' || n from generate_series(1, 2000) n"
    )

    assert await world.one("select count(*), count(distinct source_id) from storyreel.videos") == (2000, 2000)
    assert await world.one("select count(*) from storyreel.revisions") == (2000,)
    pairs = await world.one("""
        select count(*) from public.stories s
          join storyreel.videos v on v.source_id = s.id::text
          join storyreel.revisions r on r.video_id = v.id and r.story = s.text""")
    assert pairs == (2000,)
    assert await world.jobs("plan") == 1


async def test_a_hint_that_waits_is_not_given_again(world: World) -> None:
    """Ten inserts one after the other leave one job; once it has been taken, the next insert makes another."""
    for _ in range(10):
        await world.story()
    assert await world.jobs("plan") == 1

    await world.owner.execute("update procrastinate.procrastinate_jobs set status = 'doing'")
    await world.story()

    assert await world.jobs("plan") == 1


async def test_the_same_row_again_changes_nothing(world: World) -> None:
    """An upsert of a story that is there, and an insert that conflicts, leave video and revision as they were."""
    story = await world.story("A whale")
    before = await world.rows("select * from storyreel.videos")
    await world.forget_jobs()

    await world.owner.execute(
        "insert into public.stories (id, text) values (%s, 'Two') on conflict (id) do update set text = 'Two'",
        [story],
    )
    await world.owner.execute(
        "insert into public.stories (id, text) values (%s, 'Three') on conflict do nothing", [story]
    )

    assert await world.rows("select * from storyreel.videos") == before
    assert await world.rows("select number, story from storyreel.revisions") == [(1, "A whale")]
    assert await world.jobs("plan") == 0


async def test_an_upsert_of_old_and_new_rows_makes_videos_of_the_new(world: World) -> None:
    """A statement that inserts one row and updates another makes one further video."""
    story = await world.story()

    await world.owner.execute(
        "insert into public.stories (id, text) values (%s, 'old'), (%s, 'new')"
        " on conflict (id) do update set text = excluded.text",
        [story, uuid4()],
    )

    assert await world.one("select count(*) from storyreel.videos") == (2,)


async def test_a_row_deleted_and_inserted_again_is_a_new_story(world: World) -> None:
    """The old video is gone with the old row, so the new row of the same key gets one of its own."""
    story = await world.story("Old")
    await world.owner.execute("delete from public.stories")

    await world.owner.execute("insert into public.stories (id, text) values (%s, 'New')", [story])

    assert await world.rows("select story from storyreel.revisions") == [("New",)]


async def test_a_rolled_back_insert_leaves_nothing(world: World) -> None:
    """No video, no revision and no job of a story that never was."""
    async with world.owner.transaction(force_rollback=True):
        await world.story()

    assert await world.one("select count(*) from storyreel.videos") == (0,)
    assert await world.one("select count(*) from storyreel.revisions") == (0,)
    assert await world.jobs("plan") == 0


TEXTS = {
    "empty": "",
    "blank": "   ",
    "emoji": "\U0001f433" * 5000,
    "right to left": "قصة عن حوت \u202e",
    "control characters": "a\x01b\x7f",
    "1 MB of words": "word " * 210_000,
    "1 MB in one word": "x" * 1_048_576,
    "only an address": "https://example.com/a",
    "SQL": "'); drop table public.stories; --",
}


async def test_any_text_is_stored_and_has_a_video(world: World, warnings: list[str]) -> None:
    """The app's insert goes through without a warning, and the revision keeps what planning needs of the text."""
    for name, text in TEXTS.items():
        story = await world.story(text)

        stored = await world.one(
            "select s.text = %s, v.work, r.story = %s from public.stories s"
            " join storyreel.videos v on v.source_id = s.id::text join storyreel.revisions r on r.video_id = v.id"
            " where s.id = %s",
            text, text[: MAX_STORY_CHARS + 1], story,
        )  # fmt: skip
        assert stored == (True, "working", True), name
    assert warnings == []


async def test_a_text_that_is_too_long_is_still_seen_to_be(world: World) -> None:
    """What is kept of a long story is longer than any story that is accepted."""
    await world.story("x" * (MAX_STORY_CHARS * 3))

    (revision,) = await world.claim()

    assert len(revision.story) > MAX_STORY_CHARS


async def test_a_null_text_is_a_blank_story(world: World, warnings: list[str]) -> None:
    """A table whose text may be null has a video for such a row too; planning rejects it as blank."""
    await world.owner.execute("alter table public.stories alter text drop not null")

    await world.owner.execute("insert into public.stories (text) values (null)")

    assert await world.rows("select story from storyreel.revisions") == [("",)]
    assert warnings == []


async def test_the_owner_is_carried_over(world: World) -> None:
    """The video belongs to whom the story belongs to, and to nobody where the story does."""
    user = uuid4()

    await world.owner.execute("insert into public.stories (text, owner_id) values ('a', %s), ('b', null)", [user])

    assert set(await world.rows(
        "select s.text, v.owner_id from storyreel.videos v join public.stories s on s.id::text = v.source_id"
    )) == {("a", user), ("b", None)}  # fmt: skip


@pytest.mark.usefixtures("ocean")
async def test_the_placeholder_is_of_the_storys_theme(world: World) -> None:
    """A story about whales starts with an ocean loop, one about nothing we know with the neutral one."""
    await world.owner.execute(PLACEHOLDER, [["ocean", "dream"], 1])

    whale, nothing = await world.story("Whales and dolphins"), await world.story("Quarterly report")

    played = dict(await world.rows("select source_id, (theme, path)::text from storyreel.videos"))
    assert played == {whale: "(ocean,ocean1.mp4)", nothing: "(dream,dream1.mp4)"}


@pytest.mark.usefixtures("ocean")
async def test_a_theme_without_loops_shows_the_neutral_one(world: World) -> None:
    """Something plays even where the theme's own loops were never published."""
    await world.owner.execute(PLACEHOLDER, [["dream"], 1])

    await world.story("Whales and dolphins")

    assert await world.one("select theme, path from storyreel.videos") == ("ocean", "dream1.mp4")


@pytest.mark.usefixtures("ocean")
async def test_the_variant_follows_from_the_storys_id(world: World) -> None:
    """The same id always has the same variant, and different ids do not all have the same."""
    await world.owner.execute(PLACEHOLDER, [["ocean"], 4])
    insert = (
        "insert into public.stories (id, text) select md5(n::text)::uuid, 'whale' from generate_series(1, 40) n"
    )

    await world.owner.execute(insert)
    first = dict(await world.rows("select source_id, path from storyreel.videos"))
    await world.owner.execute("delete from public.stories")
    await world.owner.execute(insert)

    assert dict(await world.rows("select source_id, path from storyreel.videos")) == first
    assert len(set(first.values())) == 4


async def test_concurrent_inserts_do_not_wait_for_each_other(world: World, app: psycopg.AsyncConnection) -> None:
    """An app's open transaction holds nothing that another app's insert needs."""
    async with world.holding("insert into public.stories (text) values ('one')"):
        await app.execute("set lock_timeout = '2s'")
        await app.execute("insert into public.stories (text) values ('two')")

    assert await world.one("select count(*) from storyreel.videos") == (2,)
