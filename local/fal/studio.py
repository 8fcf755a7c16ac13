"""Has clips rendered in threads. Knows no queue, no files and no HTTP.

Equal requests are rendered once: a renderer gives equal bytes for them, and a flood of equal requests, which
tests like to send, would otherwise measure nothing but the renderer.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor

from local.fal.endpoints import ClipRequest

Render = Callable[[ClipRequest], bytes]
"""Makes a whole mp4; called in a thread, several at a time; equal requests, equal bytes."""

KEPT = 64
"""Clips kept for equal requests; the newest."""


class Studio:
    """Renders; all methods belong to the event loop's thread."""

    def __init__(self, *, render: Render, executor: Executor) -> None:
        self._render = render
        self._executor = executor
        self._clips: OrderedDict[ClipRequest, asyncio.Future[bytes]] = OrderedDict()

    async def film(self, request: ClipRequest) -> bytes:
        """The clip asked for. Raises whatever the renderer raises."""
        clip = self._clips.get(request)
        if clip is None or (clip.done() and (clip.cancelled() or clip.exception() is not None)):
            clip = asyncio.get_running_loop().run_in_executor(self._executor, self._render, request)
            self._clips[request] = clip
            if len(self._clips) > KEPT:
                self._clips.popitem(last=False)
        # shielded: a caller that goes away must not take the clip from the others
        return await asyncio.shield(clip)
