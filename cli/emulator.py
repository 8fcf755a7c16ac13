"""`storyreel emulator`: the fal emulator with our renderer in it."""

import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from cli.options import seconds_range
from cli.processes import log_to_stderr, run_until_told
from local.fal.emulator import serve
from local.fal.endpoints import ClipRequest
from local.fal.knobs import Knobs
from local.renderer import render_clip


def run_emulator(
    *,
    host: str,
    port: int,
    fd: int | None,
    latency: str,
    concurrency: int,
    failure_rate: float,
    loss_rate: float,
    seed: int,
) -> None:
    """Serve until told to stop."""
    knobs = Knobs(
        latency=seconds_range(latency),
        concurrency=concurrency,
        failure_rate=failure_rate,
        loss_rate=loss_rate,
        seed=seed,
    )
    log_to_stderr()

    listener = socket.socket(fileno=fd) if fd is not None else None

    async def run() -> None:
        await serve(host=host, port=port, knobs=knobs, render=draw, ready=_say_ready, listener=listener)

    try:
        run_until_told(run)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from error


def draw(request: ClipRequest) -> bytes:
    """The clip for a request, as an mp4."""
    with TemporaryDirectory(prefix="storyreel-") as folder:
        file = Path(folder) / "clip.mp4"
        render_clip(
            file,
            text=request.text,
            seed=request.seed,
            width=request.width,
            height=request.height,
            frames=request.frames,
            fps=request.fps,
        )
        return file.read_bytes()


def _say_ready(url: str) -> None:
    click.echo(
        f"the fal emulator runs at {url}\n\n  export STORYREEL_FAL_QUEUE_URL='{url}' FAL_KEY='emulator:local'"
    )
