"""What is told to whom when videos change: in a project whose Realtime is a stand-in, and where there is none."""

from collections.abc import Iterator
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.supabase.hosted import OWNER, REALTIME, Project

postgres15 = pytest.mark.needs("postgres15")
_MOST = 20  # messages to one owner from one statement


class Life:
    """A project's owner in a transaction that is rolled back, and the warnings it is told."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self.warnings: list[str] = []
        connection.add_notice_handler(self._hear)

    def _hear(self, said: psycopg.errors.Diagnostic) -> None:
        if said.severity == "WARNING":
            self.warnings.append(said.message_primary or "")

    def rows(self, query: LiteralString, *arguments: object) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(query, arguments)
        return [] if cursor.description is None else cursor.fetchall()

    def as_superuser(self, script: str) -> None:
        """What only Supabase itself may do on a hosted project."""
        self._connection.execute("set local session authorization postgres")
        self._connection.execute(script.encode())
        self._connection.execute("set local session authorization default")
        self._connection.execute(f"set local session authorization {OWNER}".encode())

    def stories(self, user: UUID | None, count: int = 1) -> None:
        self.rows(
            "insert into public.stories (text, owner_id) select 'A whale', %s from generate_series(1, %s)",
            user,
            count,
        )

    def told(self, user: UUID) -> list[dict[str, Any]]:
        """The messages on the user's topic, in no order."""
        found = self.rows(
            "select payload from realtime.messages where private and topic = %s", f"storyreel:videos:{user}"
        )
        return [payload for (payload,) in found]

    def missing(self) -> list[str]:
        return [sentence for (sentence,) in self.rows("select * from storyreel.install_broadcasts()")]


@pytest.fixture
def life(project: Project) -> Iterator[Life]:
    # A superuser who has become the owner, so that a test may be Supabase for a moment, in the same transaction.
    with psycopg.connect(project.url("postgres")) as connection:
        connection.execute(f"set local session authorization {OWNER}".encode())
        yield Life(connection)
        connection.rollback()


@postgres15
def test_a_message_carries_what_the_api_shows_the_owner(life: Life) -> None:
    """Every column of the view but the progress, with its addresses."""
    user = uuid4()
    life.rows(
        "insert into storyreel.buckets (name, public_base_url) values ('clips', 'https://cdn.example/clips')"
    )
    life.stories(user)
    life.rows("""
        update storyreel.videos set shows = 'final', shown_revision = 1, bucket = 'clips',
          path = 'v.mp4', poster_path = 'p.jpg', preview_path = 'w.webp'""")

    (message,) = life.told(user)
    ((shown,),) = life.rows("select to_jsonb(v) - 'progress' from public.story_videos v where owner_id = %s", user)
    for stamp in ("created_at", "updated_at"):
        assert message["record"][stamp].endswith("+00:00")
        message["record"].pop(stamp), shown.pop(stamp)

    assert message["record"] == shown
    assert shown["url"] == "https://cdn.example/clips/v.mp4"
    assert (message["operation"], message["schema"], message["table"]) == ("UPDATE", "public", "story_videos")


@postgres15
def test_who_loses_a_video_learns_nothing_of_whose_it_is(life: Life) -> None:
    """Only that it is gone, and which story's it was."""
    ann, bob = uuid4(), uuid4()
    life.stories(ann)
    life.rows("update public.stories set owner_id = %s where owner_id = %s", bob, ann)

    (gone,) = life.told(ann)

    assert gone["operation"] == "DELETE"
    assert gone["record"] is None
    assert set(gone["old_record"]) == {"id", "source_table", "source_id"}
    assert [(new["operation"], new["old_record"]) for new in life.told(bob)] == [("INSERT", None)]


@postgres15
def test_much_at_once_is_told_once(life: Life) -> None:
    """Realtime drops what is too much for a second: who is concerned is told to read again; nobody else is."""
    busy, calm = uuid4(), uuid4()
    life.stories(busy, _MOST + 1)
    life.stories(calm, _MOST)
    life.stories(None)
    life.rows("update storyreel.videos set work = 'held', reason = 'budget', message = 'Later.'")
    life.rows("update storyreel.videos set updated_at = now() + interval '1 second'")

    assert [(news["operation"], news["record"]) for news in life.told(busy)] == [("REFETCH", None)]
    assert [news["operation"] for news in life.told(calm)] == ["UPDATE"] * _MOST
    assert life.rows("select count(distinct topic) from realtime.messages") == [(2,)]


@postgres15
def test_realtime_may_go_and_come(life: Life) -> None:
    """The app's statements never fail; what is missing is said, and made up for by calling again."""
    user = uuid4()
    life.stories(user, 2)

    life.as_superuser("drop schema realtime cascade")
    life.rows("delete from public.stories where id = (select id from public.stories limit 1)")
    (warning,) = life.warnings
    (sentence,) = life.missing()
    life.as_superuser(REALTIME.read_text())
    again = [life.missing(), life.missing()]
    life.rows("delete from public.stories")

    assert "could not broadcast" in warning
    assert "no realtime.send" in sentence
    assert again == [[], []]
    assert [news["operation"] for news in life.told(user)] == ["DELETE"]


@postgres15
def test_a_lock_of_realtimes_is_waited_for_once(life: Life, project: Project) -> None:
    """A second, here less; not for each message."""
    for _ in range(3):
        life.stories(uuid4())
    life.rows("alter function storyreel.on_videos_deleted set lock_timeout = '10ms'")
    with psycopg.connect(project.url("postgres")) as realtime:
        realtime.execute("lock table realtime.messages")
        life.rows("delete from public.stories")

    (warning,) = life.warnings
    assert warning.endswith("canceling statement due to lock timeout")
    assert life.rows("select from public.stories") == []


@postgres15
def test_who_may_not_make_the_policy_is_told(life: Life) -> None:
    """What is broadcast then reaches nobody, which is no reason to broadcast nothing."""
    user = uuid4()
    life.as_superuser(f"""
        drop policy storyreel_owners_listen on realtime.messages;
        drop policy storyreel_owners_only on realtime.messages;
        revoke supabase_realtime_admin from {OWNER};
        drop trigger videos_updated on storyreel.videos""")
    (sentence,) = life.missing()
    life.stories(user)
    life.rows("update storyreel.videos set theme = 'ocean'")

    assert sentence.endswith("must be owner of table messages")
    assert len(life.told(user)) == 1


@postgres15
def test_a_worker_may_ask_what_is_missing(project: Project) -> None:
    """Though it has no way into Realtime's schema: `storyreel doctor` asks as one."""
    with psycopg.connect(project.url("storyreel")) as worker:
        assert worker.execute("select storyreel.missing_broadcasts()").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute("select from realtime.messages")


@postgres15
def test_policies_of_the_app_open_no_topic_of_ours(life: Life) -> None:
    """However freely they were meant; its own topics stay as open as it wants them."""
    ann, bob = uuid4(), uuid4()
    life.as_superuser(
        "create policy careless on realtime.messages to authenticated using (true) with check (true)"
    )
    life.stories(ann)
    life.rows("update storyreel.videos set theme = 'ocean'")
    life.rows("select realtime.send('{}', 'said', 'room', true)")
    life.rows("select set_config('request.jwt.claims', jsonb_build_object('sub', %s::text)::text, true)", bob)
    life.rows("set local role authenticated")
    life.rows("select realtime.send('{}', 'said', %s, true)", f"storyreel:videos:{ann}")
    life.rows("select realtime.send('{}', 'said', 'room', true)")

    assert life.rows("select topic from realtime.messages") == [("room",), ("room",)]
    (warning,) = life.warnings
    assert 'violates row-level security policy "storyreel_owners_only"' in warning


@postgres15
def test_postgres_changes_carry_no_more_than_they_must(life: Life) -> None:
    """The new row to whoever may read it; of the old one, and of deleted ones, the id alone."""
    ((identity,),) = life.rows("select relreplident::text from pg_class where oid = 'storyreel.videos'::regclass")
    published = life.rows("""
        select p.pubinsert, p.pubupdate, p.pubdelete, t.attnames is not null and t.rowfilter is null
        from pg_publication p join pg_publication_tables t using (pubname)
        where pubname = 'supabase_realtime' and schemaname = 'storyreel'""")
    hidden = life.rows("""
        select attname from pg_attribute where attrelid = 'storyreel.videos'::regclass and attnum > 0
        and not has_column_privilege('authenticated', attrelid, attnum, 'select')""")

    assert (identity, published, hidden) == ("d", [(True, True, True, True)], [])  # d: the primary key


async def test_plain_postgres_says_what_is_left_out(owner: psycopg.AsyncConnection, warnings: list[str]) -> None:
    """And pays nothing for it: no trigger stands on videos."""
    said = await (await owner.execute("select * from storyreel.install_broadcasts()")).fetchall()
    triggers = await owner.execute(
        "select tgname from pg_trigger where tgrelid = 'storyreel.videos'::regclass"
        " and tgname in ('videos_updated', 'videos_deleted')"
    )

    assert [sentence.partition(":")[0] for (sentence,) in said] == ["Changes of videos are not broadcast"]
    assert await triggers.fetchall() == []
    assert warnings == []
