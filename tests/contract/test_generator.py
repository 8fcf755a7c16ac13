"""The promises of the `Generator` port, run against every implementation that users have: fal, with the emulator.

Only what the port says; fal's own words and quirks are for tests/pipeline/fal.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline.errors import (
    BadDelivery,
    BadParameters,
    BadSignature,
    GeneratorBusy,
    GeneratorKeyRefused,
    GeneratorMissing,
    GeneratorRefused,
    GeneratorUnavailable,
)
from pipeline.model import Clip, Done, Failure, Model, Queued, Running
from tests.contract.providers import ENDPOINT, PARAMETERS, Provider, emulated_fal

PROVIDERS: dict[str, Callable[[], AbstractAsyncContextManager[Provider]]] = {"fal": emulated_fal}


@pytest.fixture(params=PROVIDERS)
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    async with PROVIDERS[request.param]() as opened:
        yield opened


async def test_it_names_itself_and_says_whether_money_flows(provider: Provider) -> None:
    """The name is the one the database has a row for; an emulator never passes for the real thing."""
    assert (provider.generator.provider, provider.generator.emulated) == ("fal", True)


async def test_a_submit_is_one_request_and_gives_an_id(provider: Provider) -> None:
    """Different each time; equal orders are not merged, for who repeats a submit pays twice."""
    one, two = [await provider.generator.submit(provider.order) for _ in range(2)]

    assert one != two
    assert await provider.submits() == 2


async def test_a_submit_to_no_endpoint_is_missing(provider: Provider) -> None:
    """Nothing was accepted."""
    with pytest.raises(GeneratorMissing):
        await provider.generator.submit(replace(provider.order, endpoint="fal-ai/no-such"))

    assert (await provider.journal())["requests"] == []


async def test_a_submit_with_a_bad_key_is_the_keys_fault(provider: Provider) -> None:
    """Nothing was accepted, and the error does not hold the key."""
    with pytest.raises(GeneratorKeyRefused) as refused:
        await provider.with_key("wrong:secret-of-ours").submit(provider.order)

    assert "secret-of-ours" not in str(refused.value)
    assert not refused.value.permanent
    assert (await provider.journal())["requests"] == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, GeneratorBusy), (403, GeneratorKeyRefused), (422, GeneratorRefused), (503, GeneratorUnavailable)],
)
async def test_a_refused_submit_is_sent_once(provider: Provider, status: int, error: type[Exception]) -> None:
    """Each refusal has its error, and nothing is repeated by itself."""
    provider.script(1, {"refuse": status})
    with pytest.raises(error):
        await provider.generator.submit(provider.order)

    assert await provider.submits() == 1


async def test_a_submit_without_an_answer_may_have_been_accepted(provider: Provider) -> None:
    """It was, and is not sent again."""
    provider.script(1, {"drop_submit_answer": True})
    with pytest.raises(GeneratorUnavailable):
        await provider.generator.submit(provider.order)

    assert await provider.submits() == len((await provider.journal())["requests"]) == 1


async def test_a_submit_that_reached_nobody_was_not_accepted(provider: Provider) -> None:
    """No connection: busy, which is safe to try again."""
    with pytest.raises(GeneratorBusy):
        await provider.unreachable.submit(provider.order)


async def test_status_tells_queued_running_done(provider: Provider) -> None:
    """With one place at the provider, the second waits behind the first."""
    provider.script(1, {"latency": 10})
    first = await provider.generator.submit(provider.order)
    second, third = [await provider.generator.submit(provider.order) for _ in range(2)]

    assert await provider.generator.status(ENDPOINT, first) == Running()
    assert await provider.generator.status(ENDPOINT, second) == Queued(position=0)
    assert await provider.generator.status(ENDPOINT, third) == Queued(position=1)
    await provider.clock.advance(seconds=10)
    await asyncio.wait_for(provider.letters.get(), 20)
    assert await provider.generator.status(ENDPOINT, first) == Done()


async def test_the_result_of_a_success_is_a_clip_and_its_bill(provider: Provider) -> None:
    """An address, a size, a seed, and units as the provider counts them."""
    result = await provider.generator.result(ENDPOINT, await provider.completed())

    assert isinstance(result.outcome, Clip)
    assert result.outcome.url.startswith("http://127.0.0.1:")
    assert (result.outcome.size, result.outcome.seed, result.outcome.content_type) == (4, 7, "video/mp4")
    assert result.billable_units == Decimal(0)


@pytest.mark.parametrize(
    ("fail", "code", "permanent"),
    [
        ("content_policy_violation", "content_rejected", True),
        ("no_media_generated", "no_clip", True),
        (500, "provider_error", False),
        (503, "provider_error", False),
        (504, "timeout", False),
    ],
)
async def test_the_result_of_a_failure_is_the_final_word(
    provider: Provider, fail: int | str, code: str, permanent: bool
) -> None:
    """A code of ours, whether it would happen again, and a sentence; by result and by webhook alike."""
    result = await provider.generator.result(ENDPOINT, await provider.completed(fail=fail))
    headers, body = await asyncio.wait_for(provider.letters.get(), 20)
    delivery = await provider.generator.read_delivery(headers, body, now=provider.clock.moment)

    for outcome in (result.outcome, delivery.outcome):
        assert isinstance(outcome, Failure)
        assert (outcome.code, outcome.permanent) == (code, permanent)
        assert outcome.message


async def test_a_result_before_the_end_is_busy(provider: Provider) -> None:
    """It is not there yet, and nothing is decided by that."""
    provider.script(1, {"latency": 10})
    request_id = await provider.generator.submit(provider.order)

    with pytest.raises(GeneratorBusy):
        await provider.generator.result(ENDPOINT, request_id)


async def test_what_has_expired_or_never_was_is_missing(provider: Provider) -> None:
    """Status and result say so; a cancel is no error."""
    request_id = await provider.completed()
    await provider.clock.advance(hours=2)
    for name in (request_id, "request-99"):
        with pytest.raises(GeneratorMissing):
            await provider.generator.status(ENDPOINT, name)
        with pytest.raises(GeneratorMissing):
            await provider.generator.result(ENDPOINT, name)
        await provider.generator.cancel(ENDPOINT, name)


async def test_a_cancelled_request_ends(provider: Provider) -> None:
    """One that waits is gone; one that runs and heeds it fails; one that is done stays."""
    provider.script(1, {"latency": 10, "heed_cancel": True})
    running = await provider.generator.submit(provider.order)
    waiting = await provider.generator.submit(provider.order)
    await provider.generator.cancel(ENDPOINT, waiting)
    with pytest.raises(GeneratorMissing):
        await provider.generator.status(ENDPOINT, waiting)

    await provider.generator.cancel(ENDPOINT, running)
    result = await provider.generator.result(ENDPOINT, running)
    assert isinstance(result.outcome, Failure)
    assert (result.outcome.code, result.outcome.permanent) == ("cancelled", False)
    await provider.generator.cancel(ENDPOINT, running)


@pytest.mark.parametrize("call", ["status", "result", "cancel"])
async def test_a_provider_out_of_reach_is_one_of_our_errors(provider: Provider, call: str) -> None:
    """Nothing else rises, and nothing of it is permanent."""
    with pytest.raises((GeneratorBusy, GeneratorUnavailable)) as away:
        await getattr(provider.unreachable, call)(ENDPOINT, "request-1")

    assert not away.value.permanent


async def test_a_delivery_is_verified_and_read(provider: Provider) -> None:
    """Whose request, which clip, the text as it came, and a digest that makes a repetition recognisable."""
    headers, body = await provider.delivered(duplicate_webhook=2)
    again_headers, again = await asyncio.wait_for(provider.letters.get(), 20)
    now = provider.clock.moment
    delivery = await provider.generator.read_delivery(headers, body, now=now)

    assert delivery.request_id == "request-1"
    assert isinstance(delivery.outcome, Clip)
    assert (delivery.body, delivery.received_at) == (body.decode(), now)
    repeated = await provider.generator.read_delivery(again_headers, again, now=now)
    assert repeated.digest == delivery.digest


async def test_a_delivery_without_a_payload_announces_the_end(provider: Provider) -> None:
    """Its result is to be asked for."""
    headers, body = await provider.delivered(payload_error=True)
    delivery = await provider.generator.read_delivery(headers, body, now=provider.clock.moment)

    assert delivery.outcome is None


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_a_delivery_from_another_time_is_refused(provider: Provider, minutes: int) -> None:
    """A recorded one cannot be played back."""
    headers, body = await provider.delivered()
    with pytest.raises(BadSignature):
        await provider.generator.read_delivery(
            headers, body, now=provider.clock.moment + timedelta(minutes=minutes)
        )


async def test_a_delivery_that_was_touched_is_refused(provider: Provider) -> None:
    """Any header of the signature missing or changed, or any byte of the body."""
    headers, body = await provider.delivered()
    now = provider.clock.moment
    signed = [name for name in headers if name.startswith("x-fal-webhook-")]
    assert len(signed) == 4
    forgeries = [
        (headers, body + b" "),
        (headers, body.replace(b"OK", b"ok", 1)),
        ({}, body),
        *(({**headers, name: f"0{headers[name][1:]}x"}, body) for name in signed),
        *(({key: value for key, value in headers.items() if key != name}, body) for name in signed),
    ]
    for forged in forgeries:
        with pytest.raises(BadDelivery):
            await provider.generator.read_delivery(*forged, now=now)

    assert (await provider.generator.read_delivery(headers, body, now=now)).outcome is not None


async def test_what_would_fail_is_refused_before_it_costs(provider: Provider) -> None:
    """A value out of range, a clip that could not be used; what nobody knows passes, and nothing is sent."""
    check = provider.generator.check
    known, unknown = Model("short", PARAMETERS, (ENDPOINT,)), Model("odd", PARAMETERS, ("somebody/something-new",))

    fine: list[dict[str, object]] = [{}, {"frames": 16}, {"brand_new": [1, {"x": None}]}]
    for given in fine:
        check(known, given)
    wrong: list[dict[str, object]] = [{"frames": 10_000}, {"frames": "many"}, {"frames": 1}, {"width": 5}]
    for given in wrong:
        with pytest.raises(BadParameters):
            check(known, given)
    check(unknown, {"brand_new": 10_000})
    assert await provider.submits() == 0


async def test_money_is_exact_and_never_nothing(provider: Provider) -> None:
    """An estimate is above zero even for an endpoint nobody knows; a price grows with the units."""
    generator = provider.generator
    for endpoint in (ENDPOINT, "somebody/something-new"):
        assert isinstance(generator.estimate(endpoint, PARAMETERS, ceiling=Decimal(0)), Decimal)
        assert generator.estimate(endpoint, PARAMETERS, ceiling=Decimal(0)) > 0
        assert generator.price(endpoint, Decimal(0)) == 0
        assert generator.price(endpoint, Decimal(2)) == 2 * generator.price(endpoint, Decimal(1)) > 0
    dearer = replace(PARAMETERS, steps=40)
    assert generator.estimate(ENDPOINT, dearer, ceiling=Decimal(0)) > generator.estimate(
        ENDPOINT, PARAMETERS, ceiling=Decimal(0)
    )
