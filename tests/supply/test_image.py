"""What the Dockerfile makes: the locked packages and the application, for a user who may write to /tmp alone.

Its instructions are carried out in namespaces of the kernel (image.py); then one story becomes a video in it, by a
deployment's own processes. Postgres, the provider and the bucket are outside, as in a deployment.
"""

import asyncio
import json
import shutil
import stat
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from starlette.applications import Starlette

from local.bucket.server import routes
from local.postgres_place import SOCKET_NAME
from supply.lock import read_lock
from tests.cli.running import free_port, running, wait_until_served
from tests.conftest import ROOT, DatabaseUrls, program
from tests.hosts.forwarder import forwarding
from tests.storage.buckets.servers import serving
from tests.supply import container
from tests.supply.container import Container
from tests.supply.image import Image, build

pytestmark = [pytest.mark.needs("containers"), pytest.mark.needs("wheels"), pytest.mark.timeout(600)]

_MEMORY = Path("/dev/shm")
_SECRET = "sb_secret_for_tests_only_0123456789"
_INSTALLED = """
import json
from importlib.metadata import distributions
print(json.dumps(sorted([each.name.lower().replace("_", "-"), each.version] for each in distributions())))
"""
_LOOK = "select shows, work, url from public.story_videos where source_id = %s"


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Half a gigabyte in thousands of files: in memory where there is plenty, for disks are slow at those."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 4 * 2**30
    folder = Path(tempfile.mkdtemp(prefix="storyreel-image-", dir=_MEMORY if roomy else None))
    try:
        yield build(folder, ROOT, program("wheels"))
    finally:
        shutil.rmtree(folder)


def said(argv: list[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_image_s_command_is_storyreel_by_a_user_without_rights(image: Image) -> None:
    """By number, so that an orchestrator can see that it is not root; told to stop by SIGTERM."""
    uid, _, gid = image.user.partition(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert json.loads(image.words["ENTRYPOINT"]) == ["storyreel"]
    assert image.words["STOPSIGNAL"] == "SIGTERM"
    assert "Usage: storyreel" in said(image.command())


def test_the_image_holds_what_is_locked_to_run_and_nothing_else(image: Image) -> None:
    """No tool of a developer's, and no pip."""
    pins = read_lock((ROOT / "requirements.runtime.lock").read_text())
    wanted = sorted([pin.name, pin.version] for pin in pins if pin.is_for_this_machine())

    assert json.loads(said(image.program(["python", "-c", _INSTALLED]))) == wanted


def test_nothing_of_the_checkout_comes_along_but_what_runs(image: Image) -> None:
    sent = {path.relative_to(image.root / "srv/storyreel").as_posix() for path in (image.root / "srv").rglob("*")}

    assert {path.partition("/")[0] for path in sent} == {
        *("cli", "functions", "local", "pipeline", "storage", "supabase", "docs"),
        *("LICENSE", "requirements.runtime.lock", "."),
    }
    assert {path for path in sent if path.startswith(("docs/", "supabase/"))} >= {"docs/licences.md"}
    assert {path.split("/")[1] for path in sent if path.startswith("supabase/")} == {
        *("config.toml", "functions", "migrations")
    }


def test_its_user_can_read_every_file_and_owns_none(image: Image) -> None:
    """However narrow the umask of the checkout it was built from: the test's lets nobody else read anything."""
    for folder in ("opt", "srv"):
        for path in (image.root / folder).rglob("*"):
            seen = path.lstat()
            needed = 0o005 if stat.S_ISDIR(seen.st_mode) else 0o004

            assert (seen.st_uid, seen.st_gid) == (0, 0), path
            assert stat.S_ISLNK(seen.st_mode) or seen.st_mode & 0o007 & needed == needed, path
            assert stat.S_ISLNK(seen.st_mode) or not seen.st_mode & (stat.S_IWOTH | stat.S_ISUID), path


@dataclass(frozen=True)
class Outside:
    """What a deployment gives its containers, and the owner's way into its database."""

    settings: dict[str, str]
    owner_url: str
    port: int

    async def ask(self, statement: str, *arguments: object) -> tuple[object, ...] | None:
        async with await psycopg.AsyncConnection.connect(self.owner_url, autocommit=True) as owner:
            cursor = await owner.execute(statement.encode(), arguments)
            return await cursor.fetchone() if cursor.description else None


@pytest.fixture
async def outside(database_urls: DatabaseUrls, tmp_path: Path) -> AsyncIterator[Outside]:
    server = Path(parse_qs(urlsplit(database_urls.worker).query)["host"][0]) / SOCKET_NAME
    port, emulator_port = free_port(), free_port()
    async with AsyncExitStack() as held:
        forwarder = await held.enter_async_context(forwarding(server))
        bucket = held.enter_context(serving(Starlette(routes=routes(tmp_path / "bucket", secret=_SECRET))))
        emulator_url = f"http://127.0.0.1:{emulator_port}"
        latency = ("emulator", "--no-tls", f"--port={emulator_port}", "--latency=0.1")
        emulator = held.enter_context(running(*latency, settings={}, log=tmp_path / "emulator.log"))
        await asyncio.to_thread(wait_until_served, emulator_url, emulator)
        settings = {
            "SUPABASE_URL": bucket,
            "SUPABASE_DB_URL": _over(forwarder.port, database_urls.worker),
            "SUPABASE_SECRET_KEY": _SECRET,
            "STORYREEL_FUNCTIONS_URL": f"http://127.0.0.1:{port}/functions/v1",
            "STORYREEL_FAL_QUEUE_URL": emulator_url,
            "STORYREEL_PATIENCE": "0.02",
            "FAL_KEY": "id:secret",
        }
        yield Outside(settings, _over(forwarder.port, database_urls.owner), port)


def _over(port: int, url: str) -> str:
    parts = urlsplit(url)
    return f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"


async def test_a_story_becomes_a_video_where_nothing_but_tmp_can_be_written(
    image: Image, outside: Outside, tmp_path: Path
) -> None:
    """Migrating, publishing, working and serving, without a home, a cache, a shared memory or a right to more."""
    owner = {"SUPABASE_DB_URL": outside.owner_url}
    await asyncio.to_thread(said, image.command("db", "migrate", environment=owner))
    await asyncio.to_thread(said, image.command("placeholders", "publish", environment=outside.settings))

    serve = image.command("serve", "--port", str(outside.port), environment=outside.settings)
    work = image.command("worker", environment=outside.settings)
    async with (
        container.running(serve, tmp_path / "serve.log") as server,
        container.running(work, tmp_path / "worker.log") as worker,
    ):
        video = await _made(outside, "A wren builds in a closed room", (server, worker))
        assert video[:2] == ("final", "idle"), _logs(server, worker)
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(str(video[2]))).is_success

        for each in (server, worker):
            assert each.writable() == {"/tmp", "/proc"}
            assert each.files("/tmp") == []
            status = each.status()
            assert status["Uid"].split() == [image.user.partition(":")[0]] * 4
            assert status["NoNewPrivs"] == "1"
            assert {int(status[kind], 16) for kind in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")} == {0}
            assert await each.stopped() == 0


async def _made(outside: Outside, text: str, containers: tuple[Container, ...]) -> tuple[object, ...]:
    """The video of a new story once nothing more is being done for it."""
    story = await outside.ask("insert into public.stories (text) values (%s) returning id::text", text)
    assert story is not None
    try:
        async with asyncio.timeout(120):
            while True:
                video = await outside.ask(_LOOK, story[0])
                if video is not None and video[1] != "working":
                    return video
                assert all(each.process.returncode is None for each in containers), _logs(*containers)
                await outside.ask("select storyreel.hint('reconcile')")
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise AssertionError(_logs(*containers)) from None


def _logs(*containers: Container) -> str:
    return "\n".join(each.log.read_text() for each in containers)
