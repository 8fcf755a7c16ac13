"""Two servers of which one follows the other: what is committed on the primary, the standby has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from local.postgres import EmbeddedPostgres
from local.postgres_place import SOCKET_NAME
from storage.migrate import migrate
from tests.conftest import BOOTSTRAP

_FOLLOWED = b"select from pg_stat_replication where sync_state = 'sync'"


@dataclass(frozen=True)
class Pair:
    """A migrated primary and its synchronous standby. Both log in whoever asks."""

    primary: EmbeddedPostgres
    standby: EmbeddedPostgres

    def promote(self) -> None:
        """From now on the standby takes writes."""
        self.standby._run(["pg_ctl", "promote", "-w", "-D", str(self.standby._place.data)])


def socket_of(server: EmbeddedPostgres) -> Path:
    """Where the server listens."""
    return server._place.sockets / SOCKET_NAME


@asynccontextmanager
async def paired(folder: Path) -> AsyncIterator[Pair]:
    """Both servers, for the block."""
    primary, standby = EmbeddedPostgres(folder / "primary"), EmbeddedPostgres(folder / "standby")
    try:
        await asyncio.to_thread(_start, primary, standby)
        async with await psycopg.AsyncConnection.connect(primary.url(), autocommit=True) as connection:
            await connection.execute("alter system set synchronous_standby_names = '*'")
            await connection.execute("select pg_reload_conf()")
            async with asyncio.timeout(30):
                while not (await connection.execute(_FOLLOWED)).rowcount:
                    await asyncio.sleep(0.05)
        yield Pair(primary, standby)
    finally:
        standby.discard()
        primary.discard()


def _start(primary: EmbeddedPostgres, standby: EmbeddedPostgres) -> None:
    primary.start()
    with psycopg.connect(primary.url(), autocommit=True) as connection:
        connection.execute(BOOTSTRAP.read_text().encode())
        connection.execute(
            "alter system set wal_retrieve_retry_interval = '100ms'"
        )  # of the standby, for its copy
    migrate(primary.url())
    data = standby._place.data
    standby._place.make(data)
    standby._run(["pg_basebackup", "-d", primary.url(), "-D", str(data), "-R", "-X", "stream", "-c", "fast"])
    standby.start()
