"""A whole fal account on sockets of its own: joins the parts, opens and closes what they need. Decides nothing.

The one place of this package that knows all others. Everything lives inside `Emulator.serve_doors`; cancelling
that ends every task, thread, connection and file of it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from local.fal.account import Account
from local.fal.bell import Bell
from local.fal.calls import Calls
from local.fal.clock import Clock
from local.fal.delivery import Courier
from local.fal.desk import Desk
from local.fal.dispatcher import Dispatcher
from local.fal.faults import Fault, Faults
from local.fal.files import Files
from local.fal.hosts import HostApps, join_hosts
from local.fal.hosts.cdn import CdnHost
from local.fal.hosts.commons import Commons
from local.fal.hosts.console import Console
from local.fal.hosts.noting import Noting
from local.fal.hosts.over_ws import OverWsHost
from local.fal.hosts.queue import QueueHost
from local.fal.hosts.realtime import RealtimeHost
from local.fal.hosts.rest import RestHost
from local.fal.hosts.run import RunHost
from local.fal.journal import LIMIT, Journal
from local.fal.knobs import Knobs
from local.fal.models.catalogue import Catalogue
from local.fal.models.folder import open_catalogue
from local.fal.orders import Orders
from local.fal.queue import Job, Queue
from local.fal.runner import Runner
from local.fal.server import Door, open_listener, serve_app
from local.fal.studio import Render, Studio
from local.fal.uploads import Uploads
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
        faults: Sequence[Fault] = (),
        catalogue: Catalogue | None = None,
        names: Collection[str] = (),
        record: int = LIMIT,
    ) -> None:
        """`key_seed`: 32 bytes for the signing key. `key`: the only credential accepted, None for any.

        `catalogue` None means the packaged models. `names`: hosts by which what is the emulator's own may be asked
        for, beside those that no stranger can own. `record`: how many calls and requests are kept for looking at.
        """
        self.journal = Journal(limit=record)
        self._knobs = knobs
        self._render = render
        self._clock = clock
        self._signer = Signer(key_seed, user_id=USER_ID)
        self._new_id = new_id
        self._key = key
        self._faults = Faults(faults, seed=knobs.seed)
        self._catalogue = catalogue or open_catalogue(None)
        self._names = names

    def script(self, nth_request: int, overrides: Mapping[str, Any]) -> None:
        """Override the nth request (from 1) to a known endpoint; its own `x-emulator` header goes before.

        Raises pydantic's ValidationError for a bad override.
        """
        self._faults.add(Fault.model_validate({**overrides, "request": nth_request}))

    async def serve(self, *, host: str, port: int, ready: Callable[[str], None] = lambda _: None) -> None:
        """Serve plain HTTP until cancelled. Port 0 takes a free one; `ready` is told the URL.

        Raises OSError if the port is taken.
        """
        listener = open_listener(host, port)
        url = f"http://{host}:{listener.getsockname()[1]}"
        await self.serve_doors([Door(listener)], ready=lambda: ready(url))

    async def serve_doors(self, doors: Sequence[Door], *, ready: Callable[[], None]) -> None:
        """Serve one account through several sockets until cancelled, and close them."""
        async with AsyncExitStack() as stack:
            for door in doors:
                stack.callback(door.listener.close)
            app, dispatcher = await self._open(stack)
            await serve_app(app, doors, ready=ready, stopping=dispatcher.stop)

    async def _open(self, stack: AsyncExitStack) -> tuple[ASGIApp, Dispatcher]:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="storyreel-fal-")))
        executor = ThreadPoolExecutor(self._knobs.concurrency, thread_name_prefix="render")
        # in a thread, because a render under way has to end first and may take seconds
        stack.push_async_callback(asyncio.to_thread, executor.shutdown, cancel_futures=True)
        # no limit of connections: receivers that are slow must not keep those of others from being asked
        limits = httpx.Limits(max_connections=None)
        transport = httpx.AsyncHTTPTransport(trust_env=False, limits=limits)
        await stack.enter_async_context(transport)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())

        bell = Bell()
        queue = Queue(concurrency=self._knobs.concurrency, changed=self._on_change(bell))
        files = Files(folder, new_id=self._new_id)
        studio = Studio(render=self._render, executor=executor)
        runner = Runner(catalogue=self._catalogue, clock=self._clock, studio=studio, files=files)
        courier = Courier(
            transport=transport,
            clock=self._clock,
            signer=self._signer,
            knobs=self._knobs,
            note=self.journal.attempted,
        )
        dispatcher = Dispatcher(
            queue=queue,
            clock=self._clock,
            runner=runner,
            courier=courier,
            spawn=tasks.create_task,
            new_id=self._new_id,
        )
        app = self._hosts(bell=bell, queue=queue, files=files, runner=runner, dispatcher=dispatcher)
        return app, dispatcher

    def _on_change(self, bell: Bell) -> Callable[[Job], None]:
        def changed(job: Job) -> None:
            self.journal.changed(job)
            bell.ring()

        return changed

    def _hosts(self, *, bell: Bell, queue: Queue, files: Files, runner: Runner, dispatcher: Dispatcher) -> ASGIApp:
        account = Account(key=self._key, new_secret=self._new_id)
        orders = Orders(catalogue=self._catalogue, knobs=self._knobs, faults=self._faults)
        calls = Calls(
            account=account,
            orders=orders,
            dispatcher=dispatcher,
            runner=runner,
            clock=self._clock,
            note=self.journal.changed,
        )
        desk = Desk(
            account=account,
            queue=queue,
            dispatcher=dispatcher,
            orders=orders,
            clock=self._clock,
            new_id=self._new_id,
        )
        run = RunHost(account=account, calls=calls, clock=self._clock, new_id=self._new_id)
        realtime = RealtimeHost(account=account, calls=calls, clock=self._clock, new_id=self._new_id)
        over_ws = OverWsHost(account=account, calls=calls, clock=self._clock, new_id=self._new_id)
        uploads = Uploads(new_id=self._new_id)
        cdn = CdnHost(account=account, files=files, uploads=uploads, clock=self._clock)
        commons = Commons(account=account, files=files, signer=self._signer, clock=self._clock)
        console = Console(
            account=account,
            catalogue=self._catalogue,
            journal=self.journal,
            clock=self._clock,
            names=self._names,
        )
        return join_hosts(
            HostApps(
                queue=QueueHost(desk=desk, bell=bell).app(),
                run=run.app(realtime.route()),
                over_ws=over_ws.app(),
                rest=RestHost(account=account, files=files, uploads=uploads, clock=self._clock).app(),
                cdn=cdn.app(),
                everywhere=(*commons.routes(), *cdn.part_routes()),
                ours=tuple(console.routes()),
            ),
            noting=Middleware(Noting, journal=self.journal, clock=self._clock),
        )
