"""A pgbouncer before a server of the tests, in the mode that is asked for."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from tests.cli.running import free_port
from tests.conftest import program

_CONFIG = """
[databases]
* = host={sockets}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = {mode}
default_pool_size = {size}
server_round_robin = {round_robin}
auth_type = trust
auth_file = {users}
"""


class Bouncer:
    """One pgbouncer; it may be killed, and started again at the same port."""

    def __init__(self, config: Path, port: int, user: str, database: str) -> None:
        self.url = f"postgresql://{user}@127.0.0.1:{port}/{database}"
        self._config = config
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
        self._process = await asyncio.create_subprocess_exec(
            str(program("pgbouncer")), "-q", str(self._config), env={}, user=user
        )
        async with asyncio.timeout(30):
            while not await self._answers():
                assert self._process.returncode is None, "it ended"
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it as a power cut would; the connections through it are gone."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _answers(self) -> bool:
        try:
            await (await psycopg.AsyncConnection.connect(self.url)).close()
        except psycopg.OperationalError:
            return False
        return True


@asynccontextmanager
async def bouncing(
    url: str, *, mode: str, size: int = 20, round_robin: bool = False, user: str = "storyreel"
) -> AsyncIterator[Bouncer]:
    """A pgbouncer before the embedded server that the URL leads to; it logs in as workers do, or another."""
    parts = urlsplit(url)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        users, config = Path(folder) / "users.txt", Path(folder) / "pgbouncer.ini"
        users.write_text(f'"{user}" ""\n')
        config.write_text(
            _CONFIG.format(
                sockets=parse_qs(parts.query)["host"][0],
                port=port,
                mode=mode,
                size=size,
                round_robin=int(round_robin),
                users=users,
            )
        )
        bouncer = Bouncer(config, port, user, parts.path.removeprefix("/"))
        try:
            await bouncer.start()
            yield bouncer
        finally:
            await bouncer.kill()
