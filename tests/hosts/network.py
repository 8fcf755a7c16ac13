"""Hosts of a network as network namespaces on a bridge of their own. The tests' own host is on it, too.

A host is cut off by taking its port of the bridge down: its packets vanish, and the other end is told nothing, as
with a cable that is pulled somewhere on the way.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.conftest import program


class Network:
    """A bridge, the address of the tests' host on it, and hosts called `a`, `b`, …"""

    def __init__(self) -> None:
        self._name = f"sr{os.getpid()}"  # fifteen characters are a device's longest name
        self._prefix = f"198.18.{os.getpid() % 256}"  # set aside for tests of networks (RFC 2544)
        self.address = f"{self._prefix}.1"

    def build(self, hosts: Sequence[str]) -> None:
        """Make the bridge and the hosts."""
        _ip("link", "add", self._name, "type", "bridge")
        _ip("addr", "add", f"{self.address}/24", "dev", self._name)
        _ip("link", "set", self._name, "up")
        for number, host in enumerate(hosts, start=2):
            namespace = self._namespace(host)
            _ip("netns", "add", namespace)
            _ip("link", "add", namespace, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            _ip("link", "set", namespace, "master", self._name, "up")
            _ip("-n", namespace, "link", "set", "lo", "up")
            _ip("-n", namespace, "addr", "add", f"{self._prefix}.{number}/24", "dev", "eth0")
            _ip("-n", namespace, "link", "set", "eth0", "up")

    def remove(self, hosts: Sequence[str]) -> None:
        """Remove what is there of it."""
        for host in hosts:
            _ip("netns", "del", self._namespace(host), check=False)
        _ip("link", "del", self._name, check=False)

    def inside(self, host: str) -> list[str]:
        """What to put before a command that is to run on the host."""
        return [_program(), "netns", "exec", self._namespace(host)]

    def cut_off(self, host: str) -> None:
        """From now on all packets from and to the host are lost."""
        _ip("link", "set", self._namespace(host), "down")

    def reconnect(self, host: str) -> None:
        _ip("link", "set", self._namespace(host), "up")

    def _namespace(self, host: str) -> str:
        return f"{self._name}{host}"


def _program() -> str:
    return str(program("netns"))


def _ip(*arguments: str, check: bool = True) -> None:
    subprocess.run([_program(), *arguments], check=check, capture_output=True)


@contextmanager
def networked(*hosts: str) -> Iterator[Network]:
    """A network with these hosts, for the block."""
    network = Network()
    try:
        network.build(hosts)
        yield network
    finally:
        network.remove(hosts)
