"""Hearing of a change of state the moment it is committed: a trigger of the test's own notifies it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg

from tests.end_to_end.conftest import Stack

MOMENTS = {
    "admitted": ("renders", "new.status = 'admitted'"),
    "submitted": ("renders", "new.status = 'submitted'"),
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


@asynccontextmanager
async def hearing(stack: Stack, moment: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Within the block, the given function waits until some row reaches the moment."""
    table, condition = MOMENTS[moment]
    async with await psycopg.AsyncConnection.connect(stack.info.owner_url, autocommit=True) as ear:
        await ear.execute("listen test")
        await ear.execute(_TELL)
        await ear.execute(_ON.format(table=table, condition=condition, moment=moment))

        async def wait() -> None:
            async with asyncio.timeout(30):
                async for _ in ear.notifies():
                    return

        try:
            yield wait
        finally:
            await ear.execute("unlisten test")
            await ear.execute(f"drop trigger tell_test on storyreel.{table}")
