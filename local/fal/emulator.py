"""fal's queue on a port of its own: joins the parts, opens and closes what they need. Decides nothing.

The one place of this package that knows all others. Everything lives inside `Emulator.serve`; cancelling that
ends every task, thread, connection and file of it.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx

from local.fal.clock import Clock, WallClock
from local.fal.delivery import Courier
from local.fal.desk import Desk
from local.fal.journal import Journal
from local.fal.knobs import Knobs, Overrides
from local.fal.queue import Queue
from local.fal.routes import Routes
from local.fal.runner import Runner
from local.fal.server import Tls, open_listener, serve_app
from local.fal.studio import Render, Studio
from local.fal.webhooks import Signer

USER_ID = "emulator"
"""Who webhooks say the account is; the form of fal's own ids is unconfirmed."""


class Emulator:
    """One emulated fal account. `journal` may be read while it serves."""

    def __init__(
        self,
        *,
        knobs: Knobs,
        render: Render,
        clock: Clock,
        key_seed: bytes,
        new_id: Callable[[], str],
        key: str | None = None,
    ) -> None:
        """`key_seed`: 32 bytes for the signing key. `key`: the only credential accepted, None for any."""
        self.journal = Journal()
        self._knobs = knobs
        self._render = render
        self._clock = clock
        self._signer = Signer(key_seed, user_id=USER_ID)
        self._new_id = new_id
        self._key = key
        self._scripts: dict[int, Overrides] = {}

    def script(self, nth_submit: int, overrides: Mapping[str, Any]) -> None:
        """Override the nth submit (from 1) to a known endpoint; its own `x-emulator` header goes before.

        Raises pydantic's ValidationError for a bad override.
        """
        self._scripts[nth_submit] = Overrides.model_validate(overrides)

    async def serve(
        self,
        *,
        host: str,
        port: int,
        ready: Callable[[str], None] | None = None,
        tls: Tls | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        """Serve until cancelled. Port 0 takes a free one, a `listener` replaces both; `ready` is told the URL.

        Raises OSError if the port is taken.
        """
        listener = listener or open_listener(host, port)
        url = f"{'https' if tls else 'http'}://{host}:{listener.getsockname()[1]}"
        async with AsyncExitStack() as stack:
            stack.callback(listener.close)
            routes = await self._open(stack)
            await serve_app(routes.app(), listener, tls=tls, ready=lambda: None if ready is None else ready(url))

    async def _open(self, stack: AsyncExitStack) -> Routes:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="storyreel-fal-")))
        executor = ThreadPoolExecutor(self._knobs.concurrency, thread_name_prefix="render")
        # in a thread, because a render under way has to end first and may take seconds
        stack.push_async_callback(asyncio.to_thread, executor.shutdown, cancel_futures=True)
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())

        queue = Queue(concurrency=self._knobs.concurrency)
        studio = Studio(render=self._render, executor=executor, folder=folder, new_id=self._new_id)
        courier = Courier(
            http=http, clock=self._clock, signer=self._signer, knobs=self._knobs, note=self.journal.attempted
        )
        runner = Runner(queue=queue, clock=self._clock, studio=studio, courier=courier, spawn=tasks.create_task)
        desk = Desk(
            queue=queue,
            runner=runner,
            clock=self._clock,
            knobs=self._knobs,
            scripts=self._scripts,
            key=self._key,
            new_id=self._new_id,
        )
        return Routes(
            desk=desk,
            queue=queue,
            studio=studio,
            signer=self._signer,
            journal=self.journal,
            clock=self._clock,
        )


async def serve(
    *,
    host: str,
    port: int,
    knobs: Knobs,
    render: Render,
    ready: Callable[[str], None] | None = None,
    key_seed: bytes | None = None,
    key: str | None = None,
    listener: socket.socket | None = None,
) -> None:
    """Run an `Emulator` in real time until cancelled. Without `key_seed` the signing key is new."""
    emulator = Emulator(
        knobs=knobs,
        render=render,
        clock=WallClock(),
        key_seed=key_seed or secrets.token_bytes(32),
        new_id=lambda: str(uuid4()),
        key=key,
    )
    await emulator.serve(host=host, port=port, ready=ready, listener=listener)
