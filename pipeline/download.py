"""The `ClipSource` over HTTP: brings a clip from the provider's address to a file.

The address is a stranger's word. `pipeline.clip_hosts` says who may be asked, and `pipeline.connect` connects to
nobody else; here everything that comes back is bounded: redirects, headers, bytes, seconds. It decides nothing
about retries.

httpcore, the engine of httpx, is used by itself: it heeds no proxy (which would look names up anew), no netrc and
no cookie, logs no URL, and decodes nothing, so that no small answer becomes a large file.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Collection
from pathlib import Path

import httpcore
import httpx

from pipeline.clip_hosts import ClipHosts, Place
from pipeline.connect import CONNECT_SECONDS, CheckedNetwork, Resolve, look_up
from pipeline.errors import GeneratorMissing, GeneratorUnavailable, UnusableClip
from pipeline.retry_after import retry_after

MAX_BYTES = 64 * 2**20  # the gate of pipeline.ffmpeg refuses more anyway
MAX_SECONDS = 100.0  # inside Timing.fetch_lease, with time left for the upload
MAX_REDIRECTS = 3

MIN_RATE = 16 * 2**10
"""Bytes a second, on average once `_SLOW_START` is over: a clip that drips keeps another from being fetched."""

_SLOW_START = 10.0  # seconds

_EXTENSIONS = {"timeout": {"connect": CONNECT_SECONDS, "read": 20.0, "write": 20.0, "pool": CONNECT_SECONDS}}
_HEADERS = (("accept", "*/*"), ("accept-encoding", "identity"), ("user-agent", "storyreel"))
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({403, 404, 410})  # 403: a signed address that has expired
_ENDS = frozenset({"content-length", "transfer-encoding"})
_TROUBLE = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    ssl.SSLError,  # a record that was tampered with; httpcore passes it on as it is
)


class HttpClipSource:
    """Downloads from the given hosts (see `ClipHosts`) and nowhere else, each time over connections of its own."""

    def __init__(
        self,
        *,
        hosts: Collection[str],
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = look_up,
        network: httpcore.AsyncNetworkBackend | None = None,
        seconds: float = MAX_SECONDS,
    ) -> None:
        """`tls`: whom to trust, unless given whom httpcore does. `seconds` bounds one download as a whole.

        Raises `BadSetting` for a host that is none.
        """
        self._hosts = ClipHosts(hosts)
        self._tls = tls or httpcore.default_ssl_context()
        self._resolve = resolve
        self._network = network
        self._seconds = seconds

    async def download(self, url: str, file: Path) -> str:
        """See `pipeline.ports.ClipSource`."""
        network = CheckedNetwork(self._hosts.check, resolve=self._resolve, network=self._network)
        pool = httpcore.AsyncConnectionPool(ssl_context=self._tls, network_backend=network)
        try:
            async with asyncio.timeout(self._seconds), network, pool:
                return await self._fetch(pool, self._hosts.place(url), file)
        except TimeoutError as error:
            raise GeneratorUnavailable(f"the clip was not complete after {self._seconds:g} s") from error
        except _TROUBLE as error:
            # Without its cause, which quotes the server, which may quote our signed address.
            raise GeneratorUnavailable(f"the clip could not be downloaded ({type(error).__name__})") from None

    async def _fetch(self, pool: httpcore.AsyncConnectionPool, place: Place, file: Path) -> str:
        for _ in range(1 + MAX_REDIRECTS):
            headers = [("host", place.authority), *_HEADERS]
            async with pool.stream("GET", _url(place), headers=headers, extensions=_EXTENSIONS) as response:
                answered = httpx.Headers(response.headers)
                location = answered.get("location") if response.status in _REDIRECTS else None
                if location is None:
                    _check(response.status, answered)
                    return await _write(response, file)
                place = self._hosts.follow(place, location)
        raise GeneratorUnavailable(f"the clip's address leads on more than {MAX_REDIRECTS} times")


def _url(place: Place) -> httpcore.URL:
    """In parts, so that nobody parses it a second time, and differently."""
    return httpcore.URL(scheme=place.scheme, host=place.host, port=place.port, target=place.target)


def _check(status: int, headers: httpx.Headers) -> None:
    """Only the bytes of a clip can be unusable for good: what a server answers today it may not tomorrow."""
    if status in _GONE:
        raise GeneratorMissing(f"the clip is gone (HTTP {status})")
    if status != httpx.codes.OK:
        wait = retry_after(headers)
        raise GeneratorUnavailable(f"the clip could not be downloaded (HTTP {status})", retry_after=wait)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise GeneratorUnavailable("the clip came compressed, which was not asked for")
    if len(_ENDS & headers.keys()) != 1:  # both contradict each other; without either, a broken clip looks whole
        raise GeneratorUnavailable("the clip's server does not say where the clip ends")
    if int(headers.get("content-length", "0")) > MAX_BYTES:
        raise UnusableClip(f"the clip is larger than {MAX_BYTES} bytes")


async def _write(response: httpcore.Response, file: Path) -> str:
    digest, size, began = hashlib.sha256(), 0, asyncio.get_running_loop().time()
    with file.open("wb") as out:
        async for chunk in response.aiter_stream():
            size += len(chunk)
            _check_rate(size, asyncio.get_running_loop().time() - began)
            if size > MAX_BYTES:
                raise UnusableClip(f"the clip is larger than {MAX_BYTES} bytes")
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()


def _check_rate(size: int, seconds: float) -> None:
    """Raise `GeneratorUnavailable` for a body that comes too slowly to wait for: another time it may not."""
    if seconds > _SLOW_START and size < MIN_RATE * seconds:
        raise GeneratorUnavailable(f"the clip came at less than {MIN_RATE} bytes a second")
