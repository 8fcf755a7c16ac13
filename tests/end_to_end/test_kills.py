"""A process that is killed at any moment costs nobody their video.

The database itself says when to kill: a trigger notifies each change of state, and the signal goes out the moment
it is heard.
"""

import asyncio

import psycopg
import pytest

from tests.end_to_end.conftest import Stack

MOMENTS = {
    "planned": ("revisions", "new.planned_at is not null"),
    "admitted": ("renders", "new.status = 'admitted'"),
    "submitted": ("renders", "new.status = 'submitted'"),
    "fetching": ("takes", "new.status = 'fetching' and new.attempt > 0"),
    "finishing": ("takes", "new.status = 'finishing' and new.tries > 0"),
}
_TELL = """
create or replace function public.tell_test() returns trigger language plpgsql as
$$ begin perform pg_notify('test', tg_argv[0]); return null; end $$;
"""
_ON = """
create trigger tell_test after update on storyreel.{table} for each row when ({condition})
execute function public.tell_test('{moment}')
"""


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("victim", ["worker", "functions"])
async def test_a_kill_at_any_moment_ends_in_a_ready_video(stack: Stack, victim: str, moment: str) -> None:
    """Killed at the moment named and started again, the story still ends in its clip, paid twice at most."""
    table, condition = MOMENTS[moment]
    text = f"A fox is killed never, says the {victim} when {moment}"
    async with await psycopg.AsyncConnection.connect(stack.info.owner_url, autocommit=True) as ear:
        await ear.execute("listen test")
        await ear.execute(_TELL)
        await ear.execute(_ON.format(table=table, condition=condition, moment=moment))
        try:
            story = await stack.insert(text)
            async with asyncio.timeout(30):
                async for _ in ear.notifies():
                    stack.kill(victim)
                    break
        finally:
            await stack.owner.execute(f"drop trigger tell_test on storyreel.{table}")

    video = await stack.end_of(story)

    assert video["work"] == "idle", video
    assert video["shows"] == "final"
    paid = [prompt for prompt in await stack.submits() if text in prompt]
    assert len(paid) == 1 if moment != "admitted" else 1 <= len(paid) <= 2


async def test_postgres_may_restart_under_everyone(stack: Stack) -> None:
    """Worker and functions outlive a restart of the database, and what was under way goes on."""
    from local.postgres import EmbeddedPostgres  # noqa: PLC0415 - only this test reaches under the stack

    story = await stack.insert("A lighthouse outlives the storm")
    server = EmbeddedPostgres(stack.folder / "postgres")
    server.kill()
    await asyncio.to_thread(server.start)
    async with await psycopg.AsyncConnection.connect(stack.info.owner_url, autocommit=True) as owner:
        again = Stack(stack.folder, stack.info, stack.children, owner)
        later = await again.insert("A second lighthouse is lit")

        assert (await again.end_of(story))["work"] == "idle"
        assert (await again.end_of(later))["work"] == "idle"
