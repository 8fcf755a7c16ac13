"""`storyreel emulator` as a stranger meets it: what it prints works, what cannot work is said in a sentence."""

import json
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cli.running import assert_sentence, environment, free_port, running, storyreel

_ENDS = 15  # seconds, far more than it takes
_CERTIFICATE = Path(".storyreel", "emulator", "certificate.pem")
_VIDEO = "fal-ai/fast-animatediff/turbo/text-to-video"
_FAL_CLIENT = f"""
import json, fal_client
small = {{"prompt": "a fox", "seed": 3, "num_frames": 1, "video_size": {{"width": 64, "height": 64}}}}
queued = fal_client.subscribe("{_VIDEO}", small)
direct = fal_client.run("{_VIDEO}", small)
*_, streamed = fal_client.stream("{_VIDEO}", small)
print(json.dumps([queued["video"]["url"], direct["video"]["url"], streamed["video"]["url"]]))
"""


@dataclass(frozen=True)
class Told:
    """A running emulator: its ports, and the lines that it printed, by the words above them."""

    port: int
    tls_port: int
    process: subprocess.Popen[bytes]
    text: str

    def lines_for(self, client: str) -> str:
        """What stands below the line that names the client, to be pasted as it is."""
        return self.text.partition(client)[2].partition("\n")[2].partition("\n\n")[0]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_ENDS)


@contextmanager
def emulating(folder: Path, *options: str) -> Iterator[Told]:
    """Start it in the folder, and wait until it has said what it has to say."""
    port, tls_port, log = free_port(), free_port(), folder / "log"
    ports = ("--port", str(port), "--tls-port", str(tls_port), "--latency", "0")
    with running("emulator", *ports, *options, settings={}, log=log, cwd=folder) as process:
        while "jwks.json" not in log.read_text():
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"it ended with {process.wait(0.02)}: {log.read_text()}")
        yield Told(port, tls_port, process, log.read_text())


def shell(script: str, *argv: str) -> str:
    """What a program prints after those lines were pasted into a shell."""
    done = subprocess.run(
        ["sh", "-c", f'{script}\nexec "$@"', "sh", *argv],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_lines_for_storyreel_point_it_there(tmp_path: Path) -> None:
    """Pasted into a shell, and none of them longer than it is wide; told to stop, it ends without a trace."""
    with emulating(tmp_path) as told:
        said = shell(told.lines_for("Storyreel"), "printenv", "STORYREEL_FAL_QUEUE_URL", "FAL_KEY").split()
        code = told.stop()

    assert said == [f"http://127.0.0.1:{told.port}", "emulator:local"]
    assert [line for line in told.text.splitlines() if len(line) > 79 and "SSL_CERT_FILE" not in line] == []
    assert code == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_the_lines_for_fal_client_point_it_there(tmp_path: Path) -> None:
    """fal's own client, unmodified: queue, direct calls and streams, with a key that a shell would take apart."""
    with emulating(tmp_path, "--key", "it's:a $ecret") as told:
        urls = json.loads(shell(told.lines_for("fal_client"), sys.executable, "-c", _FAL_CLIENT))

    assert all(url.startswith(f"https://localhost:{told.tls_port}/files/") for url in urls)


def test_both_doors_lead_to_one_account(tmp_path: Path) -> None:
    """What comes in by HTTP is seen by HTTPS, with the certificate that was named."""
    trust = f"{tmp_path / _CERTIFICATE}"
    with emulating(tmp_path) as told, httpx.Client(trust_env=False) as http:
        plain = f"http://127.0.0.1:{told.port}/{_VIDEO}"
        submitted = http.post(plain, json={"num_frames": 99}, headers={"Authorization": "Key any"}).json()
        context = ssl.create_default_context(cafile=trust)
        with httpx.Client(verify=context, trust_env=False) as https:
            for host in ("localhost", "127.0.0.1"):
                listing = https.get(f"https://{host}:{told.tls_port}/_emulator/requests").json()
                assert [entry["request_id"] for entry in listing["requests"]] == [submitted["request_id"]]

    assert f"SSL_CERT_FILE={trust}" in told.text


def test_the_certificate_survives_a_restart(tmp_path: Path) -> None:
    """What was set in a shell once holds at the next start."""
    with emulating(tmp_path) as told:
        before = (tmp_path / _CERTIFICATE).read_bytes()
        told.stop()
    with emulating(tmp_path):
        after = (tmp_path / _CERTIFICATE).read_bytes()

    assert after == before


def test_without_tls_nothing_is_written_and_nobody_told_of_it(tmp_path: Path) -> None:
    with emulating(tmp_path, "--no-tls") as told:
        code = told.stop()

    assert code == 0
    assert "SSL_CERT_FILE" not in told.text
    assert [file.name for file in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[[fault]]\nrequest = 0\n", ["fault 1", "request", "greater than or equal to 1"]),
        (b"[[fault]]\n[[fault]]\nfail = 'tired'\n", ["fault 2", "'tired'"]),
        (b"[[fault]\n", ["not TOML"]),
        (b"request = 3\n", ["[[fault]]"]),
        (b"\xff\xfe", ["utf-8"]),
    ],
)
def test_a_broken_file_of_faults_is_a_sentence(tmp_path: Path, content: bytes, words: list[str]) -> None:
    """The file, the rule and its fault."""
    (tmp_path / "faults.toml").write_bytes(content)
    assert_sentence(storyreel("emulator", "--faults", "faults.toml", cwd=tmp_path), "--faults faults.toml", *words)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("me/clips.json", '{"input": {"type": "object"}, "output": {"type": "object"}}', ["neither a video"]),
        ("me/clips.json", '{"input"', ["Expecting"]),
        ("clips.json", '{"openapi": "3.0.0"}', ["lacks 'paths'"]),
        ("clips.json", "{}", ["an owner and a name"]),
    ],
)
def test_a_broken_model_is_a_sentence(tmp_path: Path, name: str, content: str, words: list[str]) -> None:
    """The folder, the file and its fault."""
    file = tmp_path / "models" / name
    file.parent.mkdir(parents=True)
    file.write_text(content)
    assert_sentence(
        storyreel("emulator", "--models", "models", cwd=tmp_path), f"--models models: {name}: ", *words
    )


@pytest.fixture
def taken() -> Iterator[str]:
    """A port where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield str(bound.getsockname()[1])


def test_a_taken_port_is_a_sentence_and_leaves_nothing(tmp_path: Path, taken: str) -> None:
    """Which of the two it is, and no certificate is made in vain."""
    free = str(free_port())
    plain = storyreel("emulator", "--port", taken, "--tls-port", free, cwd=tmp_path)
    tls = storyreel("emulator", "--port", free, "--tls-port", taken, cwd=tmp_path)
    same = storyreel("emulator", "--port", free, "--tls-port", free, cwd=tmp_path)

    assert_sentence(plain, f"--port: cannot listen on 127.0.0.1:{taken}: Address already in use\n")
    assert_sentence(tls, f"--tls-port: cannot listen on 127.0.0.1:{taken}: Address already in use\n")
    assert_sentence(same, "--port and --tls-port")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_keep_the_certificate_is_a_sentence(tmp_path: Path) -> None:
    """And the way to do without it."""
    (tmp_path / ".storyreel").touch()
    ports = ("--port", str(free_port()), "--tls-port", str(free_port()))
    assert_sentence(storyreel("emulator", *ports, cwd=tmp_path), "certificate", "--no-tls")


@pytest.mark.parametrize("options", [["--key", " "], ["--latency", "soon"], ["--concurrency", "0"]])
def test_a_senseless_option_is_a_sentence(tmp_path: Path, options: list[str]) -> None:
    """Before anything is started."""
    assert_sentence(storyreel("emulator", *options, cwd=tmp_path))
    assert list(tmp_path.iterdir()) == []
