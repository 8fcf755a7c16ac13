"""`video-webhook` for genuine deliveries: what each does to the rows, once."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from tests.functions.serving import Door, FalAccount, hook, submitted_render

STATE = """
    select r.status, t.status, t.clip_url from storyreel.renders r join storyreel.takes t on t.id = r.take_id
    where r.id = %s
"""
JOBS = "select task_name from procrastinate.procrastinate_jobs where status = 'todo' order by task_name"


async def one(owner: psycopg.AsyncConnection, query: str, *arguments: object) -> tuple[object, ...]:
    row = await (await owner.execute(query.encode(), arguments)).fetchone()
    assert row is not None
    return tuple(row)


async def snapshot(owner: psycopg.AsyncConnection) -> list[object]:
    """Every row that a delivery could touch."""
    tables = ("videos", "takes", "renders", "ledger", "deliveries")
    rows: list[object] = []
    for table in tables:
        query = f"select to_jsonb(t)::text from storyreel.{table} t order by 1".encode()
        rows += await (await owner.execute(query)).fetchall()
    return rows


async def test_a_clip_moves_its_render_and_is_fetched_later(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """200, the render delivered, the take to be fetched by a job; nothing is downloaded by the handler."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")

    answer = await fal_door.post(hook(render.id), content=body, headers=fal.sign(body, at=now(fal_door)))

    assert (answer.status_code, answer.json()) == (200, {"outcome": "accepted"})
    assert await one(owner, STATE, render.id) == ("delivered", "fetching", f"{fal.url}/files/r1.mp4")
    recorded = await one(owner, "select request_id, outcome, body, render_id from storyreel.deliveries")
    assert recorded == ("r1", "accepted", body.decode(), render.id)
    assert ("fetch",) in await (await owner.execute(JOBS)).fetchall()
    assert fal.downloads == 0


def now(door: Door) -> float:
    return door.services.clock().timestamp()


async def test_the_provider_needs_no_secret_of_ours(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """The signature is all the proof; fal can send no key of ours."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    del fal_door.http.headers["apikey"]

    answer = await fal_door.post(hook(render.id), content=body, headers=fal.sign(body, at=now(fal_door)))

    assert answer.status_code == 200


async def test_a_repeated_delivery_changes_nothing(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """Again with the same and with a fresh signature, and both at once: 200, and no row moves."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    at = now(fal_door)
    assert (await fal_door.post(hook(render.id), content=body, headers=fal.sign(body, at=at))).is_success
    before = await snapshot(owner)
    jobs = await (await owner.execute(JOBS)).fetchall()

    answers = await asyncio.gather(
        *(fal_door.post(hook(render.id), content=body, headers=fal.sign(body, at=at - age)) for age in (0, 5, 9))
    )

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.json()["outcome"] for answer in answers} == {"repeated"}
    assert await snapshot(owner) == before
    assert await (await owner.execute(JOBS)).fetchall() == jobs


async def test_the_same_delivery_at_once_counts_once(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """Of many at the same moment one is accepted, and one fetch job is made."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    headers = fal.sign(body, at=now(fal_door))

    answers = await asyncio.gather(
        *(fal_door.post(hook(render.id), content=body, headers=headers) for _ in range(6))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["outcome"] for answer in answers) == ["accepted", *["repeated"] * 5]
    jobs = await (await owner.execute(JOBS)).fetchall()
    assert jobs.count(("fetch",)) == 1


async def test_a_delivery_may_outrun_the_answer_to_its_submit(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """The address carries our render id, so the clip counts before the request_id was saved."""
    render = await submitted_render(fal_door.services, "A whale", None)
    body = fal.clip("r1")

    answer = await fal_door.post(hook(render.id), content=body, headers=fal.sign(body, at=now(fal_door)))

    assert answer.json() == {"outcome": "accepted"}
    saved = await one(owner, "select status, request_id from storyreel.renders where id = %s", render.id)
    assert saved == ("delivered", "r1")


async def test_a_delivery_for_a_render_that_is_gone_is_an_orphan(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """200, so that fal stops; recorded with the cost that was reserved for it, once."""
    gone = uuid4()
    await owner.execute(
        "insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, at)"
        " values (%s, 'e', 'reserved', 0.0125, now())",
        (gone,),
    )
    body = fal.clip("r9")
    headers = fal.sign(body, at=now(fal_door), request_id="r9")

    answers = [await fal_door.post(hook(gone), content=body, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == {"outcome": "orphan"}
    rows = await (
        await owner.execute("select outcome, render_id, cost_usd::text from storyreel.deliveries")
    ).fetchall()
    assert rows == [("orphan", gone, "0.012500")]


@pytest.mark.parametrize("spelling", [str.upper, lambda text: text.replace("-", "")])
async def test_our_render_id_may_be_spelt_otherwise(fal_door: Door, fal: FalAccount, spelling: object) -> None:
    """Proxies change the case of addresses; it stays the same render."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1")
    assert callable(spelling)

    address = hook(render.id).replace(str(render.id), spelling(str(render.id)))
    answer = await fal_door.post(address, content=body, headers=fal.sign(body, at=now(fal_door)))

    assert answer.json() == {"outcome": "accepted"}


async def test_a_failure_that_may_pass_is_tried_again(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """fal's ERROR ends this render, gives its reservation back, and a further one waits."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1", status="ERROR", error="Invalid status code: 500", payload={"detail": "internal"})

    answer = await fal_door.post(hook(render.id), content=body, headers=fal.sign(body, at=now(fal_door)))

    assert answer.json() == {"outcome": "accepted"}
    statuses = await (await owner.execute("select status from storyreel.renders order by attempt")).fetchall()
    assert statuses == [("failed",), ("waiting",)]
    kinds = await (await owner.execute("select kind from storyreel.ledger order by id")).fetchall()
    assert kinds == [("reserved",), ("released",)]


async def test_a_declined_story_is_rejected_with_its_placeholder(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """A content policy's no is final: the video keeps its placeholder and says why."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    detail = [{"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"}]
    body = fal.clip("r1", status="ERROR", error="Invalid status code: 422", payload={"detail": detail})

    await fal_door.post(hook(render.id), content=body, headers=fal.sign(body, at=now(fal_door)))

    work, reason, message = await one(owner, "select work, reason, message from storyreel.videos")
    assert (work, reason) == ("rejected", "content_rejected")
    assert message


async def test_a_delivery_without_its_payload_asks_for_the_result(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """`payload_error` means that fal has a result which did not fit: it is polled at once, nothing is lost."""
    render = await submitted_render(fal_door.services, "A whale", "r1")
    body = fal.clip("r1", payload=None, payload_error="Response payload is not JSON serializable")

    answer = await fal_door.post(hook(render.id), content=body, headers=fal.sign(body, at=now(fal_door)))

    assert answer.status_code == 200
    query = "select status, due_at <= clock_timestamp() from storyreel.renders where id = %s"
    assert await one(owner, query, render.id) == ("submitted", True)
    assert ("reconcile",) in await (await owner.execute(JOBS)).fetchall()


async def test_a_delivery_replayed_to_another_render_moves_nothing(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """The signature does not cover the address, so a captured POST can be sent to another render's: it must not
    give that one the wrong clip."""
    first = await submitted_render(fal_door.services, "A whale", "r1")
    second = await submitted_render(fal_door.services, "A fox", "r2")
    body = fal.clip("r1")
    headers = fal.sign(body, at=now(fal_door))
    assert (await fal_door.post(hook(first.id), content=body, headers=headers)).is_success

    answer = await fal_door.post(hook(second.id), content=body, headers=headers)

    assert answer.status_code in {200, 400, 404}
    assert await one(owner, STATE, second.id) == ("submitted", "rendering", None)


async def test_a_delivery_replayed_to_a_render_without_a_request_is_no_fault(
    fal_door: Door, fal: FalAccount, owner: psycopg.AsyncConnection
) -> None:
    """One request_id belongs to one render; a second that would claim it is refused, not a 500."""
    first = await submitted_render(fal_door.services, "A whale", "r1")
    second = await submitted_render(fal_door.services, "A fox", None)
    for render in (first, second):
        body = fal.clip("r1", note=str(render.id))
        headers = fal.sign(body, at=now(fal_door))
        answer = await fal_door.post(hook(render.id), content=body, headers=headers)

        assert answer.status_code in {200, 400, 404}, answer.text
    assert await one(owner, STATE, second.id) == ("admitted", "rendering", None)
