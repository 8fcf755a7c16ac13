"""The long-running processes: a worker, and the functions' server. Each ends cleanly on SIGTERM and Ctrl-C."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext

import click

from cli.logs import log_to_stderr
from functions.settings import from_environment

_KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than callers and balancers do (60 at most), for one that both
ends close at once loses a request."""


def end_with_parent() -> None:
    """From now on, closing standard input is a SIGTERM: the parent holds its other end, and may be killed."""

    def watch() -> None:
        while os.read(0, 1024):  # not sys.stdin: its lock would be held while the interpreter ends
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def run_until_told(main: Callable[[], Awaitable[None]]) -> None:
    """Run it until it ends or a signal cancels it; being told to stop is no error."""

    async def run() -> None:
        task = asyncio.ensure_future(main())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    asyncio.run(run())


def run_worker_process() -> None:
    """Run a worker until told to stop. Raises `BadSetting`, and `StoreUnavailable` where no database answers."""
    from functions.jobs import run_worker  # noqa: PLC0415 - the engine, which the server does not need
    from functions.services import open_media, open_services  # noqa: PLC0415

    settings = from_environment()

    async def work() -> None:
        async with open_services(settings) as services, open_media(services) as media:
            await run_worker(services, media)

    log_to_stderr()
    run_until_told(work)


def run_server_process(*, host: str, port: int, fd: int | None) -> None:
    """Serve until told to stop. Raises as the worker does, and `PortTakenError`."""
    import uvicorn  # noqa: PLC0415 - only here

    from functions.services import Services, open_services  # noqa: PLC0415
    from local.gateway import create_gateway  # noqa: PLC0415
    from local.serving import Server, serve_until_cancelled  # noqa: PLC0415

    settings = from_environment()

    async def serve() -> None:
        async with open_services(settings) as services:
            opened: AbstractAsyncContextManager[Services] = nullcontext(services)
            app = create_gateway(settings, lambda: opened)
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=10,
                timeout_keep_alive=_KEEP_ALIVE,
            )
            with _listener(host, port, fd) as listener:
                await serve_until_cancelled(Server(config), listener)

    log_to_stderr()
    run_until_told(serve)


def _listener(host: str, port: int, fd: int | None) -> socket.socket:
    from local.sockets import listen  # noqa: PLC0415

    if fd is not None:
        return socket.socket(fileno=fd)
    try:
        return listen(port, exact=True, host=host)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}: {error.strerror or error}") from error
