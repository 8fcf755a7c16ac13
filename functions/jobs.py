"""The engine's tasks, each a thin line to one step of the pipeline, and the loop that runs them.

Jobs are hints: every task takes whatever its rows say is due, so a job that is lost, late or repeated changes
nothing. Nothing here decides; nothing here retries, rows with a `due_at` do.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

import procrastinate
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from procrastinate.jobs import Status
from psycopg import OperationalError

from functions.services import Media, Services
from pipeline.admit import admit
from pipeline.errors import StoreUnavailable
from pipeline.fetch import fetch
from pipeline.finish import finish
from pipeline.plan import plan
from pipeline.prompts import TemplateWriter
from pipeline.reconcile import reconcile
from storage.database import CONNECT
from storage.deployment import hint_reconcile, jobs_wait

QUEUE = "storyreel"
EVERY_MINUTE = "* * * * *"
EVERY_FIVE_SECONDS = "* * * * * */5"  # the engine's cron has seconds as its sixth field
_RECONCILE_PRIORITY = 30  # as storyreel.step_priority('reconcile'): the engine's own jobs would have none
CONCURRENCY = 8  # mostly waiting for networks; ffmpeg has a limit of its own
_GRACE = 20.0  # seconds a stopping worker gives to what is running; then it hands it back
_POLL = 1.0  # seconds; the engine can miss a notification that comes while it fetches
_STALLED = 30  # seconds without a heartbeat after which a worker is dead
_RECONNECT = 2.0  # seconds between attempts while Postgres is away

_log = logging.getLogger(__name__)


def create_engine(services: Services, media: Media) -> procrastinate.App:
    """The engine with every step as a task of the same name; whoever makes it opens and closes it."""
    connector = procrastinate.PsycopgConnector(
        conninfo=services.settings.database.url,
        kwargs={key: value for key, value in CONNECT.items() if key not in {"autocommit", "row_factory"}},
        min_size=1,
        max_size=4,
        reconnect_timeout=5,
    )
    engine = procrastinate.App(connector=connector)
    add_row_tasks(engine, services, media)
    add_take_tasks(engine, services, media)
    return engine


def add_row_tasks(engine: procrastinate.App, services: Services, media: Media) -> None:
    """The steps that carry no row id: each takes whatever is due."""
    stores, generator = services.stores, services.generator
    clock, timing, jitter = services.clock, services.timing, services.jitter

    @engine.task(name="plan", queue=QUEUE)
    async def _plan() -> None:
        previews = services.settings.previews
        await plan(stores.plans, TemplateWriter(), generator, clock=clock, timing=timing, previews=previews)

    @engine.task(name="admit", queue=QUEUE)
    async def _admit() -> None:
        await admit(stores.renders, generator, services.webhook_url, clock=clock, timing=timing, jitter=jitter)

    @engine.periodic(cron=EVERY_MINUTE)
    @engine.task(name="reconcile", queue=QUEUE, priority=_RECONCILE_PRIORITY, queueing_lock="reconcile")
    async def _reconcile(timestamp: int = 0) -> None:  # noqa: ARG001 - the engine tells when it was due
        await sweep_once(engine, services, media)

    # Rows that wait to be tried again have no job; between two reconciles this one cheap look finds them.
    @engine.periodic(cron=EVERY_FIVE_SECONDS)
    @engine.task(name="look", queue=QUEUE, priority=_RECONCILE_PRIORITY, queueing_lock="look")
    async def _look(timestamp: int) -> None:  # noqa: ARG001 - likewise
        await stores.sweep.hint_overdue(now=clock())


def add_take_tasks(engine: procrastinate.App, services: Services, media: Media) -> None:
    """The steps that work on one take."""
    stores, generator = services.stores, services.generator
    clock, timing, jitter = services.clock, services.timing, services.jitter

    @engine.task(name="fetch", queue=QUEUE)
    async def _fetch(take_id: str) -> None:
        await fetch(
            stores.takes,
            stores.renders,
            generator,
            media.bucket,
            services.source,
            take_id=UUID(take_id),
            clock=clock,
            timing=timing,
            jitter=jitter,
        )

    @engine.task(name="finish", queue=QUEUE)
    async def _finish(take_id: str) -> None:
        await finish(
            stores.takes,
            media.bucket,
            media.transcoder,
            take_id=UUID(take_id),
            clock=clock,
            timing=timing,
            jitter=jitter,
        )


async def sweep_once(engine: procrastinate.App, services: Services, media: Media) -> Mapping[str, int]:
    """Reconcile, and clear away the engine's jobs of workers that died: our rows bring their work back."""
    stores = services.stores
    found = await reconcile(
        stores.sweep,
        stores.renders,
        services.generator,
        media.bucket,
        clock=services.clock,
        timing=services.timing,
        jitter=services.jitter,
    )
    for job in await engine.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED):
        with suppress(ConnectorException):  # another sweep was first
            await engine.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    if any(found.values()):
        _log.info("reconcile found %s", {kind: count for kind, count in found.items() if count})
    return found


async def run_worker(services: Services, media: Media) -> None:
    """Run every step until cancelled, through restarts of Postgres. Cancelled, it lets running steps finish.

    The engine's own worker ends quietly when its connection breaks; only a cancellation ends this one.
    """
    while True:
        try:
            async with create_engine(services, media).open_async() as engine:
                await hint_reconcile(services.database)
                await engine.run_worker_async(
                    queues=[QUEUE],
                    concurrency=CONCURRENCY,
                    fetch_job_polling_interval=_POLL,
                    shutdown_graceful_timeout=_GRACE,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
        except (StoreUnavailable, ProcrastinateException, OperationalError, OSError) as error:
            _log.warning("the database is away (%s); trying again", type(error).__name__)
        await asyncio.sleep(_RECONNECT)


async def drain(services: Services, media: Media, *, seconds: float) -> Mapping[str, int]:
    """Run what is due, reconcile, run what that brought up; for deployments without a standing worker.

    Stops starting jobs after `seconds`; what is running then is finished, within the time limits of its own I/O.
    Returns what reconcile found.
    """
    engine = create_engine(services, media)
    async with engine.open_async():
        deadline = asyncio.get_running_loop().time() + seconds
        await _run_until_idle(engine, services, deadline)
        found = await sweep_once(engine, services, media)
        await _run_until_idle(engine, services, deadline)
    return found


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
