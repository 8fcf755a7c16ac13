"""`video-webhook` for everything that is not a genuine delivery: the right status, and no row moves."""

import json
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import DatabaseUrls
from tests.functions.serving import (
    HOOK,
    Door,
    FalAccount,
    assert_problem,
    hook,
    listener,
    open_door,
    submitted_render,
)

UNTOUCHED = """
    select (select count(*) from storyreel.deliveries), (select status from storyreel.renders)
"""


_MAKE_ROOM = b"""
    update storyreel.renders set status = 'lost', due_at = null, ended_at = now(), waits_for = null
    where status in ('waiting', 'admitted', 'submitted', 'unknown')
"""  # a shared account has two slots


def now(door: Door) -> float:
    return door.services.clock().timestamp()


async def assert_untouched(owner: psycopg.AsyncConnection) -> None:
    assert await (await owner.execute(UNTOUCHED)).fetchone() == (0, "submitted")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{",
        b'"r1"',
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"request_id": "r1"}',
        b'{"request_id": "r1", "status": "DONE", "payload": {}}',
        b'{"request_id": "r1", "status": ["OK"], "payload": {}}',
        b'{"request_id": null, "status": "OK", "payload": {}}',
        b'{"request_id": 1, "status": "OK", "payload": {}}',
        b'{"request_id": "", "status": "OK", "payload": {}}',
        b'{"request_id": "a b/../c", "status": "OK", "payload": {}}',
        b'{"request_id": "\\u0000", "status": "OK", "payload": {}}',
        b'{"request_id": "\\ud800", "status": "OK", "payload": {}}',
        b'{"request_id": "' + b"r" * 1000 + b'", "status": "OK", "payload": {}}',
        b'{"request_id": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: str(body[:50]),
)
async def test_a_malformed_body_that_fal_signed_is_400(
    shared_fal_door: tuple[Door, FalAccount], body: bytes
) -> None:
    """The signature holds but the words make no sense: 400, and no fault of ours."""
    door, fal = shared_fal_door

    answer = await door.post(hook(uuid4()), content=body, headers=fal.sign(body, at=now(door)))

    assert_problem(answer, 400)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"video": None},
        {"video": {}},
        {"video": {"url": 7}},
        {"video": {"url": "javascript:alert(1)"}},
        {"video": {"url": "http://[/x.mp4"}},
        {"video": {"url": "https://x/\0.mp4"}},
        {"video": {"url": "https://x/\ud800.mp4"}},
        {"video": {"url": "https://x/a.mp4", "file_size": 10**40, "content_type": "\0\ud800"}, "seed": -1},
        {"video": {"url": "https://x/" + "a" * 100_000}},
        [],
        "text",
        None,
        7,
    ],
    ids=lambda payload: str(payload)[:60].encode("ascii", "replace").decode(),
)
async def test_an_odd_payload_is_recorded_and_never_a_fault(
    shared_fal_door: tuple[Door, FalAccount], payload: object
) -> None:
    """Well-formed and signed, but without a usable clip: fal would only send the same again, so it is 200."""
    door, fal = shared_fal_door
    for status in ("OK", "ERROR"):
        name = uuid4().hex
        render = await submitted_render(door.services, f"A whale {name}", name)
        said = {"request_id": name, "status": status, "error": "\0\ud800 500", "payload": payload}
        body = json.dumps(said).encode()
        answers = [
            await door.post(hook(render.id), content=body, headers=fal.sign(body, at=now(door))) for _ in range(2)
        ]

        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        async with door.services.database.transaction() as tx:
            await tx.run(_MAKE_ROOM, {})


CHANGES: list[tuple[str, str | bytes | None]] = [
    ("Request-Id", None),
    ("User-Id", None),
    ("Timestamp", None),
    ("Signature", None),
    ("Request-Id", "r2"),
    ("User-Id", "u2"),
    ("User-Id", "\xe9".encode("latin-1")),
    ("Signature", "00" * 64),
    ("Signature", "zz" * 64),
    ("Signature", "abcd"),
    ("Signature", "A" * 10_000),
    ("Timestamp", "0"),
    ("Timestamp", "-1"),
    ("Timestamp", "yesterday"),
    ("Timestamp", "9" * 30),
    ("Timestamp", "1e9"),
    ("Timestamp", "\u0661\u0667\u0660".encode()),
]


async def test_a_header_that_is_missing_or_was_changed_is_401(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """Each of the four is part of the proof, and nothing that one may hold is a fault of ours."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    for header, value in CHANGES:
        headers: dict[str, str | bytes] = dict(fal.sign(body, at=now(fal_door)))
        del headers[f"X-Fal-Webhook-{header}"]
        if value is not None:
            headers[f"X-Fal-Webhook-{header}"] = value

        assert_problem(await fal_door.post(hook(render.id), content=body, headers=headers), 401)
    await assert_untouched(owner)


async def test_the_signature_is_over_the_raw_bytes(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """The same JSON with another space in it was not signed."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    headers = fal.sign(body, at=now(fal_door))
    same = [
        body + b"\n",
        b" " + body,
        json.dumps(json.loads(body), indent=1).encode(),
        body.replace(b'": ', b'":'),
    ]

    for other in same:
        assert json.loads(other) == json.loads(body)
        assert_problem(await fal_door.post(hook(render.id), content=other, headers=headers), 401)
    await assert_untouched(owner)
    spaced = json.dumps(json.loads(body), indent=3).encode()
    headers = fal.sign(spaced, at=now(fal_door))
    assert (await fal_door.post(hook(render.id), content=spaced, headers=headers)).status_code == 200


async def test_another_accounts_key_is_401(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """A perfect signature of somebody else."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    stranger = FalAccount(fal.url)

    answer = await fal_door.post(hook(render.id), content=body, headers=stranger.sign(body, at=now(fal_door)))

    assert_problem(answer, 401)
    await assert_untouched(owner)


async def test_an_untimely_delivery_is_401(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """More than 300 s old, or from the future: a captured delivery cannot be replayed later. Less is forgiven."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    for age in (-310, 310, 86_400):
        headers = fal.sign(body, at=now(fal_door) - age)
        assert_problem(await fal_door.post(hook(render.id), content=body, headers=headers), 401)
    await assert_untouched(owner)

    for age in (-290, 290):
        headers = fal.sign(body, at=now(fal_door) - age)
        assert (await fal_door.post(hook(render.id), content=body, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "reference", ["1", "nonsense", "", "%00", "..", "a/b", "00000000-0000-0000-0000-00000000000g", "%F0%9F%90%B3"]
)
async def test_a_path_that_is_no_render_reference_is_404(
    shared_fal_door: tuple[Door, FalAccount], reference: str
) -> None:
    """Whatever else is right about it."""
    door, fal = shared_fal_door
    body = fal.clip("r1")

    for address in (f"{HOOK}/{reference}", f"{HOOK}/{reference}/{'0' * 32}"):
        assert_problem(await door.post(address, content=body, headers=fal.sign(body, at=now(door))), 404)


async def test_a_delivery_that_is_too_large_is_413(shared_fal_door: tuple[Door, FalAccount]) -> None:
    """A delivery names a file and carries none; size is checked before anything else is done with it."""
    door, fal = shared_fal_door
    body = fal.clip("r1", note="x" * (2 * 2**20))
    asked = fal.asked

    assert_problem(await door.post(hook(uuid4()), content=body, headers=fal.sign(body, at=now(door))), 413)
    assert fal.asked == asked


async def test_without_fals_keys_it_is_503_and_counts_when_delivered_again(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """fal repeats what is answered with 5xx: nothing is lost while its keys cannot be had."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    fal.up = False

    answer = await fal_door.post(hook(render.id), content=body, headers=fal.sign(body, at=now(fal_door)))

    assert_problem(answer, 503)
    await assert_untouched(owner)


async def test_with_nobody_at_the_keys_address_it_is_503(
    database_urls: DatabaseUrls, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """A connection that is refused is no bad signature either."""
    with listener() as bound:
        unused = f"http://127.0.0.1:{bound.getsockname()[1]}"
    async with open_door(
        database_urls.worker, STORYREEL_FAL_QUEUE_URL=fal.url, STORYREEL_FAL_JWKS_URL=f"{unused}/keys"
    ) as door:
        render = await submitted_render(door.services, "A whale", "r1")
        body = fal.clip("r1")

        assert_problem(await door.post(hook(render.id), content=body, headers=fal.sign(body, at=now(door))), 503)
        await assert_untouched(owner)


async def test_keys_are_fetched_once_for_many_deliveries(fal_door: Door, fal: FalAccount) -> None:
    """Good and forged alike: a flood of forgeries does not reach fal's key server."""
    stranger = FalAccount(fal.url)
    for number in range(10):
        body = fal.clip(f"r{number}")
        signer = fal if number % 2 else stranger
        await fal_door.post(hook(uuid4()), content=body, headers=signer.sign(body, at=now(fal_door)))

    assert fal.asked <= 2


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
async def test_only_posts_are_deliveries(shared_fal_door: tuple[Door, FalAccount], method: str) -> None:
    """405 for everything else."""
    door, _ = shared_fal_door

    assert (await door.http.request(method, hook(uuid4()))).status_code == 405
