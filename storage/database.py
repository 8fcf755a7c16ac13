"""Connections to Postgres: a pool, transactions, and the driver's errors as far as callers can act on them.

Holds no SQL of the domain. Works through a transaction pooler: nothing is prepared, nothing outlives a
transaction, and search_path is never set (the role `storyreel` brings it along).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from psycopg import AsyncConnection, OperationalError
from psycopg.errors import IdleInTransactionSessionTimeout, ReadOnlySqlTransaction
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from pipeline.errors import StoreUnavailable

Row = DictRow

# PoolTimeout is an OperationalError, too. A host name may lead to the standby before that is promoted: it answers,
# and takes nothing. A transaction that stood still for too long was ended (see the first migration).
_OUTAGES = (OperationalError, ReadOnlySqlTransaction, IdleInTransactionSessionTimeout)

CONNECT: dict[str, Any] = {
    "autocommit": True,
    "prepare_threshold": None,  # a pooler hands the next transaction another server connection
    "row_factory": dict_row,
    "application_name": "storyreel",
    # Silent packet loss otherwise looks like a slow query, for hours.
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds; keepalives are not sent while an answer is awaited
    "connect_timeout": 10,
}


class Transaction:
    """One open transaction: runs named statements with named arguments."""

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self._connection = connection

    async def all(self, statement: bytes, arguments: Mapping[str, Any]) -> list[Row]:
        """Every row the statement returns."""
        cursor = await self._connection.execute(statement, arguments)
        return await cursor.fetchall()

    async def one(self, statement: bytes, arguments: Mapping[str, Any]) -> Row | None:
        """The first row the statement returns, or None."""
        cursor = await self._connection.execute(statement, arguments)
        return await cursor.fetchone()

    async def run(self, statement: bytes, arguments: Mapping[str, Any]) -> int:
        """How many rows the statement touched: the verdict of every compare-and-set."""
        cursor = await self._connection.execute(statement, arguments)
        return cursor.rowcount


class Database:
    """A pool of at most `connections`. Opened and closed by whoever composes the process (`async with`)."""

    def __init__(self, url: str, *, connections: int = 8) -> None:
        self._url = url
        self.connections = connections
        self._pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            url,
            kwargs=CONNECT,
            min_size=0,
            max_size=connections,
            max_idle=60,
            timeout=5,
            reconnect_timeout=5,  # else the pauses between attempts grow to minutes, and outlast the outage
            check=AsyncConnectionPool.check_connection,  # a connection that died in the pool is replaced
            open=False,
        )

    async def __aenter__(self) -> Self:
        """Raises `StoreUnavailable` with what the server said, which a pool would only log."""
        try:
            await (await AsyncConnection.connect(self._url, **CONNECT)).close()
        except OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise StoreUnavailable(
                f"the database cannot be used: {reason} (one that was never prepared: `storyreel db migrate`)"
            ) from error
        await self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    @property
    def pool(self) -> AsyncConnectionPool[AsyncConnection[Row]]:
        """The connections themselves, for the engine: where they are few, it has none of its own."""
        return self._pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Committed at the end, rolled back by any exception. No network call belongs inside.

        Raises `StoreUnavailable` where the database is away, or a deadlock was broken at our cost.
        """
        try:
            async with self._pool.connection() as connection, connection.transaction():
                yield Transaction(connection)
        except _OUTAGES as error:
            raise StoreUnavailable(f"the database does not answer ({type(error).__name__})") from error
