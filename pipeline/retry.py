"""When to try again, and when to stop. Pure: arithmetic on counts and times, jitter as an argument.

The numbers are ours; each says what it is derived from.
"""

from datetime import datetime, timedelta

MAX_RENDERS = 3
"""Renders per take, the first included. A third that fails says the fault is not passing."""

MAX_RENDERS_AFTER_LOSS = 2
"""Renders per take once a submit's answer was lost: one double payment at most, never a third."""

MAX_STEP_TRIES = 5
"""Starts of a step in a row that come to no end: whatever kills its worker would do so again."""

SUSPECT_TRIES = 2
"""Such starts after which a step is begun only while no other such one is: it may be what kills the workers."""

MAX_STEP_FAILURES = 20
"""Failed ends of `fetch` or `finish` per clip: over an hour with the shortest delays. The clip is paid for."""

MAX_MISSES = 3
"""Failed ends of `fetch` after which a clip counts as gone: a fresh one may not have reached every server yet."""

MAX_UNKNOWN_TRIES = 9
"""Admissions after which a render fails if its model is not known: over ten minutes with the shortest delays.

So long may workers of two releases run side by side while a deployment rolls; a take has `MAX_RENDERS` of them.
"""

COMEBACKS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How long a take that failed in a way that can pass waits to be begun again by itself; then a person must ask.

From a provider's bad quarter of an hour to its bad day. Each may bring `MAX_RENDERS` more; none was billed before.
"""

_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(minutes=10)
_LONGEST_TOLD = timedelta(hours=1)  # whoever says to come back later than that is asked sooner


def backoff(failures: int, *, jitter: float, retry_after: float | None = None) -> timedelta:
    """How long to wait after so many failures: doubling from 5 s to 10 min, at least `retry_after` seconds.

    Of those an hour at most. `jitter` in [0, 1) spreads equal failures over the upper half of the delay, so that
    they do not return together.
    """
    doublings: int = min(max(failures - 1, 0), 10)
    doubled = _FIRST_DELAY * (1 << doublings)
    delay = min(doubled, _LONGEST_DELAY) * (0.5 + jitter / 2)
    return max(delay, min(timedelta(seconds=retry_after or 0.0), _LONGEST_TOLD))


def pause(pauses: int, *, jitter: float, retry_after: float | None = None) -> timedelta:
    """How long to begin nothing at a provider that takes nothing, after so many pauses in a row."""
    return backoff(pauses + 1, jitter=jitter, retry_after=retry_after)


def comeback(comebacks: int, *, jitter: float) -> timedelta | None:
    """How long a take that failed waits to be begun again, after so many times; None: it is not.

    `jitter` in [0, 1) adds up to a quarter: what failed together must not come back together.
    """
    if comebacks >= len(COMEBACKS):
        return None
    return COMEBACKS[comebacks] * (1 + jitter / 4)


def comeback_at(comebacks: int, *, now: datetime, jitter: float) -> datetime | None:
    """When a take that failed now is begun again by itself; None: it is not."""
    wait = comeback(comebacks, jitter=jitter)
    return None if wait is None else now + wait
