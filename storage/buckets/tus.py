"""The words of TUS 1.0, by which large files go to Supabase Storage, and how far an upload has come. Pure.

The protocol: tus.io/protocols/resumable-upload, core, creation and expiration. What is Supabase's own comes from
supabase/storage, src/http/routes/tus/lifecycle.ts: the metadata's names, `x-upsert` on every request, upload ids.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

CHUNK_BYTES = 6 * 1024 * 1024
"""In one request. Hosted projects take no other size, but for the last one."""

GONE = frozenset({404, 410})
"""There is no such upload, or no longer: they expire after a day."""

CONFLICT = 409
"""The offset is not where the upload stands."""

_VERSION = {"tus-resumable": "1.0.0"}
_UPLOAD_ID = re.compile(r"[A-Za-z0-9._~-]+")


def asking() -> dict[str, str]:
    """The headers of a HEAD, which asks how far the upload has come."""
    return dict(_VERSION)


def creating(size: int, metadata: Mapping[str, str]) -> dict[str, str]:
    """The headers of the POST that begins an upload of so many bytes."""
    told = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in metadata.items())
    return {**_VERSION, "upload-length": str(size), "upload-metadata": told, "x-upsert": "true"}


def sending(offset: int, length: int) -> dict[str, str]:
    """The headers of the PATCH that carries so many bytes from the offset on."""
    return {
        **_VERSION,
        "upload-offset": str(offset),
        "content-type": "application/offset+octet-stream",
        "content-length": str(length),
        "x-upsert": "true",
    }


def upload_id(location: str) -> str:
    """What names the upload in the address that was answered to the POST. Raises ValueError.

    Only this part of it is used. The rest is what the server believes to be its own address, which behind proxies
    is often wrong; and our key goes nowhere but where it was meant for.
    """
    found = location.partition("?")[0].rstrip("/").rpartition("/")[2]
    if not _UPLOAD_ID.fullmatch(found) or not found.strip("."):
        raise ValueError("no address of an upload in the answer")
    return found


def offset_in(headers: Mapping[str, str]) -> int:
    """How many bytes the server has. Raises ValueError."""
    told = headers.get("upload-offset", "")
    if not re.fullmatch(r"[0-9]{1,15}", told):
        raise ValueError("no offset in the answer")
    return int(told)


@dataclass(frozen=True)
class Progress:
    """How far an upload has come, as far as is known.

    `upload_id` None: to be begun. `offset` None: to be asked for. `failures` counts since anything was gained, so
    that a long upload outlives many short interruptions, and one that gains nothing ends.
    """

    upload_id: str | None = None
    offset: int | None = None
    furthest: int = 0
    failures: int = 0

    def begun(self, upload_id: str) -> "Progress":
        """There is an upload, with nothing in it."""
        return replace(self, upload_id=upload_id, offset=0)

    def at(self, offset: int) -> "Progress":
        """The server has so many bytes."""
        gained = offset > self.furthest
        return replace(
            self,
            offset=offset,
            furthest=max(offset, self.furthest),
            failures=0 if gained else self.failures,
        )

    def interrupted(self) -> "Progress":
        """A request failed; what the server has is not known."""
        return replace(self, offset=None, failures=self.failures + 1)

    def lost(self) -> "Progress":
        """The server has no such upload: begin anew."""
        return replace(self.interrupted(), upload_id=None)
