"""When the database calls `run-jobs`, and when it does not. pg_net and Vault are stand-ins (extensions.sql)."""

from typing import LiteralString

import psycopg
import pytest

from tests.functions.serving import SECRET
from tests.storage.world import World
from tests.supabase.waking.conftest import ENDED, URL
from tests.supabase.waking.pg_net import take

RUN: LiteralString = "11111111-1111-1111-1111-111111111111"
RUN_BEGUN: LiteralString = f"select storyreel.run_goes_on('{RUN}', now() + interval '1 minute')"
RUN_ENDED: LiteralString = f"select storyreel.run_ended('{RUN}')"
RUN_DIED: LiteralString = "update storyreel.waking set under_way_until = now() - interval '1 s'"


async def calls(world: World) -> int:
    """How many were made since the last look."""
    return len(await take(world.owner))


async def test_nobody_is_called_unless_it_is_asked_for(equipped: World) -> None:
    """Extensions that are there are no order."""
    await equipped.story()

    assert await calls(equipped) == 0


async def test_an_insert_calls_run_jobs(waking: World) -> None:
    """With Vault's secret where run-jobs looks for it, asked to answer at once; no trigger holds the secret."""
    await waking.story()

    (call,) = await take(waking.owner)
    assert call.url == URL
    assert call.headers == {"apikey": SECRET, "prefer": "respond-async", "content-type": "application/json"}
    assert call.timeout_milliseconds == 2000
    assert (
        await waking.rows("select from pg_trigger t where pg_get_triggerdef(t.oid) like %s", f"%{SECRET}%") == []
    )


async def test_what_is_rolled_back_calls_nobody(waking: World) -> None:
    """And leaves the way free for what is committed."""
    async with waking.owner.transaction(force_rollback=True):
        await waking.story()
    assert await calls(waking) == 0

    await waking.story()
    assert await calls(waking) == 1


async def test_one_call_is_under_way_at_most(waking: World) -> None:
    """Whatever comes meanwhile is found by it, or by its last look."""
    for _ in range(5):
        await waking.story()
        await waking.forget_jobs()

    assert await calls(waking) == 1


async def test_every_kind_of_job_calls_once_the_last_run_has_ended(waking: World) -> None:
    """Those of a provider's news, too, and several of one transaction once."""
    for hint in ("select storyreel.hint('admit')", "select storyreel.hint('fetch', gen_random_uuid())"):
        await waking.owner.execute(ENDED)
        async with waking.owner.transaction():
            await waking.owner.execute(hint)
            await waking.owner.execute("select storyreel.hint('finish', gen_random_uuid())")

        assert await calls(waking) == 1, hint


async def test_who_is_committed_while_a_run_ends_calls_or_is_seen(waking: World) -> None:
    """The end of a run waits for a commit that saw it under way; so its last look, which follows, sees the job."""
    await waking.owner.execute(RUN_BEGUN)
    async with (
        waking.holding("set constraints all immediate; insert into public.stories (text) values ('A whale')"),
        await psycopg.AsyncConnection.connect(waking.owner.info.dsn, autocommit=True) as run,
    ):
        await run.execute("set lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await run.execute(RUN_ENDED)

    assert await calls(waking) == 0
    assert await waking.jobs("plan") == 1


async def test_an_app_that_takes_its_time_holds_up_no_other(waking: World) -> None:
    """What is looked at for a call is looked at when the app commits, and not before."""
    async with waking.holding("insert into public.stories (text) values ('A whale')"):
        await waking.owner.execute("select from storyreel.waking for update nowait")

    assert await calls(waking) == 1


async def test_a_run_that_died_is_not_waited_for_for_ever(waking: World) -> None:
    """After its time the next job calls again, and so does the clock's tick, with nothing new at all."""
    await waking.story()
    assert await calls(waking) == 1
    await waking.owner.execute(RUN_DIED)
    await waking.owner.execute("select storyreel.call_run_jobs()")
    assert await calls(waking) == 1
    await waking.owner.execute("select storyreel.call_run_jobs()")
    assert await calls(waking) == 0


BREAKS: dict[str, LiteralString] = {
    "pg_net is gone": "drop schema net cascade",
    "Vault is gone": "drop schema vault cascade",
    "another holds the row": "select 1",
}


@pytest.mark.parametrize("broken", BREAKS)
async def test_the_apps_insert_goes_through_whatever_keeps_us_from_calling(
    waking: World, warnings: list[str], broken: str
) -> None:
    """With a WARNING; its video and its job are there."""
    await waking.owner.execute(BREAKS[broken])
    async with waking.holding("select from storyreel.waking for update" if "row" in broken else "select 1"):
        await waking.story()

    assert len(warnings) == 1
    assert await waking.jobs("plan") == 1
    assert await waking.one("select work from storyreel.videos") == ("working",)


async def test_a_secret_that_vault_lost_is_said_where_people_look(waking: World, warnings: list[str]) -> None:
    """Not at every insert of the app's."""
    await waking.owner.execute("delete from vault.secrets")
    await waking.story()

    assert warnings == []
    (fault,) = await waking.one("select fault from storyreel.waking")
    assert "storyreel_run_jobs" in fault


async def test_a_run_keeps_others_from_ending_what_it_has_begun(waking: World) -> None:
    """Two runs may overlap; the one that came later and ends first says nothing of the other."""
    await waking.owner.execute(RUN_BEGUN)
    other = (
        "select storyreel.run_goes_on(%s, now() + interval '1 minute')",
        ["22222222-2222-2222-2222-222222222222"],
    )
    await waking.owner.execute(*other)
    await waking.owner.execute("select storyreel.run_ended(%s)", other[1])
    await waking.story()
    assert await calls(waking) == 0

    await waking.owner.execute(RUN_ENDED)
    await waking.forget_jobs()
    await waking.story()
    assert await calls(waking) == 1


async def test_a_call_that_was_lost_is_made_up_for_by_the_next_story(waking: World) -> None:
    """Where there is no clock; the job still waits, and no further one is given to the engine."""
    await waking.story()
    assert await calls(waking) == 1, "it is lost with this"
    await waking.owner.execute(RUN_DIED)
    await waking.story()
    assert await calls(waking) == 0, "it may still be on its way"
    await waking.owner.execute("update storyreel.waking set called_at = now() - interval '2 minutes'")
    await waking.story()

    assert await calls(waking) == 1
    assert await waking.jobs("plan") == 1


async def test_a_clock_that_was_wrong_keeps_nobody_from_calling(waking: World) -> None:
    """No run says that it goes on for longer than minutes."""
    await waking.owner.execute("update storyreel.waking set under_way_until = now() + interval '1 year'")
    await waking.story()

    assert await calls(waking) == 1


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_an_app_that_reads_as_of_an_earlier_time_calls(
    waking: World, warnings: list[str], level: LiteralString
) -> None:
    """It cannot see whether a run is under way: one that has ended meanwhile is not waited for."""
    await waking.owner.execute(RUN_BEGUN)
    async with await psycopg.AsyncConnection.connect(waking.owner.info.dsn) as app:
        await app.execute("set transaction isolation level " + level)
        await app.execute("select from public.stories")
        await waking.owner.execute(RUN_ENDED)
        await app.execute("insert into public.stories (text) values ('A fox')")
        await app.commit()

    assert await waking.one("select count(*) from storyreel.videos") == (1,)
    assert await calls(waking) == 1
    assert warnings == []


async def test_it_is_refused_where_it_cannot_work(world: World) -> None:
    """Each time with what is missing and what to do; nothing is set up by halves."""
    with pytest.raises(psycopg.errors.UndefinedObject, match="pg_net") as refused:
        await world.owner.execute("select storyreel.wake_by(%s)", [URL])
    assert "create extension" in (refused.value.diag.message_hint or "")
    assert await world.rows("select from storyreel.waking") == []


async def test_it_is_refused_without_a_secret_or_for_another_address(equipped: World) -> None:
    """What stands at the address must be run-jobs: with the secret one does not call others."""
    for url in (
        "https://app.example/functions/v1/generate-video",
        "app.example/run-jobs",
        "https://a/run-jobs?x=1",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            await equipped.owner.execute("select storyreel.wake_by(%s)", [url])
    await equipped.owner.execute("delete from vault.secrets")
    with pytest.raises(psycopg.errors.UndefinedObject, match="no secret") as refused:
        await equipped.owner.execute("select storyreel.wake_by(%s)", [URL])
    assert "vault.create_secret" in (refused.value.diag.message_hint or "")
    assert await equipped.rows("select from storyreel.waking") == []


async def test_it_can_be_ended(waking: World) -> None:
    """Nothing of it is left on the engine's table."""
    await waking.owner.execute("select storyreel.wake_no_more()")
    await waking.story()

    assert await calls(waking) == 0
    assert await waking.rows("select from pg_trigger where tgname = 'storyreel_wake'") == []
