"""Values that tests of the stores hand around, with consistent defaults: a test names only what matters to it."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pipeline.model import Clip, Delivery, Failure, Parameters, PlannedShot, PlannedTake, Prompt, StoredRendition
from tests.conftest import Clock

LEASE = timedelta(seconds=60)
TABLE = "public.stories"
PARAMETERS = Parameters(frames=12, steps=4, guidance=3.0, motion_scale=1.2, width=512, height=512, fps=8)
CLIP = Clip("https://provider.example/clip.mp4")
PASSING = Failure("provider_error", "the runner crashed", permanent=False)
PERMANENT = Failure("no_clip", "no", permanent=True)


def shot(
    key: str = "whale", *, preview: str | None = None, estimate: str = "0.01", endpoint: str = "fal-ai/one"
) -> PlannedShot:
    """A shot that wants the take of that key, and perhaps the one of another as its preview."""
    final = wanted(key, estimate=estimate, endpoint=endpoint)
    return PlannedShot(final, wanted(preview) if preview else None)


def wanted(key: str, *, estimate: str = "0.01", endpoint: str = "fal-ai/one") -> PlannedTake:
    """The take of that key."""
    return PlannedTake(
        take_key=key,
        model="lightning",
        parameters=PARAMETERS,
        prompt=Prompt(f"A scene of {key}", "blurry"),
        seed=7,
        emulated=True,
        provider="fal",
        endpoint=endpoint,
        estimate=Decimal(estimate),
    )


def delivery(
    clock: Clock,
    outcome: Clip | Failure | None,
    *,
    request_id: str,
    body: str = "{}",
    gateway_request_id: str | None = None,
) -> Delivery:
    """A verified POST; another body makes it another delivery."""
    digest = hashlib.sha256(body.encode()).hexdigest()
    return Delivery(request_id, outcome, body, digest, clock(), gateway_request_id)


def renditions(key: str) -> tuple[StoredRendition, ...]:
    """What a transcoder makes of one original."""
    size: dict[str, Any] = {"bytes": 1, "width": 512, "height": 512}
    return (
        StoredRendition("video", f"{key}/video.mp4", "video/mp4", blurhash=None, **size),
        StoredRendition("poster", f"{key}/poster.jpg", "image/jpeg", blurhash="LEHV6nWB2yk8", **size),
        StoredRendition("preview", f"{key}/preview.webp", "image/webp", blurhash=None, **size),
    )
