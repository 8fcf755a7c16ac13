"""Processes forked from one that has imported everything: a start takes milliseconds, and not most of a second.

One such server for each pytest process; it starts with the first that is asked for. It decides nothing about what
runs in them, and whoever must see a cold start starts an interpreter instead.
"""

import multiprocessing

forking = multiprocessing.get_context("forkserver")
forking.set_forkserver_preload(
    [
        "tests.authorities",
        "tests.cli.becoming",
        "tests.crashes.processes",
        # What commands import only where it is used.
        "cli.costs",
        "cli.database",
        "cli.emulator",
        "cli.limits",
        "cli.make",
        "cli.models",
        "cli.placeholders",
        "cli.rerender.command",
        "cli.sheet",
        "cli.status",
        # What processes of ours do, and what others do: half of a start's work.
        "anyio._backends._asyncio",
        "h2.connection",
        "httpcore._backends.anyio",
        "imageio_ffmpeg",
        "pipeline.ffmpeg.transcoder",
        "procrastinate.builtin_tasks",
        "procrastinate.worker",
        "storage.buckets.disk",
        "uvicorn.lifespan.on",
        "uvicorn.protocols.http.auto",
    ]
)
