"""Has clips and stills drawn in threads. Knows no queue, no files and no HTTP.

Equal requests are drawn once: a renderer gives equal bytes for them, and a flood of equal requests, which tests
like to send, would otherwise measure nothing but the renderer.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor

from local.fal.models.film import Drawing

Render = Callable[[Drawing], bytes]
"""Makes a whole mp4, PNG or JPEG; called in a thread, several at a time; equal requests, equal bytes."""

KEPT = 64
"""Drawings kept for equal requests; the newest."""


class Studio:
    """Draws; all methods belong to the event loop's thread."""

    def __init__(self, *, render: Render, executor: Executor) -> None:
        self._render = render
        self._executor = executor
        self._drawn: OrderedDict[Drawing, asyncio.Future[bytes]] = OrderedDict()

    async def draw(self, drawing: Drawing) -> bytes:
        """The file asked for. Raises whatever the renderer raises."""
        file = self._drawn.get(drawing)
        if file is None or (file.done() and (file.cancelled() or file.exception() is not None)):
            file = asyncio.get_running_loop().run_in_executor(self._executor, self._render, drawing)
            self._drawn[drawing] = file
            if len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        # shielded: a caller that goes away must not take the file from the others
        return await asyncio.shield(file)
