"""One run of `run-jobs`: does what is due within a time limit, in a deployment that has no standing worker.

The tasks are those of `jobs`. While a run is under way the database, where it calls `run-jobs`, calls no other; so
a run says that it goes on, and that it has ended, and looks once more after that. Runs may overlap.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import procrastinate
from procrastinate.exceptions import ConnectorException

from functions.jobs import CONCURRENCY, QUEUE, create_engine, sweep_once
from functions.services import Media, Services
from pipeline.errors import StoreUnavailable
from storage.database import Database
from storage.deployment import call_run_jobs, jobs_wait, run_ended, run_goes_on

_SILENCE = timedelta(seconds=60)  # after which a run that has not said that it goes on is taken for dead
_WORD_SECONDS = 20.0  # between two such words


async def drain(services: Services, media: Media, *, seconds: float) -> Mapping[str, int]:
    """Run what is due, reconcile, run what that brought up. Returns what reconcile found.

    Stops starting jobs after `seconds`; what is running then is finished, within the time limits of its own I/O.
    For what is left the database calls again, where it was told to. Raises `StoreUnavailable`.
    """
    database = services.database
    engine = create_engine(services, media)
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        async with engine.open_async(database.pool):  # a run has no session to hold, and connections are few
            async with _under_way(database):
                await _run_until_idle(engine, services, deadline)
                found = await sweep_once(engine, services, media)
                await _run_until_idle(engine, services, deadline)
            # Whoever gave the engine a job meanwhile called nobody: so one more look, when nothing is under way.
            await _run_until_idle(engine, services, deadline)
    except ConnectorException as error:
        raise StoreUnavailable(f"the engine lost the database ({type(error.__cause__).__name__})") from error
    if await jobs_wait(database, QUEUE):
        await call_run_jobs(database)
    return found


@asynccontextmanager
async def _under_way(database: Database) -> AsyncIterator[None]:
    """Keep the database from calling another run during the block, and no longer, however it ends."""
    run = uuid4()
    await run_goes_on(database, run, within=_SILENCE)

    async def keep_saying() -> None:
        while True:
            await asyncio.sleep(_WORD_SECONDS)
            with contextlib.suppress(StoreUnavailable):  # said again soon; and until then it is believed
                await run_goes_on(database, run, within=_SILENCE)

    saying = asyncio.create_task(keep_saying())
    try:
        yield
    finally:
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)
        await run_ended(database, run)


async def _run_until_idle(engine: procrastinate.App, services: Services, deadline: float) -> None:
    """Until nothing waits or the deadline has passed: a job that ends may have hinted the next."""
    loop = asyncio.get_running_loop()
    while (left := deadline - loop.time()) > 0 and await jobs_wait(services.database, QUEUE):
        worker = asyncio.create_task(
            engine.run_worker_async(
                queues=[QUEUE],
                concurrency=CONCURRENCY,
                wait=False,
                listen_notify=False,
                delete_jobs="always",
                install_signal_handlers=False,
            )
        )
        done, _ = await asyncio.wait({worker}, timeout=left)
        if not done:
            worker.cancel()  # starts no more jobs and lets the running ones finish
        await asyncio.gather(worker, return_exceptions=not done)
