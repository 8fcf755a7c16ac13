"""Has clips rendered in threads and keeps their files, like fal's CDN. Knows no queue and no HTTP."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from local.fal.endpoints import ClipRequest

Render = Callable[[ClipRequest], bytes]
"""Makes a whole mp4; called in a thread, several at a time."""


@dataclass(frozen=True)
class Footage:
    """A stored clip; `size` in bytes."""

    name: str
    size: int


class Studio:
    """Renders into a folder that its maker removes; clips stay as long as the folder does."""

    def __init__(self, *, render: Render, executor: Executor, folder: Path, new_id: Callable[[], str]) -> None:
        self._render = render
        self._executor = executor
        self._folder = folder
        self._new_id = new_id
        self._names: set[str] = set()

    async def film(self, request: ClipRequest) -> Footage:
        """Render and store one clip. Raises whatever the renderer raises."""
        name = f"{self._new_id()}.mp4"
        size = await asyncio.get_running_loop().run_in_executor(self._executor, self._shoot, request, name)
        self._names.add(name)
        return Footage(name, size)

    def file(self, name: str) -> Path | None:
        """The file of that name, None if there never was one."""
        return self._folder / name if name in self._names else None

    def _shoot(self, request: ClipRequest, name: str) -> int:
        return (self._folder / name).write_bytes(self._render(request))
