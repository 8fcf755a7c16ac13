"""Whatever comes in whatever order: of two owners who both have something waiting, neither gets ahead by two.

The model is that sentence alone (fairness as in start-time fair queueing, Goyal et al. 1996, for
requests of one size): it does not know how turns are numbered.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import combinations
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import DatabaseUrls
from tests.storage.limits.scene import ANNA, BERT, CARL, Bounded

OWNERS = (ANNA, BERT, CARL, None)
_ARRIVE = """
insert into storyreel.renders
  (take_id, round, attempt, provider, endpoint, priority, owner_id, turn, estimate_usd, due_at, created_at)
select t.id, 1, 1, 'fal', 'e', 10, v.owner_id, storyreel.next_turn('fal', 10, v.owner_id), 0.01, now(),
       clock_timestamp()
from storyreel.takes t
  join storyreel.shots s on s.take_id = t.id
  join storyreel.revisions r on r.id = s.revision_id
  join storyreel.videos v on v.id = r.video_id
where v.owner_id is not distinct from %s
  and not exists (select from storyreel.renders d where d.take_id = t.id)
order by t.take_key limit 1
"""
_SERVE = """
select r.owner_id from storyreel.admit('fal', now(), interval '1 minute') a
  join storyreel.renders r on r.id = a.render_id
order by r.turn, r.created_at
"""
_END = """
update storyreel.renders set status = 'delivered', due_at = null, ended_at = now()
where status in ('admitted', 'submitted', 'unknown')
"""
_PUT_BACK = """
update storyreel.renders set status = 'waiting', admitted_at = null, due_at = now() where id = (
  select id from storyreel.renders where status = 'admitted' order by turn limit 1)
"""


@dataclass
class Model:
    """How many of each wait, and how often each was served since both of a pair have had something waiting."""

    waiting: Counter[UUID | None] = field(default_factory=Counter)
    served: dict[tuple[UUID | None, UUID | None], Counter[UUID | None]] = field(default_factory=dict)

    def arrive(self, owner: UUID | None) -> None:
        self.waiting[owner] += 1
        self._look()

    def serve(self, owner: UUID | None) -> None:
        for pair, counted in self.served.items():
            if owner in pair:
                counted[owner] += 1
                assert abs(counted[pair[0]] - counted[pair[1]]) <= 2, (pair, counted)
        self.waiting[owner] -= 1
        self._look()

    def _look(self) -> None:
        for pair in combinations(OWNERS, 2):
            if all(self.waiting[owner] > 0 for owner in pair):
                self.served.setdefault(pair, Counter())
            else:
                self.served.pop(pair, None)


@pytest.fixture
async def takes(world: Bounded, database_urls: DatabaseUrls) -> AsyncIterator[psycopg.Connection]:
    """Takes of every owner that nobody has asked a provider for; every example is rolled back."""
    for owner in OWNERS:
        await world.many(40, owner)
    await world.rows("delete from storyreel.renders")
    await world.provider(slots=1)
    with psycopg.connect(database_urls.owner) as connection:
        yield connection


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.sampled_from(OWNERS), st.integers(1, 6)),
        st.tuples(st.just("serve"), st.none(), st.integers(1, 6)),
        st.tuples(st.just("put back"), st.none(), st.just(1)),
    ),
    min_size=3,
    max_size=20,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(deeds=DEEDS)
def test_whoever_waits_is_served_as_often_as_any_other_who_does(
    takes: psycopg.Connection, deeds: list[tuple[str, UUID | None, int]]
) -> None:
    """Arrivals, and renders that are put back, in any order; in the end all have gone."""
    model = Model()
    try:
        for deed, owner, times in [*deeds, ("serve", None, 10_000)]:
            for _ in range(times):
                if deed == "arrive":
                    if takes.execute(_ARRIVE.encode(), [owner]).rowcount:
                        model.arrive(owner)
                elif not (gone := takes.execute(_SERVE.encode()).fetchall()):
                    break
                elif deed == "put back":
                    takes.execute(_PUT_BACK.encode())
                else:
                    model.serve(gone[0][0])
                    takes.execute(_END.encode())
        assert not +model.waiting, "somebody starves"
    finally:
        takes.rollback()
