"""What a provider and a bucket say of themselves: one short line of it is kept, and none of it is obeyed."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from pipeline.errors import BucketError, GeneratorError, GeneratorMissing
from pipeline.fal.client import FalGenerator
from pipeline.fal.protocol import billable_units
from pipeline.model import Order, Parameters, Prompt
from pipeline.prose import LONGEST
from pipeline.reasons import FALLBACK
from storage.buckets.supabase import SupabaseBucket
from tests.functions.serving import hook, submitted_render
from tests.hostile_text.conftest import House
from tests.hostile_text.corpus import STORABLE, UNSTORABLE, every_text
from tests.hostile_text.looks import assert_only_shown
from tests.hostile_text.stranger import Stranger, a_stranger

KEY = "0f9d8c7b-1111-2222-3333-444455556666:5ecre75ecre75ecre75ecre75ecre7"
_LENGTH = re.compile(rb"Content-Length: \d+", re.IGNORECASE)
ENDPOINT = "fal-ai/fast-animatediff/turbo/text-to-video"

_TAKE = """select t.failure_code, t.failure_message, t.clip_url
           from storyreel.takes t join storyreel.renders r on r.take_id = t.id where r.id = %s"""

# What may come as JSON is more than what can be stored.
anything = pytest.mark.parametrize(
    "text", [*STORABLE.values(), *UNSTORABLE.values()], ids=[*STORABLE, *UNSTORABLE]
)


@pytest.fixture(scope="module")
async def listening() -> AsyncIterator[Stranger]:
    async with a_stranger() as found:
        yield found


@pytest.fixture
def stranger(listening: Stranger) -> Stranger:
    """Who was asked nothing yet."""
    listening.asked.clear()
    return listening


@pytest.fixture(scope="module")
async def generator(listening: Stranger) -> AsyncIterator[FalGenerator]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield FalGenerator(http, key=KEY, queue_url=listening.url, jwks_url=listening.url, emulated=True)


@pytest.fixture(scope="module")
async def bucket(listening: Stranger) -> AsyncIterator[SupabaseBucket]:
    async with SupabaseBucket(listening.url, "sb_secret_for_tests_only_0123456789", "videos") as opened:
        yield opened


def order(text: str, *, endpoint: str = ENDPOINT) -> Order:
    return Order(
        endpoint=endpoint,
        prompt=Prompt(text=text, negative=text),
        seed=1,
        parameters=Parameters(own={"style": text}),
        webhook_url="http://127.0.0.1:9/hook",
        start_timeout=300.0,
    )


def assert_a_sentence(error: BaseException) -> None:
    """One line that any row and any log takes."""
    said = str(error)
    assert_only_shown(said)
    assert "\n" not in said
    assert len(said) < LONGEST + 300
    said.encode()


@anything
async def test_an_error_of_fal_is_told_in_one_line(stranger: Stranger, generator: FalGenerator, text: str) -> None:
    """In either of its shapes, in a header, or as a page that is no JSON at all."""
    details = [{"loc": ["body", text], "msg": text, "type": text}]
    header = text.encode("latin-1", "replace")[:4_000]
    pages = [json.dumps(page).encode() for page in ({"detail": text}, {"detail": details}, {"message": text})]
    pages += [json.dumps({"error": text, "error_type": text}).encode(), text.encode(errors="replace")]
    for status, page in zip((422, 500, 429, 401, 404), pages, strict=True):
        stranger.say(status, page, ("X-Fal-Error-Type", header), ("Retry-After", header), ("Location", header))
        with pytest.raises(GeneratorError) as caught:
            await generator.submit(order("A whale"))

        assert_a_sentence(caught.value)
        assert caught.value.retry_after is None


async def assert_told_by_bucket(bucket: SupabaseBucket, file: Path) -> None:
    for ask in (bucket.get("a/b.mp4", file), bucket.head("a/b.mp4")):
        with pytest.raises(BucketError) as caught:
            await ask

        assert_a_sentence(caught.value)
    assert not file.exists()


@anything
async def test_a_bad_answer_of_a_bucket_is_told_in_one_line(
    stranger: Stranger, bucket: SupabaseBucket, tmp_path: Path, text: str
) -> None:
    """Supabase's, or that of whoever stands in between."""
    said = {"statusCode": text, "error": text, "code": text, "message": text}
    for page in (json.dumps(said).encode(), text.encode(errors="replace")):
        stranger.say(400, page)
        await assert_told_by_bucket(bucket, tmp_path / "clip.mp4")


@pytest.mark.parametrize("page", [b"[" * 20_000, json.dumps({"statusCode": "9" * 5_000}).encode()], ids=len)
async def test_an_answer_that_parsers_choke_on_is_told_in_one_line(
    stranger: Stranger, bucket: SupabaseBucket, tmp_path: Path, page: bytes
) -> None:
    """Brackets without end, and a number of thousands of digits."""
    stranger.say(400, page)
    await assert_told_by_bucket(bucket, tmp_path / "clip.mp4")


@every_text
async def test_a_story_reaches_fal_as_json_and_in_nothing_else(
    stranger: Stranger, generator: FalGenerator, text: str
) -> None:
    """The address and the headers of a submit are the same for every story."""
    stranger.say(200, b'{"request_id": "r1"}')
    for words in ("A whale", text):
        await generator.submit(order(words))

    (plain, _), (head, body) = (asked.split(b"\r\n\r\n", 1) for asked in stranger.asked)
    sent = json.loads(body)
    assert (sent["prompt"], sent["style"]) == (text, text)
    assert body.isascii()
    assert _LENGTH.sub(b"", head) == _LENGTH.sub(b"", plain)


@anything
async def test_a_name_that_is_none_is_asked_of_nobody(
    stranger: Stranger, generator: FalGenerator, text: str
) -> None:
    """An endpoint's, or a request's: nothing of it gets into an address."""
    asks: list[Callable[[], Awaitable[object]]] = [
        lambda: generator.submit(order("A whale", endpoint=text)),
        lambda: generator.submit(order("A whale", endpoint=f"fal-ai/{text}")),
        lambda: generator.status(ENDPOINT, text),
        lambda: generator.result(ENDPOINT, text),
        lambda: generator.cancel(text, "r1"),
    ]
    for ask in asks:
        with pytest.raises(GeneratorMissing) as caught:
            await ask()

        assert_a_sentence(caught.value)
    assert stranger.asked == []


@anything
async def test_a_signed_delivery_may_hold_anything(house: House, text: str) -> None:
    """It is recorded as it came or refused; what is kept of a failure is one line, and nobody is asked for it."""
    services = house.door.services
    await house.owner.execute("update storyreel.providers set slots = 100000")
    told: dict[str, object] = {"request_id": "r1", "gateway_request_id": text, "status": "ERROR", "error": text}
    video = {"url": text, "content_type": text, "file_size": text, "file_name": text}
    bodies: list[dict[str, object]] = [
        {**told, "payload": {"detail": [{"loc": [text], "msg": text, "type": "content_policy_violation"}]}},
        {**told, "status": "OK", "payload": {"video": {**video, "url": f"https://v3.fal.media/files/{text}"}}},
        {**told, "request_id": text, "status": text},
    ]
    for number, body in enumerate(bodies):
        request_id = f"r-{uuid4().hex}"
        render = await submitted_render(services, f"{request_id} {number}", request_id)
        raw = json.dumps({**body, "request_id": request_id} if body["request_id"] == "r1" else body).encode()
        headers = house.fal.sign(raw, at=services.clock().timestamp(), request_id=request_id)

        answer = await house.door.http.post(hook(render.id), content=raw, headers=headers)

        assert answer.status_code in {200, 400}, answer.text
        [(code, message, clip)] = await (await house.owner.execute(_TAKE, (render.id,))).fetchall()
        assert (clip or "x").isascii()
        assert (clip or "x").isprintable()
        if message is not None:
            assert code in FALLBACK
            assert_a_sentence(ValueError(message))


def test_nobody_pays_for_a_word() -> None:
    """Money in a header is a plain number or none."""
    assert billable_units("1.5") == Decimal("1.5")
    for text in (*STORABLE.values(), *UNSTORABLE.values(), "NaN", "-1", "1e999", "٣"):
        assert billable_units(text) is None
