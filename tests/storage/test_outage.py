"""The database goes away in the middle: callers are told so in our own words, and nothing is half done."""

import psycopg
import pytest

from pipeline.errors import StoreUnavailable
from storage.database import Database

WHALE = b"insert into storyreel.buckets values ('whale', 'https://whale.example')"


async def test_a_session_that_dies_is_an_outage(database: Database, owner: psycopg.AsyncConnection) -> None:
    """Inside a transaction: what it wrote is gone, and the next transaction has a session that works."""

    async def cut_off() -> None:
        async with database.transaction() as tx:
            await tx.run(WHALE, {})
            row = await tx.one(b"select pg_backend_pid() as pid", {})
            assert row
            await owner.execute("select pg_terminate_backend(%s, 20000)", [row["pid"]])
            await tx.run(b"select 1", {})

    with pytest.raises(StoreUnavailable) as outage:
        await cut_off()

    assert (outage.value.code, outage.value.permanent) == ("database", False)
    assert isinstance(outage.value.__cause__, psycopg.OperationalError)
    async with database.transaction() as tx:
        assert await tx.all(b"select from storyreel.buckets where name = 'whale'", {}) == []


async def test_a_refusal_of_the_database_is_no_outage(database: Database) -> None:
    """A row that a rule of ours forbids would be forbidden again: the driver's own error rises."""

    async def twice() -> None:
        async with database.transaction() as tx:
            await tx.run(WHALE, {})
            await tx.run(WHALE, {})

    with pytest.raises(psycopg.errors.UniqueViolation):
        await twice()
