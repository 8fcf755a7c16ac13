"""Sockets to listen on: the wanted port, or the next free one. Knows nothing of what is served."""

import errno
import socket

from pipeline.errors import StoryreelError

_TRIED = 50
_LAST_PORT = 65535


class PortTakenError(StoryreelError):
    """The port that was asked for by name belongs to someone else."""

    code = "port_taken"
    permanent = True


def listen(port: int, *, exact: bool, host: str = "127.0.0.1") -> socket.socket:
    """A listening socket on `port`; unless `exact`, on the next free one after it.

    Raises `PortTakenError`, and `OSError` for what is no question of the port.
    """
    last = port if exact else min(port + _TRIED - 1, _LAST_PORT)
    for candidate in range(port, last + 1):
        try:
            listener = socket.create_server((host, candidate), backlog=2048)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            # Connections inherit it; without, every answer waits 40 ms for an acknowledgement.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return listener
    raise PortTakenError(
        f"port {port} is taken; stop what listens there, or name another"
        if exact
        else f"no port is free from {port} to {last}"
    )
