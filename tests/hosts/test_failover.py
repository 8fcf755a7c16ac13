"""The database restarts, then gives way to its standby: work goes on, and nothing that was committed is lost."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.moments import hearing
from tests.hosts.deployment import deployed, listeners, until_heard, worker
from tests.hosts.forwarder import forwarding
from tests.hosts.standby import paired, socket_of


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the servers' user may reach."""
    with tempfile.TemporaryDirectory(prefix="storyreel-failover-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


async def test_work_goes_on_after_a_restart_and_a_failover(folder: Path) -> None:
    """The same worker and functions, at the same address, finish what was begun, pay for it once, hear of more.

    Between the primary's death and the promotion the address leads to a server that answers but takes no writes.
    """
    async with paired(folder) as pair, forwarding(socket_of(pair.primary)) as address:
        server = f"127.0.0.1:{address.port}/postgres"
        owner_url, worker_url = f"postgresql://postgres@{server}", f"postgresql://storyreel@{server}"
        async with (
            deployed(folder, owner_url=owner_url, worker_url=worker_url) as stack,
            worker(stack, "worker") as one,
        ):
            await until_heard(stack)
            before = await listeners(stack)
            first = await stack.insert("A lighthouse blinks once")
            pair.primary.kill()
            await asyncio.to_thread(pair.primary.start)
            await until_heard(stack, besides=before)
            assert (await stack.end_of(first))["work"] == "idle"

            async with hearing(stack, "submitted") as reached:
                second = await stack.insert("A lighthouse blinks twice")
                await reached()
            pair.primary.kill()
            address.lead_to(socket_of(pair.standby))
            await one.until_it_says("the engine stopped (ReadOnlySqlTransaction)", times=2)
            await asyncio.to_thread(pair.promote)
            await until_heard(stack)
            third = await stack.insert("A lighthouse blinks thrice")

            assert (await stack.end_of(second))["work"] == "idle"
            assert (await stack.end_of(third))["work"] == "idle"
            assert (await stack.end_of(first))["shows"] == "final"
            assert len([order for order in await stack.submits() if "lighthouse" in order]) == 3
            assert one.process.returncode is None
