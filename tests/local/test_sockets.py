"""Loopback sockets: the port that was asked for, the next free one, or an error that says which was taken."""

import socket
from collections.abc import Iterator

import pytest

from local.sockets import PortTakenError, listen


@pytest.fixture
def taken() -> Iterator[int]:
    """A port with somebody on it, and room above it."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as bound:
            port = int(bound.getsockname()[1])
            if port < 60_000:
                yield port
                return


def test_a_free_port_is_taken_as_asked() -> None:
    """Bound to loopback alone, and accepting connections at once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with listen(port, exact=True) as bound, socket.create_connection(("127.0.0.1", port), timeout=5):
        assert bound.getsockname() == ("127.0.0.1", port)


def test_a_taken_port_that_was_asked_for_is_an_error(taken: int) -> None:
    """It names the port."""
    with pytest.raises(PortTakenError, match=str(taken)):
        listen(taken, exact=True)


def test_a_taken_default_port_is_passed_by(taken: int) -> None:
    """The next free one after it is used."""
    with listen(taken, exact=False) as bound:
        assert taken < bound.getsockname()[1] < taken + 50


def test_a_port_taken_on_every_address_is_taken() -> None:
    """Somebody on 0.0.0.0 has the loopback port too."""
    with socket.create_server(("0.0.0.0", 0)) as everywhere, pytest.raises(PortTakenError):
        listen(int(everywhere.getsockname()[1]), exact=True)


def test_two_listeners_never_share_a_port(taken: int) -> None:
    """Two checkouts that start at the same moment get two ports."""
    with listen(taken, exact=False) as one, listen(taken, exact=False) as other:
        assert one.getsockname() != other.getsockname()


def refusal(port: int) -> type[Exception] | None:
    """The kind of error alone: the error itself would keep what it failed with."""
    try:
        listen(port, exact=False).close()
    except (OSError, PortTakenError, OverflowError) as error:
        return type(error)
    return None


def test_the_last_port_of_all_has_no_next() -> None:
    """Ports end at 65535; past that there is nothing to try, and that is said."""
    with listen(65535, exact=True):
        assert refusal(65535) is PortTakenError
