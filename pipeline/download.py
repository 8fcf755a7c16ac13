"""The `ClipSource` over HTTP: brings a clip from the provider's address to a file.

Streams, and bounds everything it is told: hosts, bytes, seconds. Redirects are not followed; a provider's
file addresses are final. It decides nothing about retries.
"""

import asyncio
import hashlib
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from pipeline.errors import GeneratorMissing, GeneratorUnavailable, UnusableClip
from pipeline.retry_after import retry_after

MAX_BYTES = 64 * 2**20  # the gate of pipeline.ffmpeg refuses more anyway
MAX_SECONDS = 100.0  # inside Timing.fetch_lease, with time left for the upload
_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_GONE = frozenset({403, 404, 410})  # 403: a signed address that has expired


class HttpClipSource:
    """Downloads from the given hosts and nowhere else.

    `hosts` are names (`fal.media` admits its subdomains too) over https, or `host:port` of a loopback
    stand-in, which alone may be plain http.
    """

    def __init__(self, http: httpx.AsyncClient, *, hosts: Collection[str]) -> None:
        self._http = http
        self._hosts = frozenset(hosts)

    async def download(self, url: str, file: Path) -> str:
        """See `pipeline.ports.ClipSource`."""
        if not self._allows(url):
            raise GeneratorUnavailable(
                f"the clip lies at {url[:80]!r}, which is no address of the provider's; "
                "if it is, add its host to STORYREEL_CLIP_HOSTS"
            )
        try:
            async with (
                asyncio.timeout(MAX_SECONDS),
                self._http.stream("GET", url, timeout=_TIMEOUT, follow_redirects=False) as response,
            ):
                _check(response)
                return await _write(response, file)
        except TimeoutError as error:
            raise GeneratorUnavailable(f"the clip was not complete after {MAX_SECONDS:.0f} s") from error
        except httpx.InvalidURL as error:
            raise GeneratorUnavailable(f"the clip's address is malformed: {error}") from error
        except httpx.HTTPError as error:
            raise GeneratorUnavailable(f"the clip could not be downloaded ({type(error).__name__})") from error

    def _allows(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if port is not None:  # `host:port` as a whole: a stand-in, and no user:password in front of it
            return parts.netloc in self._hosts and parts.scheme in {"http", "https"}
        known = any(host == name or host.endswith("." + name) for name in self._hosts)
        return known and parts.scheme == "https" and parts.netloc == host


def _check(response: httpx.Response) -> None:
    """Only the bytes of a clip can be unusable for good: what a server answers today it may not tomorrow."""
    status = response.status_code
    if status in _GONE:
        raise GeneratorMissing(f"the clip is gone (HTTP {status})")
    if status != httpx.codes.OK:
        wait = retry_after(response.headers)
        raise GeneratorUnavailable(f"the clip could not be downloaded (HTTP {status})", retry_after=wait)
    if int(response.headers.get("content-length", "0") or 0) > MAX_BYTES:
        raise UnusableClip(f"the clip is larger than {MAX_BYTES} bytes")


async def _write(response: httpx.Response, file: Path) -> str:
    digest, size = hashlib.sha256(), 0
    with file.open("wb") as out:
        async for chunk in response.aiter_bytes(2**16):
            size += len(chunk)
            if size > MAX_BYTES:
                raise UnusableClip(f"the clip is larger than {MAX_BYTES} bytes")
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()
