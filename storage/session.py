"""Whether a database URL leads to sessions. A worker needs one: notifications reach nobody else.

Behind a pooler that hands out the server's connections by the transaction nothing fails: notifications just never
come. So the pooler is found out by what it does, and not by its port or its name. The functions need no session.
"""

import asyncio

from psycopg import AsyncConnection, OperationalError

from pipeline.errors import BadSetting, StoreUnavailable
from storage.database import CONNECT, Row

_ROUNDS = 3  # others who use the pooler may make one look right by chance
_SECONDS = 10.0  # for all of it; where there is a session it takes milliseconds


async def check_session(url: str) -> None:
    """Raise `BadSetting` where the URL leads through a pooler in transaction mode.

    Raises `StoreUnavailable` where the database does not answer, or not to two connections at the same time.
    """
    try:
        async with (
            asyncio.timeout(_SECONDS),
            await AsyncConnection.connect(url, **CONNECT) as one,
            await AsyncConnection.connect(url, **CONNECT) as other,
        ):
            if not await _are_sessions(one, other):
                raise BadSetting(
                    "SUPABASE_DB_URL leads through a pooler in transaction mode, where a worker never hears of "
                    "new work: give the worker a direct or a session-mode connection (on Supabase port 5432 "
                    "instead of 6543); the functions may stay on the pooler"
                )
    except (OperationalError, TimeoutError) as error:
        raise StoreUnavailable(
            f"the database does not answer two connections at the same time ({type(error).__name__}): it is away, "
            "or a pooler before it has too few connections for a worker"
        ) from error


async def _are_sessions(one: AsyncConnection[Row], other: AsyncConnection[Row]) -> bool:
    """Whether each has a server process of its own, and keeps it.

    A transaction pooler gives the process that was used last, so that both have the same; or it takes turns, so
    that one that is asked twice has two.
    """
    first, second = set[int](), set[int]()
    for _ in range(_ROUNDS):
        first |= {await _server(one), await _server(one)}
        second.add(await _server(other))
    return len(first) == len(second) == 1 and first != second


async def _server(connection: AsyncConnection[Row]) -> int:
    """The server process that answers."""
    row = await (await connection.execute("select pg_backend_pid() as pid")).fetchone()
    assert row is not None, "a SELECT without FROM has one row"
    return int(row["pid"])
