"""Which request a delivery is news of: after a retry of the provider's own it has two names, one of them ours."""

from uuid import UUID

import pytest

from pipeline.model import Clip, Failure
from tests.storage.builders import CLIP, PASSING, PERMANENT
from tests.storage.world import World


async def untouched(world: World, render: UUID) -> list[object]:
    """A render, its take and its money: what news of another request must leave as they are."""
    return [
        await world.rows("select * from storyreel.renders where id = %s", render),
        await world.rows("select * from storyreel.takes where id = %s", await world.take_of(render)),
        await world.ledger(render),
    ]


async def outcomes(world: World) -> list[str]:
    return [outcome for (outcome,) in await world.rows("select outcome from storyreel.deliveries order by id")]


@pytest.mark.parametrize("outcome", [CLIP, PERMANENT, None], ids=["clip", "failure", "no content"])
async def test_a_providers_own_retry_is_news_of_the_request_it_retries(
    world: World, outcome: Clip | Failure | None
) -> None:
    """Its request has a new name; the gateway's is the one that our submit was told, and it stays the render's."""
    render = await world.submitted(request_id="r1")

    assert await world.deliver(render.id, outcome, request_id="retry", gateway="r1") == "accepted"

    expected = {CLIP: "delivered", PERMANENT: "failed", None: "submitted"}[outcome]
    assert await world.rows("select status, request_id from storyreel.renders") == [(expected, "r1")]
    assert await world.rows("select request_id, outcome from storyreel.deliveries") == [("retry", "accepted")]


async def test_a_retry_that_outruns_the_saving_of_its_request_id_leaves_the_gateways(world: World) -> None:
    """Its cost is asked for, and it is cancelled, under the name that the submit gives: both answers agree."""
    render = await world.admitted()

    assert await world.deliver(render.id, CLIP, request_id="retry", gateway="r1") == "accepted"

    assert await world.rows("select status, request_id from storyreel.renders") == [("delivered", "r1")]
    assert not await world.stores.renders.submitted(render, "r1", now=world.clock(), due_at=world.clock())
    assert await world.rows("select status, request_id from storyreel.renders") == [("delivered", "r1")]


@pytest.mark.parametrize(("request_id", "gateway"), [("alien", None), ("alien", "foreign")])
async def test_news_of_a_request_that_is_not_the_renders_own_is_stale(
    world: World, request_id: str, gateway: str | None
) -> None:
    """The address is not signed: a clip, a failure or an end without content is recorded and moves nothing."""
    render = await world.submitted(request_id="r1")
    before = await untouched(world, render.id)

    for number, outcome in enumerate((CLIP, PASSING, None)):
        body = str(number)
        assert (
            await world.deliver(render.id, outcome, request_id=request_id, gateway=gateway, body=body) == "stale"
        )

    assert await untouched(world, render.id) == before
    assert await outcomes(world) == ["stale"] * 3
    assert await world.deliver(render.id, CLIP, request_id="r1") == "accepted", "its own still counts"


@pytest.mark.parametrize(("request_id", "gateway"), [("mine", None), ("retry", "mine"), ("mine", "gateway")])
async def test_news_of_another_renders_request_is_stale(
    world: World, request_id: str, gateway: str | None
) -> None:
    """By either name, also where the addressed render has no name yet, and for each kind of news."""
    mine = await world.submitted("mine", request_id="mine")
    other = await world.admitted("other")
    before = await untouched(world, mine.id), await untouched(world, other.id)

    for number, outcome in enumerate((CLIP, PASSING, None)):
        body = str(number)
        assert await world.deliver(other.id, outcome, request_id=request_id, gateway=gateway, body=body) == "stale"

    assert (await untouched(world, mine.id), await untouched(world, other.id)) == before
    assert await outcomes(world) == ["stale"] * 3
