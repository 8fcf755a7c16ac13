"""`storyreel up|worker|serve|emulator`: what runs until it is told to stop."""

from typing import Any

import click

from cli.commands.options import FILE, FOLDER, LATENCY, PORT


@click.command(short_help="Run everything on this machine until Ctrl-C.")
@PORT
@LATENCY
def up(port: int | None, latency: str | None) -> None:
    """Run everything on this machine until Ctrl-C: database, bucket, functions, worker, emulator."""
    from cli.up import run_stack  # noqa: PLC0415

    run_stack(port=port, latency=latency)


@click.command(short_help="Run the steps; start as many as you like.")
def worker() -> None:
    """Run the steps: plan, admit, fetch, finish, reconcile. Start as many as you like, anywhere."""
    from cli.processes import run_worker_process  # noqa: PLC0415

    run_worker_process()


@click.command(short_help="Serve the functions over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=54321, show_default=True)
@click.option("--fd", type=int, hidden=True, help="Serve on this inherited socket instead.")
def serve(host: str, port: int, fd: int | None) -> None:
    """Serve the functions over HTTP, and the bucket where it is a folder."""
    from cli.processes import run_server_process  # noqa: PLC0415

    run_server_process(host=host, port=port, fd=fd)


@click.command(short_help="Run the fal emulator alone.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen there; 0.0.0.0 is everywhere.")
@click.option("--port", type=click.IntRange(1, 65535), default=54331, show_default=True, help="For HTTP.")
@click.option("--tls-port", type=click.IntRange(1, 65535), default=54332, show_default=True, help="For HTTPS.")
@click.option("--no-tls", is_flag=True, help="No HTTPS.")
@click.option("--fd", type=int, hidden=True, help="Serve on this inherited socket instead.")
@click.option("--key", help="Accept this FAL_KEY only; any is accepted otherwise.")
@click.option("--latency", default="2-4", show_default=True, help="Seconds a request runs: 2 or 2-4.")
@click.option("--concurrency", type=click.IntRange(1), default=2, show_default=True, help="So many run at a time.")
@click.option(
    "--failure-rate", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Share that fails."
)
@click.option(
    "--loss-rate", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Share of webhooks lost."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of its dice: equal seeds, equal luck.")
@click.option("--faults", type=FILE, help="A TOML file of what goes wrong, and when.")
@click.option("--models", type=FOLDER, help="More models: JSON schemas, or fal's OpenAPI files.")
@click.option("--clips", type=FOLDER, help="Give mp4 files of this folder instead of drawing clips.")
@click.option(
    "--record", type=click.IntRange(1), default=10_000, show_default=True, help="Calls and requests remembered."
)
def emulator(fd: int | None, no_tls: bool, tls_port: int, **options: Any) -> None:  # noqa: ANN401 - click's
    """Run the fal emulator alone. Every clip is drawn on this machine; nothing is sent anywhere or charged.

    It prints what to set for each of fal's clients, and shows what comes in on a page at its address. Its
    certificate is kept in .storyreel/emulator. More in docs/emulator.md.
    """
    import socket  # noqa: PLC0415

    from cli.emulator import EmulatorOptions, run_emulator, serve_inherited  # noqa: PLC0415

    chosen = EmulatorOptions(tls_port=None if no_tls else tls_port, **options)
    if fd is None:
        run_emulator(chosen)
    else:
        serve_inherited(socket.socket(fileno=fd), chosen)
