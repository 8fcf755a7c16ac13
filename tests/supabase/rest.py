"""A real PostgREST before a project, set up as hosted ones are, and the tokens that its callers bring."""

import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conftest import program
from tests.supabase.hosted import Project

SECRET = "the-secret-of-a-project-that-signs-with-one-key"
_HOUR = 3600


def token(role: str = "authenticated", user: UUID | str | None = None, **claims: object) -> dict[str, object]:
    """What a token of Supabase Auth says, good for an hour; API keys name no user."""
    said = {"iss": "supabase", "aud": "authenticated", "exp": int(time.time()) + _HOUR, "role": role}
    return said | ({"sub": str(user)} if user else {}) | claims


def signed(
    claims: dict[str, object],
    key: str | ec.EllipticCurvePrivateKey = SECRET,
    *,
    algorithm: str = "HS256",
    kid: str | None = None,
) -> str:
    """The token as it is sent."""
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


class Rest:
    """One PostgREST, on a socket of its own: no port is lost between choosing and serving."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @asynccontextmanager
    async def called(self, sent: str | None) -> AsyncIterator[httpx.AsyncClient]:
        """Its API, for a caller with that token; None: with none."""
        headers = {"Authorization": f"Bearer {sent}"} if sent else {}
        transport = httpx.AsyncHTTPTransport(uds=str(self._path))
        async with httpx.AsyncClient(transport=transport, base_url="http://rest", headers=headers) as client:
            yield client

    @asynccontextmanager
    async def user(self, user: UUID | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A signed-in user, by default one who is not known from anywhere else."""
        async with self.called(signed(token(user=user or uuid4()))) as client:
            yield client

    @asynccontextmanager
    async def role(self, role: str) -> AsyncIterator[httpx.AsyncClient]:
        """The owner of an API key: a token with a role and no user."""
        async with self.called(signed(token(role))) as client:
            yield client

    def answers(self) -> bool:
        """Whether it has read the schema, and serves."""
        with socket.socket(socket.AF_UNIX) as probe:  # httpx would leave one open that cannot be connected
            try:
                probe.connect(str(self._path))
            except OSError:
                return False
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self._path))) as client:
            return client.get("http://rest/").is_success


@contextmanager
def serving(project: Project, *, schemas: str = "public", secret: str = SECRET) -> Iterator[Rest]:
    """PostgREST for the block. `schemas`, by commas, are exposed; `secret` is shared, or a JSON Web Key Set."""
    with tempfile.TemporaryDirectory(prefix="storyreel-tests-") as folder:
        path, log = Path(folder) / "rest", Path(folder) / "log"
        settings = {
            "PGRST_DB_URI": project.url("authenticator"),
            "PGRST_DB_SCHEMAS": schemas,
            "PGRST_DB_EXTRA_SEARCH_PATH": "public,extensions",
            "PGRST_DB_ANON_ROLE": "anon",
            "PGRST_JWT_SECRET": secret,
            "PGRST_SERVER_UNIX_SOCKET": str(path),
        }
        with log.open("wb") as output:
            process = subprocess.Popen([program("postgrest")], env=settings, stdout=output, stderr=output)
        rest = Rest(path)
        try:
            while not rest.answers():
                assert process.poll() is None, log.read_text()
                time.sleep(0.02)
            yield rest
        finally:
            process.terminate()
            process.wait()
