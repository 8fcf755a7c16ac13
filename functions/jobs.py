"""The engine's tasks, each a thin line to one step of the pipeline, and the loop that runs them.

Jobs are hints: every task takes whatever its rows say is due, so a job that is lost, late or repeated changes
nothing. Nothing here decides; nothing here retries, rows with a `due_at` do. The engine does not fence workers: a
dead one's job is deleted and never handed on, so that whoever returns finds it gone and ends nobody else's.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import procrastinate
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from procrastinate.jobs import Status
from psycopg import OperationalError
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import RaiseException, ReadOnlySqlTransaction

from functions.services import Media, Services
from pipeline.admit import admit
from pipeline.errors import StoreUnavailable
from pipeline.fetch import fetch
from pipeline.finish import finish
from pipeline.plan import plan
from pipeline.prompts import TemplateWriter
from pipeline.reconcile import reconcile
from pipeline.workspace import clear_abandoned_workspaces
from storage.database import CONNECT
from storage.deployment import hint_reconcile
from storage.session import check_session

QUEUE = "storyreel"
EVERY_MINUTE = "* * * * *"
EVERY_FIVE_SECONDS = "* * * * * */5"  # the engine's cron has seconds as its sixth field
# Above every storyreel.step_priority: behind a backlog of clips a silent render would be polled too late.
_SWEEP_PRIORITY = 60
CONCURRENCY = 8  # mostly waiting for networks; ffmpeg has a limit of its own
_GRACE = 20.0  # seconds a stopping worker gives to what is running; then it hands it back
_POLL = 1.0  # seconds; the engine can miss a notification that comes while it fetches
_STALLED = 30  # seconds without a heartbeat after which a worker is dead
_RECONNECT = 2.0  # seconds between attempts while Postgres is away
_WAIT = 5.0  # seconds for one of the engine's connections; the engine's own thirty outlast a supervisor's patience
# A host name may lead to the standby before that is promoted: it answers, and takes nothing.
_OUTAGES = (OperationalError, ReadOnlySqlTransaction, OSError)

_log = logging.getLogger(__name__)


def create_engine(services: Services, media: Media) -> procrastinate.App:
    """The engine with every step as a task of the same name; whoever makes it opens and closes it."""
    url = services.settings.database.url
    connector = procrastinate.PsycopgConnector(
        conninfo=url,
        kwargs=_connection_settings(url),
        min_size=1,
        max_size=4,
        timeout=_WAIT,
        reconnect_timeout=_WAIT,
    )
    engine = procrastinate.App(connector=connector)
    add_row_tasks(engine, services, media)
    add_take_tasks(engine, services, media)
    return engine


def _connection_settings(url: str) -> Mapping[str, Any]:
    """Those of every connection of ours, under what the URL itself says."""
    ours = {name: value for name, value in CONNECT.items() if name not in {"autocommit", "row_factory"}}
    return {**ours, **conninfo_to_dict(url)}


def add_row_tasks(engine: procrastinate.App, services: Services, media: Media) -> None:
    """The steps that carry no row id: each takes whatever is due."""
    stores, generator = services.stores, services.generator
    clock, timing, jitter = services.clock, services.timing, services.jitter

    @engine.task(name="plan", queue=QUEUE)
    async def _plan() -> None:
        previews = services.settings.previews
        await plan(
            stores.plans,
            services.moderator,
            TemplateWriter(),
            generator,
            clock=clock,
            timing=timing,
            jitter=jitter,
            previews=previews,
        )

    @engine.task(name="admit", queue=QUEUE)
    async def _admit() -> None:
        await admit(stores.renders, generator, services.webhook_url, clock=clock, timing=timing, jitter=jitter)

    @engine.periodic(cron=EVERY_MINUTE)
    @engine.task(name="reconcile", queue=QUEUE, priority=_SWEEP_PRIORITY, queueing_lock="reconcile")
    async def _reconcile(timestamp: int = 0) -> None:  # noqa: ARG001 - the engine tells when it was due
        await sweep_once(engine, services, media)

    # Rows that wait to be tried again have no job; between two reconciles this one cheap look finds them.
    @engine.periodic(cron=EVERY_FIVE_SECONDS)
    @engine.task(name="look", queue=QUEUE, priority=_SWEEP_PRIORITY, queueing_lock="look")
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
    """Clear away what dead workers left in the engine, and reconcile: our rows bring their work back."""
    stalled = await clear_dead_workers(engine)
    stores = services.stores
    reconciled = await reconcile(
        stores.sweep,
        stores.renders,
        services.generator,
        media.bucket,
        clock=services.clock,
        timing=services.timing,
        jitter=services.jitter,
    )
    if stalled:
        await stores.sweep.note({"stalled_jobs": stalled}, now=services.clock())
    found = {**reconciled, "stalled_jobs": stalled}
    if any(found.values()):
        _log.info("reconcile found %s", {kind: count for kind, count in found.items() if count})
    return found


async def clear_dead_workers(engine: procrastinate.App) -> int:
    """Delete the jobs of workers without a heartbeat, and then the workers; how many jobs that were.

    A worker that is only slow or cut off does no harm when it goes on: its step is fenced by the row's attempt
    number, the end of its job finds no job, and its next one is refused, upon which it begins anew (`run_worker`).
    """
    jobs, deleted = engine.job_manager, 0
    for job in await jobs.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=_STALLED):
        try:
            await jobs.finish_job(job, Status.FAILED, delete_job=True)
        except ConnectorException as error:
            if not isinstance(error.__cause__, RaiseException):
                raise
        else:  # otherwise another sweep was first, or its worker goes on
            deleted += 1
    await jobs.prune_stalled_workers(_STALLED)
    return deleted


async def run_worker(services: Services, media: Media, *, poll: float = _POLL) -> None:
    """Run every step until cancelled, through restarts of Postgres. Cancelled, it lets running steps finish.

    The engine's own worker ends quietly when its connection breaks; only a cancellation ends this one. `poll`:
    seconds after which it looks for jobs that it was not told of. Raises `BadSetting` behind a transaction pooler.
    """
    await check_session(services.settings.database.url)
    clear_abandoned_workspaces()
    while True:
        try:
            await hint_reconcile(services.database)  # fails sooner than the engine while the database is away
            await _run_engine(services, media, poll=poll)
        except (StoreUnavailable, ProcrastinateException, *_OUTAGES) as error:
            if _told_to_stop():  # the engine could not say good-bye to the database, and raised that instead
                raise asyncio.CancelledError from error
            _log.warning("the engine stopped (%s); trying again", type(error.__cause__ or error).__name__)
        await asyncio.sleep(_RECONNECT)


async def _run_engine(services: Services, media: Media, *, poll: float) -> None:
    """Run the engine until cancelled, or until it has lost the database or been given up as dead by others."""
    async with create_engine(services, media).open_async() as engine:
        await engine.run_worker_async(
            queues=[QUEUE],
            concurrency=CONCURRENCY,
            fetch_job_polling_interval=poll,
            shutdown_graceful_timeout=_GRACE,
            delete_jobs="always",
            install_signal_handlers=False,
        )


def _told_to_stop() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
