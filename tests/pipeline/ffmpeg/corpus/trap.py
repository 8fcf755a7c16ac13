"""An address on this machine at which somebody notices when it is called."""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Trap:
    """TCP and UDP at one port. Nothing answers, and the kernel keeps whatever comes."""

    stream: socket.socket
    packets: socket.socket

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.stream.getsockname()[1]}"

    def was_called(self, *, within: float = 0) -> bool:
        """Whether somebody has connected or sent a packet, or does so within the seconds."""
        readable, _, _ = select.select([self.stream, self.packets], [], [], within)
        return bool(readable)


@contextmanager
def trap() -> Iterator[Trap]:
    """Open for the length of the block."""
    with (
        socket.create_server((HOST, 0)) as stream,
        socket.socket(type=socket.SOCK_DGRAM) as packets,
    ):
        packets.bind((HOST, stream.getsockname()[1]))
        yield Trap(stream, packets)
