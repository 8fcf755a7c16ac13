"""The address that the provider is given: nobody makes one up, and without its tag no render is there."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.render_tags import tag
from tests.conftest import DatabaseUrls
from tests.functions.serving import (
    HOOK,
    OTHER_SECRET,
    SECRET,
    Door,
    FalAccount,
    assert_problem,
    hook,
    open_door,
    submitted_render,
)

STATE = """
    select r.status, r.request_id, t.status, t.clip_url, (select count(*) from storyreel.deliveries)
    from storyreel.renders r join storyreel.takes t on t.id = r.take_id where r.id = %s
"""
UNTOUCHED = ("submitted", "r1", "rendering", None, 0)
SERVICE_KEY = "sb_secret_service_key_of_the_project"
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=60)


def now(door: Door) -> float:
    return door.services.clock().timestamp()


async def state(owner: psycopg.AsyncConnection, render: UUID) -> tuple[object, ...]:
    row = await (await owner.execute(STATE, [render])).fetchone()
    assert row is not None
    return tuple(row)


async def deliver(door: Door, fal: FalAccount, address: str, request_id: str = "r1") -> httpx.Response:
    """A delivery that fal really signed, by one who needs no key of ours."""
    body = fal.clip(request_id)
    headers = fal.sign(body, at=now(door), request_id=request_id)
    return await door.post(address, content=body, headers={**headers, "apikey": ""})


@given(st.uuids(), st.uuids(), SECRETS, SECRETS)
def test_a_tag_is_of_one_render_and_one_secret(render: UUID, other: UUID, secret: str, another: str) -> None:
    """The same for the same two; of another render or by another secret, another one; fit for an address."""
    made = tag(render, secret)

    assert made == tag(UUID(str(render)), str(secret))
    assert (made == tag(other, secret)) == (render == other)
    assert (made == tag(render, another)) == (secret == another)
    assert re.fullmatch(r"[0-9a-f]{32,64}", made), "at least 128 bits"
    assert secret not in made


@given(st.uuids(), SECRETS)
def test_a_tag_is_no_plain_digest(render: UUID, secret: str) -> None:
    """Who knows the render, and how tags are made, still needs the secret; nor is it secret and id in a row."""
    made = tag(render, secret)
    for text in (str(render), render.hex, f"{secret}{render}", f"{render}{secret}", secret):
        for digest in (hashlib.sha256, hashlib.sha512, hashlib.md5):
            assert not digest(text.encode()).hexdigest().startswith(made[:16])


async def test_the_provider_is_given_the_first_secrets_tag(fal_door: Door, fal: FalAccount) -> None:
    """And at that address its delivery arrives."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    given_address = urlsplit(fal_door.services.webhook_url(render.id))

    assert given_address.path == f"{HOOK}/{render.id}/{tag(render.id, SECRET)}"
    answer = await deliver(fal_door, fal, given_address.path)
    assert answer.json() == {"outcome": "accepted"}


def wrong_tags(render: UUID, other: UUID) -> list[str]:
    """Everything but the right one."""
    right = tag(render, SECRET)
    return [
        right[:-1],
        right[:16],
        right[:1],
        right[1:],
        right + "0",
        right + right,
        right[::-1],
        f"{right}%00",
        f"{right}%0a",
        f"{right}%20",
        f"%20{right}",
        f"{int(right[0], 16) ^ 1:x}{right[1:]}",
        f"{right[:-1]}{int(right[-1], 16) ^ 1:x}",
        "0" * 64,
        "0",
        "%00",
        "null",
        "true",
        "%E2%82%AC",
        "%FF%FE",
        "%D9%A0" * 64,
        "x" * 2000,
        str(render),
        tag(other, SECRET),
        tag(render, SECRET + "x"),
        tag(render, "FAL_KEY"),
        tag(render, "id:secret"),
        tag(render, ""),
        hashlib.sha256(str(render).encode()).hexdigest(),
        SECRET,
    ]


async def test_without_the_right_tag_no_render_is_there(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """Though fal signed it: 404 as for a render that never was; nothing recorded, no key asked for."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    other = await submitted_render(fal_door.services, "A fox", "r2")
    never = uuid4()
    said = set()
    for wrong in wrong_tags(render.id, other.id):
        for name in (render.id, never):
            answer = await deliver(fal_door, fal, f"{HOOK}/{name}/{wrong}")
            assert_problem(answer, 404)
            headers = sorted(key for key in answer.headers if key != "content-length")
            said.add((answer.json()["code"], str(headers)))
    for name in (render.id, never):
        for address in (f"{HOOK}/{name}", f"{HOOK}/{name}/", f"{HOOK}/{name}//", HOOK):
            assert_problem(await deliver(fal_door, fal, address), 404)

    assert len(said) == 1
    assert await state(owner, render.id) == UNTOUCHED
    assert fal.asked == 0
    assert (await deliver(fal_door, fal, hook(render.id))).json() == {"outcome": "accepted"}


async def test_a_render_that_is_there_answers_like_one_that_never_was(fal_door: Door, fal: FalAccount) -> None:
    """Word for word, but for the id."""
    render, never = (await submitted_render(fal_door.services, "A whale", "r1")).id, uuid4()
    for wrong in ("0" * 64, tag(uuid4(), SECRET), "x"):
        one = await deliver(fal_door, fal, f"{HOOK}/{render}/{wrong}")
        two = await deliver(fal_door, fal, f"{HOOK}/{never}/{wrong}")

        assert (one.status_code, two.status_code) == (404, 404)
        assert one.text.replace(str(render), "") == two.text.replace(str(never), "")
        assert set(one.headers) == set(two.headers)


async def test_upper_case_is_no_other_tag_or_none(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """Whichever it is taken for, it is no fault, and it never counts for another render."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    answer = await deliver(fal_door, fal, f"{HOOK}/{str(render.id).upper()}/{tag(render.id, SECRET).upper()}")

    assert answer.status_code in {200, 404}
    assert ((await state(owner, render.id)) == UNTOUCHED) == (answer.status_code == 404)


@pytest.mark.parametrize("length", [b"100", b"10000000", b"10000000000000"])
async def test_a_body_without_the_right_tag_is_not_read(fal_door: Door, fal: FalAccount, length: bytes) -> None:
    """The answer comes before a byte of it, however long it says it is."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    for address in (f"{HOOK}/{render.id}/{'0' * 64}", f"{HOOK}/{render.id}/{tag(uuid4(), SECRET)}"):
        parts = urlsplit(fal_door.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n" % (address.encode(), length))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        writer.close()
        await writer.wait_closed()

        assert head.startswith(b"HTTP/1.1 404 "), head


@pytest.fixture
async def old_render(database_urls: DatabaseUrls, fal: FalAccount) -> AsyncIterator[tuple[UUID, str]]:
    """A render, and the path that the provider was given for it while OTHER_SECRET was the first."""
    async with open_door(
        database_urls.worker,
        STORYREEL_FAL_QUEUE_URL=fal.url,
        SUPABASE_SECRET_KEY=SERVICE_KEY,
        STORYREEL_SECRETS=OTHER_SECRET,
    ) as door:
        render = await submitted_render(door.services, "A whale", "r1")
        yield render.id, urlsplit(door.services.webhook_url(render.id)).path


@pytest.mark.parametrize(
    ("secrets", "status"),
    [
        (f"{SECRET},{OTHER_SECRET}", 200),
        (f"a-third-secret-000000,{SECRET}, {OTHER_SECRET}", 200),
        (OTHER_SECRET, 200),
        (SECRET, 404),
        (f"{OTHER_SECRET}x", 404),
    ],
)
async def test_addresses_hold_as_long_as_their_secret_is_listed(
    database_urls: DatabaseUrls,
    fal: FalAccount,
    owner: psycopg.AsyncConnection,
    old_render: tuple[UUID, str],
    secrets: str,
    status: int,
) -> None:
    """So that a secret can be replaced while renders are out; removed, it opens nothing."""
    render, address = old_render
    async with open_door(
        database_urls.worker,
        STORYREEL_FAL_QUEUE_URL=fal.url,
        SUPABASE_SECRET_KEY=SERVICE_KEY,
        STORYREEL_SECRETS=secrets,
    ) as door:
        answer = await deliver(door, fal, address)
        first = secrets.split(",", maxsplit=1)[0]

        assert answer.status_code == status, answer.text
        assert ((await state(owner, render)) == UNTOUCHED) == (status == 404)
        assert door.services.webhook_url(render).endswith(f"/{render}/{tag(render, first)}")


async def test_another_customers_delivery_moves_nothing(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """fal signs for all its customers by the same keys: one who learned the address has a clip of their own."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    for request_id in ("r2", "R1", "r1 ", "r10", ""):
        body = fal.clip(request_id)
        headers = fal.sign(body, at=now(fal_door), request_id=request_id.strip() or "x", user_id="another")
        answer = await fal_door.post(hook(render.id), content=body, headers=headers)

        assert answer.status_code in {200, 400, 401, 404, 409}, answer.text
        assert answer.text.find("accepted") == -1
        assert (await state(owner, render.id))[:4] == UNTOUCHED[:4]
    assert (await deliver(fal_door, fal, hook(render.id))).json() == {"outcome": "accepted"}


async def test_a_replayed_delivery_has_no_second_effect(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """Byte for byte, many times and at once, after the take has gone on: no job, no row, no money."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    headers = fal.sign(body, at=now(fal_door))
    assert (await fal_door.post(hook(render.id), content=body, headers=headers)).json() == {"outcome": "accepted"}
    seen = (
        "select (select count(*) from storyreel.ledger), (select count(*) from procrastinate.procrastinate_jobs)"
    )
    before = await (await owner.execute(seen)).fetchone(), await state(owner, render.id)

    answers = await asyncio.gather(
        *(fal_door.post(hook(render.id), content=body, headers=headers) for _ in range(10))
    )

    assert {(answer.status_code, answer.json()["outcome"]) for answer in answers} == {(200, "repeated")}
    assert (await (await owner.execute(seen)).fetchone(), await state(owner, render.id)) == before
