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

MAX_BYTES = 64 * 2**20  # the gate of pipeline.ffmpeg refuses more anyway
MAX_SECONDS = 100.0  # inside Timing.fetch_lease, with time left for the upload
_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_GONE = frozenset({404, 410})
_PASSING = frozenset({408, 425, 429})


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
            raise UnusableClip(f"the clip lies at {urlsplit(url).hostname!r}, which is not the provider's")
        try:
            async with (
                asyncio.timeout(MAX_SECONDS),
                self._http.stream("GET", url, timeout=_TIMEOUT, follow_redirects=False) as response,
            ):
                _check(response)
                return await _write(response, file)
        except TimeoutError as error:
            raise GeneratorUnavailable(f"the clip was not complete after {MAX_SECONDS:.0f} s") from error
        except httpx.HTTPError as error:
            raise GeneratorUnavailable(f"the clip could not be downloaded ({type(error).__name__})") from error

    def _allows(self, url: str) -> bool:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.netloc in self._hosts:  # `host:port`: a stand-in, and no user:password in front of it
            return parts.scheme in {"http", "https"}
        known = any(host == name or host.endswith("." + name) for name in self._hosts)
        return known and parts.scheme == "https" and parts.netloc == host


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status in _GONE:
        raise GeneratorMissing(f"the clip is gone (HTTP {status})")
    if status != httpx.codes.OK:
        if status >= 500 or status in _PASSING:
            raise GeneratorUnavailable(f"the clip could not be downloaded (HTTP {status})")
        raise UnusableClip(f"the clip's address answers HTTP {status}")
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
