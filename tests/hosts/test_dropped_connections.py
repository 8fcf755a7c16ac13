"""A pooler between worker and database drops everything: the worker outlives it, and hears of new work again."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.conftest import DatabaseUrls
from tests.end_to_end.moments import hearing
from tests.hosts.bouncer import bouncing
from tests.hosts.deployment import deployed, listeners, until_heard, worker


@pytest.mark.needs("pgbouncer")
async def test_a_worker_outlives_its_pooler(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """Killed in the middle of work and started again: the story ends ready, paid once, by the same worker.

    Away for good, it keeps no worker from ending when told to.
    """
    async with (
        bouncing(database_urls.worker, mode="session") as bouncer,
        deployed(tmp_path, owner_url=database_urls.owner, worker_url=database_urls.worker) as stack,
        worker(stack, "worker", SUPABASE_DB_URL=bouncer.url) as one,
    ):
        await until_heard(stack)
        async with hearing(stack, "submitted") as reached:
            story = await stack.insert("A heron loses its line")
            await reached()
            before = await listeners(stack)
            await bouncer.kill()
        await bouncer.start()
        await until_heard(stack, besides=before)
        video = await stack.end_of(story)
        paid = [order for order in await stack.submits() if "loses its line" in order]

        await bouncer.kill()
        one.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            code = await one.process.wait()

    assert (video["work"], video["shows"], len(paid)) == ("idle", "final", 1)
    assert code == 0
