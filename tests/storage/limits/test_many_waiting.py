"""A hundred thousand waiting renders make `admit` no slower: as many rows and pages are touched as with a hundred.

They wait for a slot, for their owner's slots, for a budget, or for a later time. Times are in
benchmarks/bench_admit.py.
"""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import LiteralString, NamedTuple

import psycopg
import pytest
from psycopg import sql

from functions.services import Stores
from local.postgres import EmbeddedPostgres
from storage.database import Database
from storage.plans import PostgresPlans
from storage.renders import PostgresRenders
from storage.stories import PostgresStories
from storage.sweep import PostgresSweep
from storage.takes import PostgresTakes
from tests.conftest import Clock, DatabaseUrls
from tests.storage.limits.scene import ANNA, BERT, Bounded

MANY, FEW = 100_000, 100
# What one admission may touch, with two slots and two owners.
SLOTS = 2
ROWS, PAGES = 400, 2000
_TABLES = ["renders", "takes", "shots", "revisions", "videos", "ledger", "accounts", "providers", "limits"]
_COST: LiteralString = """
select coalesce(sum(seq_tup_read), 0)::int, coalesce(sum(idx_tup_fetch), 0)::int
from pg_stat_xact_user_tables where schemaname = 'storyreel' and relname = any (%s)
"""
# A fifth waits for a slot, and a fifth each for what keeps it from being looked at.
_PARK: LiteralString = """
update storyreel.renders set
  waits_for = (array[null, 'owner', 'day', 'owner_day', 'time'])[1 + turn %% 5],
  due_at = case turn %% 5
    when 0 then due_at when 1 then %(now)s + interval '10 minutes' else %(now)s + interval '12 hours' end
where owner_id = %(anna)s
"""
_DUE: LiteralString = "update storyreel.renders set due_at = %s where waits_for = 'owner'"


class Cost(NamedTuple):
    """What one admission touched, and what it admitted."""

    scanned: int
    fetched: int
    pages: int
    admitted: int


@pytest.fixture(scope="module")
def database_urls(postgres: EmbeddedPostgres, _template: str) -> Iterator[DatabaseUrls]:
    """One for all: filling it takes a few seconds."""
    name = "test_many_waiting"
    made, template = sql.Identifier(name), sql.Identifier(_template)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(made, template))
        yield DatabaseUrls(postgres.url(database=name), postgres.url(user="storyreel", database=name))
        connection.execute(sql.SQL("drop database {} with (force)").format(made))


@pytest.fixture(scope="module")
async def crowded(database_urls: DatabaseUrls) -> AsyncIterator[Bounded]:
    """A hundred thousand of Anna's, and a hundred of Bert's."""
    clock = Clock()
    clock.now = clock.now.replace(hour=12) + timedelta(days=1)
    async with (
        Database(database_urls.worker) as database,
        await psycopg.AsyncConnection.connect(database_urls.owner, autocommit=True) as owner,
    ):
        stores = Stores(
            PostgresStories(database), PostgresPlans(database), PostgresRenders(database), PostgresTakes(database),
            PostgresSweep(database),
        )  # fmt: skip
        world = Bounded(stores, owner, clock)
        await world.many(MANY, ANNA)
        await world.many(FEW, BERT)
        await owner.execute(_PARK, {"now": clock(), "anna": ANNA})
        await owner.execute("vacuum analyze")
        yield world


async def cost_of_admitting(world: Bounded, worker: psycopg.AsyncConnection) -> Cost:
    """Of one admission, in the transaction that is open."""
    admit = "explain (analyze, buffers, timing off, format json) select * from storyreel.admit('fal', %s, %s)"
    before = await (await worker.execute(_COST, [_TABLES])).fetchone()
    cursor = psycopg.AsyncClientCursor(worker)
    (explained,) = await (await cursor.execute(admit, [world.clock(), timedelta(minutes=1)])).fetchone() or ("[]",)
    after = await (await worker.execute(_COST, [_TABLES])).fetchone()
    assert before
    assert after
    plan = (explained if isinstance(explained, list) else json.loads(explained))[0]["Plan"]
    pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return Cost(after[0] - before[0], after[1] - before[1], pages, plan["Actual Rows"])


async def costs_of(world: Bounded, url: str, *first: LiteralString) -> list[Cost]:
    """Of seven admissions, each as if it were the first: by then a plan may be kept for all to come."""
    costs = []
    async with await psycopg.AsyncConnection.connect(url) as session:
        for statement in first:
            await session.execute(statement, [world.clock()] if "%s" in statement else None)
        # The policies of its tables withhold their statistics from it: its plans are others than the owner's.
        await session.execute("set local role storyreel")
        for _ in range(7):
            await session.execute("savepoint before_admission")
            costs.append(await cost_of_admitting(world, session))
            await session.execute("rollback to before_admission")
        await session.rollback()
    return costs


async def test_a_hundred_thousand_cost_what_a_few_do(crowded: Bounded, database_urls: DatabaseUrls) -> None:
    """Whatever they wait for."""
    costs = await costs_of(crowded, database_urls.owner)

    assert all(cost.admitted == SLOTS for cost in costs)
    assert all(cost.scanned < 100 and cost.fetched < ROWS for cost in costs), costs
    assert all(cost.pages < PAGES for cost in costs[1:]), "the first reads what a session knows of its tables, too"


async def test_those_who_have_waited_long_for_their_owner_cost_no_more(
    crowded: Bounded, database_urls: DatabaseUrls
) -> None:
    """However long: what an admission does beside admitting is to park five hundred others at most."""
    one_of_hers: LiteralString = (
        "update storyreel.renders set status = 'admitted', admitted_at = now(), tries = 1"
        " where id = (select id from storyreel.renders where owner_id = '00000000-0000-0000-0000-000000000001'"
        " and waits_for is null limit 1)"
    )
    limits: LiteralString = "update storyreel.providers set slots = 3, owner_slots = 1 where name = 'fal'"
    rest: LiteralString = (
        "update storyreel.renders set waits_for = 'owner' where waits_for is null and status = 'waiting'"
        " and owner_id = '00000000-0000-0000-0000-000000000001'"
    )
    no_look: LiteralString = "set local session_replication_role = replica"
    costs = await costs_of(crowded, database_urls.owner, no_look, one_of_hers, limits, rest, _DUE)

    assert all(cost.fetched < 4 * ROWS for cost in costs), costs


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            (
                "select r.* from storyreel.renders r where r.provider = 'fal' and r.status = 'waiting'"
                " and r.waits_for is null order by r.priority desc, r.turn, r.created_at, r.id limit 1000"
            ),
            "renders_next",
        ),
        (
            (
                "select w.id from storyreel.renders w where w.provider = 'fal' and w.waits_for <> 'owner'"
                " and w.due_at <= now() order by w.due_at limit 500"
            ),
            "renders_parked",
        ),
        (
            (
                "select w.id from storyreel.renders w where w.provider = 'fal' and w.waits_for = 'owner'"
                " and w.owner_id = '00000000-0000-0000-0000-000000000001'"
                " order by w.priority desc, w.turn, w.created_at limit 1"
            ),
            "renders_parked_owner",
        ),
        (
            (
                "select id from storyreel.renders where provider = 'fal' and waits_for in ('story', 'total')"
                " limit 500"
            ),
            "renders_over_cap",
        ),
        (
            (
                "select max(turn) from storyreel.renders r where r.provider = 'fal' and r.priority = 10"
                " and coalesce(r.owner_id, '00000000-0000-0000-0000-000000000000')"
                " = '00000000-0000-0000-0000-000000000001' and (r.status = 'waiting' or r.tries > 0)"
            ),
            "renders_turn",
        ),
    ],
)
async def test_what_admission_asks_stands_in_an_index(crowded: Bounded, query: LiteralString, index: str) -> None:
    """The plan is one step down it: nothing is sorted, and nothing read that is not taken."""
    async with crowded.owner.transaction():
        await crowded.rows("set local role storyreel")
        plan = "\n".join(str(line) for (line,) in await crowded.rows(sql.SQL("explain " + query)))  # type: ignore[arg-type]  # composed of the texts above

    assert index in plan
    assert "Seq Scan" not in plan
    assert "Sort  (" not in plan.replace("Incremental Sort  (", "")


async def test_placing_one_more_reads_no_queue(crowded: Bounded, database_urls: DatabaseUrls) -> None:
    """A hundred and first story of Bert's, and a further one of Anna's."""
    async with await psycopg.AsyncConnection.connect(database_urls.worker) as session:
        for owner in [ANNA, BERT, None] * 3:
            before = await (await session.execute(_COST, [_TABLES])).fetchone()
            await session.execute("select storyreel.next_turn('fal', 10, %s)", [owner])
            after = await (await session.execute(_COST, [_TABLES])).fetchone()
            assert before
            assert after
            assert sum(after) - sum(before) < 20
