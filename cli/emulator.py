"""`storyreel emulator`: the fal emulator with our renderer in it, and what to tell each of fal's clients."""

import datetime as dt
import json
import secrets
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import click

from cli.logs import log_to_stderr
from cli.options import STATE_FOLDER, seconds_range
from cli.processes import run_until_told
from cli.say import say
from local.fal.certificate import keep_certificate
from local.fal.clips import Clips
from local.fal.clock import MovableClock
from local.fal.emulator import Emulator
from local.fal.faults import Fault, read_faults
from local.fal.knobs import Knobs
from local.fal.models.catalogue import Catalogue
from local.fal.models.film import Drawing, StillRequest
from local.fal.models.folder import open_catalogue
from local.fal.server import Door, Tls, open_listener
from local.fal.studio import Render
from local.renderer import render_clip, render_still
from pipeline.errors import BadSetting

CERTIFICATE_FOLDER = Path(STATE_FOLDER, "emulator")
"""In the folder where the command is run; it outlives the command."""

KEY = "emulator:local"
"""What the printed lines set as FAL_KEY; any key will do unless one is asked for."""


@dataclass(frozen=True)
class EmulatorOptions:
    """The command's options; `tls_port` None: plain HTTP only."""

    host: str
    port: int
    tls_port: int | None
    latency: str
    concurrency: int
    failure_rate: float
    loss_rate: float
    seed: int
    key: str | None
    faults: Path | None
    models: Path | None
    clips: Path | None
    record: int


def run_emulator(options: EmulatorOptions) -> None:
    """Serve until told to stop, by HTTP and HTTPS.

    Raises `click.ClickException` and `BadSetting` for options that will not do, before anything is served.
    """
    emulator = _emulator(options)
    if options.port == options.tls_port:
        raise click.ClickException(f"--port and --tls-port are both {options.port}: HTTPS needs its own")
    doors = [Door(_listen(options.host, options.port, "--port"))]
    tls = None
    if options.tls_port is not None:
        listener = _listen(options.host, options.tls_port, "--tls-port")
        tls = _certificate(options.host)
        doors.append(Door(listener, tls))
    log_to_stderr()
    run_until_told(lambda: emulator.serve_doors(doors, ready=lambda: say(*_welcome(options, tls))))


def serve_inherited(listener: socket.socket, options: EmulatorOptions) -> None:
    """Serve by plain HTTP on a socket that the parent process listens on."""
    emulator = _emulator(options)
    log_to_stderr()
    run_until_told(lambda: emulator.serve_doors([Door(listener)], ready=lambda: None))


def draw(drawing: Drawing) -> bytes:
    """What a request asks for, as the bytes of its file."""
    if isinstance(drawing, StillRequest):
        return render_still(
            text=drawing.text,
            seed=drawing.seed,
            width=drawing.width,
            height=drawing.height,
            format=drawing.format,
        )
    with TemporaryDirectory(prefix="storyreel-") as folder:
        file = Path(folder) / "clip.mp4"
        render_clip(
            file,
            text=drawing.text,
            seed=drawing.seed,
            width=drawing.width,
            height=drawing.height,
            frames=drawing.frames,
            fps=drawing.fps,
            loop_frames=drawing.loop_frames,
        )
        return file.read_bytes()


def _emulator(options: EmulatorOptions) -> Emulator:
    if options.key is not None and not options.key.strip():
        raise click.ClickException("--key is empty; without the option any key is accepted")
    return Emulator(
        knobs=Knobs(
            latency=seconds_range(options.latency),
            concurrency=options.concurrency,
            failure_rate=options.failure_rate,
            loss_rate=options.loss_rate,
            seed=options.seed,
        ),
        render=draw if options.clips is None else _render(options.clips),
        clock=MovableClock(),
        key_seed=secrets.token_bytes(32),
        new_id=lambda: str(uuid4()),
        key=options.key,
        faults=() if options.faults is None else _faults(options.faults),
        catalogue=_catalogue(options.models),
        names=[options.host],
        record=options.record,
    )


def _render(folder: Path) -> Render:
    try:
        clips = Clips(folder)
    except BadSetting as error:
        raise BadSetting(f"--clips {folder}: {error}") from error
    return lambda drawing: draw(drawing) if isinstance(drawing, StillRequest) else clips.choose(drawing)


def _faults(file: Path) -> tuple[Fault, ...]:
    try:
        return read_faults(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadSetting) as error:
        raise BadSetting(f"--faults {file}: {error}") from error


def _catalogue(folder: Path | None) -> Catalogue:
    try:
        return open_catalogue(folder)
    except BadSetting as error:
        raise BadSetting(f"--models {folder}: {error}") from error


def _listen(host: str, port: int, option: str) -> socket.socket:
    try:
        return open_listener(host, port)
    except OSError as error:
        # Python may add to the reason what was being done, which the sentence says already
        reason, *_ = str(error.strerror).partition(" (")
        raise click.ClickException(f"{option}: cannot listen on {host}:{port}: {reason}") from error


def _certificate(host: str) -> Tls:
    try:
        # an absolute path: it is printed for shells that stand elsewhere
        return keep_certificate(CERTIFICATE_FOLDER.absolute(), now=dt.datetime.now(dt.UTC), more_hosts=[host])
    except OSError as error:
        raise click.ClickException(
            f"cannot keep a certificate in {CERTIFICATE_FOLDER}: {error.strerror}; --no-tls needs none"
        ) from error


def _welcome(options: EmulatorOptions, tls: Tls | None) -> list[str]:
    """The addresses, and for each client the lines that point it here. No line is wrapped: they are pasted."""
    key = options.key or KEY
    url = f"http://{_reached(options.host, local='127.0.0.1')}:{options.port}"
    lines = [
        f"The fal emulator runs at {url}",
        "Open it in a browser to see what comes in. Ctrl-C ends it.",
        "",
        "Storyreel:",
        f"  export FAL_KEY={shlex.quote(key)} STORYREEL_FAL_QUEUE_URL={url}",
        "",
        "JavaScript, @fal-ai/client:",
        f"  fal.config({{ credentials: {json.dumps(key)},",
        f'               proxyUrl: {{ url: "{url}", when: "always" }} }})',
    ]
    if tls is not None:
        # by name, not by address: what TLS wants to see is in the certificate
        host = f"{_reached(options.host, local='localhost')}:{options.tls_port}"
        lines += [
            "",
            "Python, fal_client and fal.apps, which speak HTTPS only:",
            f"  export FAL_KEY={shlex.quote(key)}",
            f"  export SSL_CERT_FILE={shlex.quote(str(tls.certificate))}",
            f"  export FAL_QUEUE_RUN_HOST={host} FAL_RUN_HOST={host}/run",
            f"  export FAL_WS_RUN_HOST={host}/ws FAL_REST_HOST={host}/rest",
        ]
    return [*lines, "", f"The key that signs webhooks: {url}/.well-known/jwks.json"]


def _reached(host: str, *, local: str) -> str:
    """How a program on this machine reaches what listens on that host."""
    return local if host in {"127.0.0.1", "0.0.0.0"} else host  # noqa: S104 - compared, not bound
