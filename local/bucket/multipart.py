"""Takes a multipart/form-data body (RFC 7578) apart as its bytes arrive. Pure: bytes in, events out.

Starlette's own form parser would need another package and spools whole files; this one holds one network
chunk at most.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from enum import Enum, auto

MAX_HEAD_BYTES = 16 * 1024
"""Of one part's headers; real ones have about 200."""


class BadMultipart(Exception):
    """The body is not what its content type announced."""


@dataclass(frozen=True)
class PartHead:
    """A part begins. `content_type` is None where the part names none, as form fields do."""

    name: str
    content_type: str | None


class _Where(Enum):
    BEFORE = auto()  # in the preamble, which means nothing
    DELIMITER = auto()  # right after one: what follows tells whether it was the last
    HEAD = auto()
    BODY = auto()
    AFTER = auto()


class MultipartReader:
    """Feed it the body in any cuts; it yields each `PartHead` and then that part's bytes."""

    def __init__(self, content_type: str) -> None:
        """`content_type` is the request's header. Raises `BadMultipart` unless it names a boundary."""
        boundary = _header("Content-Type: " + content_type).get_param("boundary")
        if not isinstance(boundary, str) or not boundary:
            raise BadMultipart("no boundary in the content type")
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        # The first delimiter may open the body, without the line break that every other one has.
        self._held = b"\r\n"
        self._where = _Where.BEFORE

    def feed(self, chunk: bytes) -> Iterator[PartHead | bytes]:
        """What these bytes complete. Raises `BadMultipart`."""
        self._held += chunk
        before = None
        while before != (self._where, len(self._held)):
            before = (self._where, len(self._held))
            yield from self._step()

    def close(self) -> None:
        """The body has ended. Raises `BadMultipart` when its last delimiter never came."""
        if self._where is not _Where.AFTER:
            raise BadMultipart("the body ends in the middle of a part")

    def _step(self) -> Iterator[PartHead | bytes]:
        if self._where is _Where.DELIMITER:
            self._read_delimiter()
        elif self._where is _Where.HEAD:
            yield from self._read_head()
        elif self._where is _Where.AFTER:
            self._held = b""
        else:
            yield from self._read_body()

    def _read_body(self) -> Iterator[bytes]:
        body, delimiter, rest = self._held.partition(self._delimiter)
        if not delimiter:  # the end of what we hold may be the start of one
            keep = len(self._delimiter) - 1
            body, rest = self._held[:-keep], self._held[-keep:]
        if body and self._where is _Where.BODY:
            yield body
        self._held = rest
        if delimiter:
            self._where = _Where.DELIMITER

    def _read_delimiter(self) -> None:
        if len(self._held) < len(b"--"):
            return
        if self._held.startswith(b"--"):
            self._where = _Where.AFTER
        elif self._held.startswith(b"\r\n"):
            self._where = _Where.HEAD
        else:
            raise BadMultipart("a boundary is followed by neither a part nor the end")

    def _read_head(self) -> Iterator[PartHead]:
        # The line break of the delimiter stays in front: a part without headers is two of them.
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            if len(self._held) > MAX_HEAD_BYTES:
                raise BadMultipart("a part's headers are too long")
            return
        head = _header(self._held[:end].decode("utf-8", "replace").lstrip("\r\n"))
        self._held = self._held[end + 4 :]
        self._where = _Where.BODY
        name = head.get_param("name", header="content-disposition")
        yield PartHead(name if isinstance(name, str) else "", head.get("content-type"))


def _header(lines: str) -> Message:
    return HeaderParser().parsestr(lines)
