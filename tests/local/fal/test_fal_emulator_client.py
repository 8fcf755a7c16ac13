"""The proof: fal's own Python client, unmodified, believes the emulator."""

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.fal.clock import MovableClock
from local.fal.emulator import Emulator
from local.fal.knobs import Knobs
from local.fal.server import Tls
from tests.local.fal.emulated import KEY_SEED, MODEL, Inbox

SESSION = Path(__file__).with_name("fal_client_session.py")


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    """A throw-away certificate for localhost: fal's client speaks https only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    tls = Tls(tmp_path / "certificate.pem", tmp_path / "key.pem")
    tls.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    tls.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return tls


async def run_client(*argv: str, url: str, tls: Tls) -> Any:
    """Run a Python program with fal's client pointed at the emulator; what it prints, as JSON."""
    host = url.removeprefix("https://")
    environment = {
        "FAL_KEY": "id:secret",
        "FAL_RUN_HOST": host,
        "FAL_QUEUE_RUN_HOST": host,
        "SSL_CERT_FILE": str(tls.certificate),
        "HOME": str(tls.key.parent),
    }
    session = await asyncio.create_subprocess_exec(
        sys.executable,
        *argv,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await session.communicate()
    assert session.returncode == 0, err.decode()
    return json.loads(out)


@pytest.fixture
async def served(
    clip_bytes: bytes, tls: Tls, stop_later: Callable[[asyncio.Task[None]], None]
) -> tuple[Emulator, str]:
    """An emulator in real time over TLS, and its URL."""
    emulator = Emulator(
        knobs=Knobs(latency=(0.1, 0.1)),
        render=lambda _: clip_bytes,
        clock=MovableClock(),
        key_seed=KEY_SEED,
        new_id=partial(next, (f"id-{number}" for number in count(1))),
        key="id:secret",
    )
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = emulator.serve(host="localhost", port=0, ready=url.set_result, tls=tls)
    stop_later(asyncio.create_task(serving))
    return emulator, await url


async def test_fals_own_client_believes_the_emulator(served: tuple[Emulator, str], tls: Tls, inbox: Inbox) -> None:
    """Submit with webhook, status, logs, result, cancel, subscribe and every error, as its users would."""
    _, url = served
    told = await run_client(str(SESSION), MODEL, inbox.url, url=url, tls=tls)
    delivered = (await inbox.deliveries.get()).json()

    assert told["first_event"] in {"Queued", "InProgress"}
    assert told["last_event"] == "Completed"
    assert told["logs"][0]["message"].startswith("Started")
    assert told["status_by_id"]["metrics"]["inference_time"] > 0
    assert told["status_by_id"]["error"] is None
    assert told["result"] == told["result_by_id"] == delivered["payload"]
    assert told["result"]["seed"] == 3
    assert told["result"]["video"]["url"].startswith(f"{url}/files/")
    assert delivered["request_id"] == told["request_id"]
    assert told["cancel_too_late"]["status"] == 400
    assert told["subscribed"]["seed"] == 4
    assert told["invalid"]["status"] == 422
    assert told["invalid"]["message"][0]["loc"] == ["body", "num_frames"]
    assert told["unknown"]["status"] == 404
    assert told["queued"] == {"position": 0}
    assert told["refused"] == 503


async def test_a_lost_answer_makes_fals_client_order_twice(served: tuple[Emulator, str], tls: Tls) -> None:
    """fal has no idempotency key: its client repeats the submit, and both jobs are worked on and billed."""
    emulator, url = served
    emulator.script(1, {"drop_submit_answer": True})
    code = f"import fal_client; print('\"' + fal_client.submit('{MODEL}', {{'prompt': 'x'}}).request_id + '\"')"
    told = await run_client("-c", code, url=url, tls=tls)
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=tls.certificate)) as http:
        listing = (await http.get(f"{url}/_emulator/requests")).json()

    assert len(listing["requests"]) == 2
    assert listing["requests"][1]["request_id"] == told
