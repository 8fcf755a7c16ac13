"""A worker that was told to stop hands its take back, and is killed over that: another has it soon or at once."""

import pytest

from tests.crashes.failpoints import point
from tests.crashes.handles import Dead, starting
from tests.crashes.processes import work_until_stopped
from tests.crashes.scenarios import FINAL, STOP
from tests.crashes.site import Site


@pytest.mark.parametrize("step", ["source.download", "transcoder.transcode"])
@pytest.mark.parametrize("at", STOP)
async def test_a_worker_dies_over_handing_back(site: Site, at: str, step: str) -> None:
    """Told to stop in the middle of a step, it dies: the clip is not lost, and was ordered once."""
    story = await site.tell()
    told = site.told(point(f"{step}:hang"), point(at))
    async with starting(work_until_stopped, told) as worker:
        assert await worker.hear() == point(f"{step}:hang")
        worker.stop()
        with pytest.raises(Dead, match=at):
            await worker.hear()
    await site.work_once()
    assert (await site.ending(story) == FINAL) == (at == "takes.hand_back:after"), "handed back: no lease runs"

    await site.live_on()
    assert await site.ending(story) == FINAL
    assert await site.paid() == 1
    await site.adds_up()
