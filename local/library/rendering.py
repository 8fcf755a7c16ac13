"""Has the provider of AI clips render a library's clips, through the pipeline itself: what was paid for once is
found again, whoever was cut off meanwhile. The workers do the work; this asks, waits, and takes the clip from the
bucket.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from functions.services import Services
from local.library.description import BadLibrary, PaidClip
from local.library.loops import Loop
from local.library.publishing import taken
from pipeline.boxes import shape_of
from pipeline.model import PlannedTake, RevisionToPlan
from pipeline.models import find_model
from pipeline.orders import Orders
from pipeline.parameters import read_given
from pipeline.ports import Bucket
from pipeline.prompts import TemplateWriter
from storage.overview import NO_WORKER
from storage.rerenders import PostgresRerenders
from storage.stories import Kind, VideoView

SOURCE = "placeholders"
"""The `source_table` of the videos that these clips are asked for as."""

_LOOK_SECONDS = 0.25
_AT_WORK = {"working", "held"}


@dataclass(frozen=True)
class Quote:
    """What a clip will probably cost, in US dollars: nothing where it was asked for before.

    `shares` is an earlier loop of the library that is made from the same clip, and pays for it.
    """

    loop: Loop
    model: str
    dollars: Decimal
    shares: Loop | None


async def quotes(services: Services, loops: Sequence[Loop]) -> list[Quote]:
    """What rendering the clips of these loops will probably cost."""
    generator, clock = services.generator, services.clock
    since = clock() - services.timing.missing_endpoint
    missing = await services.stores.plans.missing_endpoints(generator.provider, since=since)
    orders = Orders(generator, missing, previews=False)
    takes = [(loop, take) for loop in loops for take in await _takes(orders, _paid(loop))]
    there = await taken(services.database, [take.take_key for _, take in takes])
    return _quotes(takes, there)


def _quotes(takes: Sequence[tuple[Loop, PlannedTake]], there: Collection[str]) -> list[Quote]:
    found, payers = list[Quote](), dict[str, Loop]()
    for loop, take in takes:
        free = take.take_key in there
        payer = loop if free else payers.setdefault(take.take_key, loop)
        costs = not free and payer is loop
        found.append(
            Quote(loop, take.model, take.estimate if costs else Decimal(0), None if payer is loop else payer)
        )
    return found


async def obtain(
    services: Services, bucket: Bucket, loop: Loop, file: Path, *, tell: Callable[[str], None]
) -> None:
    """Ask for the clip where nobody has, wait for it, and write it to the file.

    Raises `BadLibrary` where there will be no clip.
    """
    clip, source_id = _paid(loop), _source_id(services, loop)
    if not await _ask(services, clip, source_id, kind="first"):
        earlier = await _find(services, source_id)
        if earlier.shows != "final" and earlier.work not in _AT_WORK:
            await _ask(services, clip, source_id, kind="rerender")
    tell(f"waiting for {loop.place}: {clip.prompt[:60]}")
    video = await _wait(services, source_id, lambda sentence: tell(f"{loop.place}: {sentence}"))
    if video.shows != "final" or video.path is None:
        raise BadLibrary(f"{loop.place} could not be rendered ({video.reason}): {video.message}")
    await bucket.get(video.path, file)


async def _wait(services: Services, source_id: str, warn: Callable[[str], None]) -> VideoView:
    """The video once nobody works at it. `warn` hears it once where nobody seems to be there to do so."""
    clock, patience = services.clock, services.timing.plan_lease
    since, warned = clock(), False
    while (video := await _find(services, source_id)).work in _AT_WORK:
        if not warned and clock() - since >= patience:
            since, warned = clock(), not await PostgresRerenders(services.database).worker_runs()
            if warned:
                warn(f"nothing has come for {patience.total_seconds():g} s, and {NO_WORKER}")
        await asyncio.sleep(_LOOK_SECONDS)
    return video


async def _ask(services: Services, clip: PaidClip, source_id: str, *, kind: Kind) -> bool:
    given, model = read_given(clip.parameters), find_model(clip.model)
    asked = services.generator.check(model, given)
    return await services.stores.stories.request(
        SOURCE,
        source_id,
        clip.prompt,
        kind=kind,
        model=clip.model,
        seed=clip.seed,
        parameters=given,
        shape=shape_of(services.generator.aspect_ratio(model.ladder[0], asked)),
        preview=False,
    )


async def _find(services: Services, source_id: str) -> VideoView:
    video = await services.stores.stories.find(SOURCE, source_id, now=services.clock())
    assert video is not None, "it was asked for"
    return video


async def _takes(orders: Orders, clip: PaidClip) -> list[PlannedTake]:
    revision = RevisionToPlan(
        id=UUID(int=0),
        attempt=0,
        story=clip.prompt,
        model=clip.model,
        seed=clip.seed,
        priority=0,
        given=clip.parameters,
    )
    return [orders.shot(revision, prompt).final for prompt in await TemplateWriter().write(clip.prompt)]


def _source_id(services: Services, loop: Loop) -> str:
    """Named for all that the clip is made from: asked for otherwise, it is another one."""
    emulated = "emulated/" if services.generator.emulated else ""
    return f"{emulated}{loop.theme}/{loop.digest}"


def _paid(loop: Loop) -> PaidClip:
    assert isinstance(loop.clip, PaidClip), "no other clip costs anything"
    return loop.clip
