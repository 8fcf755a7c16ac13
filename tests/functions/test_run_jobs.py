"""`run-jobs`: a deployment without a standing worker, from the call to a clip that plays."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import av
import httpx
import numpy as np
import psycopg
import pytest

from local.fal.clock import MovableClock
from local.fal.emulator import Emulator
from local.fal.knobs import Knobs
from tests.conftest import DatabaseUrls
from tests.functions.serving import CALLS, RUN, Door, assert_problem, open_door


def clip() -> bytes:
    """An mp4 of twelve frames, as the provider makes them."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 256, 256, "yuv420p"
        for shade in range(0, 240, 20):
            picture = np.full((256, 256, 3), shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


@asynccontextmanager
async def emulating(**knobs: float) -> AsyncIterator[tuple[Emulator, str]]:
    """A fal emulator that answers at once."""
    made = clip()
    emulator = Emulator(
        knobs=Knobs(latency=(0.0, 0.0), backoff_base=60.0, **knobs),  # type: ignore[arg-type]  # rates only
        render=lambda _: made,
        clock=MovableClock(),
        key_seed=bytes(32),
        new_id=lambda: str(uuid4()),
    )
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(emulator.serve(host="127.0.0.1", port=0, ready=url.set_result))
    try:
        yield emulator, await url
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def deployment(database_urls: DatabaseUrls, tmp_path: Path) -> AsyncIterator[Door]:
    """Functions, a bucket in a folder and the emulator; no worker."""
    async with (
        emulating() as (_, fal_url),
        open_door(
            database_urls.worker,
            STORYREEL_FAL_QUEUE_URL=fal_url,
            STORYREEL_BUCKET_FOLDER=str(tmp_path / "bucket"),
        ) as door,
    ):
        yield door


async def finish(door: Door, source_id: str) -> dict[str, object]:
    """Call run-jobs as a scheduler would until the video's work is done, and return the video."""
    for _ in range(60):
        answer = await door.post(f"{RUN}?seconds=20")
        assert answer.status_code == 200, answer.text
        assert answer.json().keys() == {"found"}
        video = await door.services.stores.stories.find("generate-video", source_id, now=door.services.clock())
        assert video is not None
        if video.work != "working":
            return vars(video)
    raise AssertionError(f"still working: {video}")


async def test_a_story_reaches_its_end_without_a_worker(deployment: Door, tmp_path: Path) -> None:
    """generate-video, the webhook and run-jobs alone end in files that stand in the bucket, and a cost."""
    assert (await deployment.post(json={"text": "A whale", "id": "s1"})).status_code == 202

    video = await finish(deployment, "s1")

    assert (video["work"], video["shows"], video["progress"]) == ("idle", "final", 1)
    path = tmp_path / "bucket" / "videos" / str(video["path"])
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 256, 256)
    assert str(video["url"]).endswith(str(video["path"]))


async def test_two_drains_at_once_do_not_disturb_each_other(
    deployment: Door, owner: psycopg.AsyncConnection
) -> None:
    """A scheduler that overlaps itself pays no clip twice."""
    for number in range(3):
        await deployment.post(json={"text": f"A whale {number}", "id": f"s{number}"})

    answers = await asyncio.gather(*(deployment.post(f"{RUN}?seconds=20") for _ in range(2)))
    videos = [await finish(deployment, f"s{number}") for number in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert {video["shows"] for video in videos} == {"final"}
    renders = await owner.execute("select count(*), count(distinct take_id) from storyreel.renders")
    assert await renders.fetchone() == (6, 6), "a preview and a final of each"


async def test_a_lost_webhook_is_made_up_for(
    database_urls: DatabaseUrls, tmp_path: Path, owner: psycopg.AsyncConnection
) -> None:
    """Where no webhook ever comes, the reconciling half of run-jobs polls once the render is overdue."""
    async with (
        emulating(loss_rate=1.0) as (_, fal_url),
        open_door(
            database_urls.worker,
            STORYREEL_FAL_QUEUE_URL=fal_url,
            STORYREEL_BUCKET_FOLDER=str(tmp_path / "bucket"),
            STORYREEL_PREVIEWS="off",
        ) as door,
    ):
        await door.post(json={"text": "A whale", "id": "s1"})
        await door.post(f"{RUN}?seconds=20")
        overdue = "update storyreel.renders set due_at = now() - interval '1 s' where status = 'submitted'"
        assert (await owner.execute(overdue)).rowcount == 1

        video = await finish(door, "s1")

    assert video["shows"] == "final"


@pytest.mark.parametrize(
    "preferring", ["respond-async", "Respond-Async", "wait=5, respond-async", 'handling="x"; y, respond-async; z']
)
async def test_who_waits_for_nobody_is_answered_at_once(deployment: Door, preferring: str) -> None:
    """With 202, while the work goes on behind the answer (RFC 7240)."""
    await deployment.post(json={"text": "A whale", "id": "s1"})

    answer = await deployment.post(RUN, headers={"prefer": preferring})

    assert (answer.status_code, answer.json()) == (202, {"accepted": True})
    assert answer.headers["preference-applied"] == "respond-async"
    async with asyncio.timeout(60):
        while await _work(deployment, "s1") != "idle":
            await asyncio.sleep(0.02)  # the webhook's jobs are another call's
            await deployment.post(RUN, headers={"prefer": preferring})


async def _work(door: Door, source_id: str) -> str:
    video = await door.services.stores.stories.find("generate-video", source_id, now=door.services.clock())
    assert video is not None
    return video.work


@pytest.mark.parametrize("preferring", ["", "wait=5", "respond-asynchronously", 'x="respond-async"'])
async def test_who_prefers_something_else_is_answered_in_the_end(deployment: Door, preferring: str) -> None:
    """With what was found."""
    answer = await deployment.post(f"{RUN}?seconds=1", headers={"prefer": preferring})

    assert (answer.status_code, answer.json().keys()) == (200, {"found"})


async def test_a_run_that_fails_behind_its_answer_is_said_in_the_log(
    database_urls: DatabaseUrls, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody else is there to be told."""
    in_the_way = tmp_path / "bucket"
    in_the_way.write_text("no folder")
    async with open_door(database_urls.worker, STORYREEL_BUCKET_FOLDER=str(in_the_way)) as door:
        answer = await door.post(RUN, headers={"prefer": "respond-async"})
        async with asyncio.timeout(30):
            while "run-jobs ended early" not in caplog.text:
                await asyncio.sleep(0.01)

    assert answer.status_code == 202


@pytest.mark.parametrize("seconds", ["abc", "", "0", "-1", "801", "nan", "inf", "1e9", "1;2", "\u0661x"])
async def test_senseless_seconds_are_422(shared_door: Door, seconds: str) -> None:
    """The problem names the parameter and what it may be."""
    answer = await shared_door.http.post(RUN, params={"seconds": seconds})

    assert_problem(answer, 422, "seconds", "800")


async def test_the_secret_of_a_scheduler_runs_jobs_and_opens_nothing_else(
    database_urls: DatabaseUrls, tmp_path: Path
) -> None:
    """It lies in the database, where more people can read it than should order videos."""
    secret = "for-the-database-alone-0123456789"
    folder = str(tmp_path / "bucket")
    async with (
        open_door(
            database_urls.worker,
            STORYREEL_BUCKET_FOLDER=folder,
            STORYREEL_RUN_JOBS_SECRETS=f"other-{secret}, {secret}",
        ) as door,
        httpx.AsyncClient(base_url=door.url, headers={"apikey": secret}, trust_env=False) as database,
    ):
        assert (await database.post(f"{RUN}?seconds=1")).status_code == 200
        assert_problem(await database.post(CALLS, json={"text": "A whale"}), 401)


async def test_nothing_runs_for_strangers(shared_door: Door) -> None:
    """Secret first: even senseless parameters tell nothing."""
    async with httpx.AsyncClient(base_url=shared_door.url, trust_env=False) as http:
        assert_problem(await http.post(RUN, params={"seconds": "abc"}), 401)
