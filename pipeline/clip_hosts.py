"""Where a provider's clips may be downloaded from: the rules for URLs and for the addresses behind them. Pure.

A clip's URL arrives by webhook and a redirect names another: both are a stranger's word. What is refused here
passes (`GeneratorUnavailable`), for a person may add a host, and the clip is paid for.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from pipeline.addresses import Kind, kind_of
from pipeline.errors import BadSetting, GeneratorUnavailable

_PORTS = {"https": 443, "http": 80}
_AUTHORITY = re.compile(
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,126}))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_LONGEST_NAME = 253  # of a host (RFC 1035)
_LONGEST_URL = 8_192  # characters; what common servers take in one line
_SHOWN = 80
_KEPT = "/%:@!$&'()*+,;=~?[]"  # stands unescaped in path or query; % because escapes are there already
_OVER_THERE = frozenset({Kind.PUBLIC})
_NEARBY = frozenset({Kind.LOOPBACK, Kind.PRIVATE, Kind.CARRIER, Kind.BENCHMARK})


@dataclass(frozen=True)
class Place:
    """An admitted URL, taken apart. `host` in lower case, without brackets; `target`: escaped path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class ClipHosts:
    """The hosts of one deployment.

    `fal.media` admits that name and its subdomains, by https on port 443, at public addresses.
    `files.test:8443`, with a port, is that host on that port: by https, also at a loopback address.
    `localhost:54400` and `127.0.0.1:54400`, and an address on the deployment's own network, are stand-ins for a
    provider: they alone may be plain http, and `localhost` is loopback only. Such an address is the operator's own
    word and no name that somebody could make lead elsewhere.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        """Raises `BadSetting` for an entry that could never admit anything."""
        self._names: set[str] = set()
        self._ports: dict[tuple[str, int], frozenset[Kind]] = {}
        for entry in hosts:
            host, port = _entry(entry)
            if port is None:
                self._names.add(host)
            else:
                self._ports[host, port] = _kinds_with_port(host, entry)

    def place(self, url: str) -> Place:
        """The URL, if it may be asked. Raises `GeneratorUnavailable`."""
        place = _parsed(url)
        kinds = self._kinds(place.host, place.port) if place else frozenset()
        if place is None or not kinds:
            raise GeneratorUnavailable(
                f"the clip lies at {_shown(url)}, which is no address of the provider's; "
                "if it is, add its host to STORYREEL_CLIP_HOSTS"
            )
        if place.scheme == "http" and Kind.PUBLIC in kinds:
            raise GeneratorUnavailable(
                f"the clip lies at {_shown(url)}, which is not encrypted; plain http is for localhost:port and "
                "address:port of your own network in STORYREEL_CLIP_HOSTS"
            )
        return place

    def follow(self, here: Place, location: str) -> Place:
        """Where a redirect leads, relative or not, if that may be asked. Raises `GeneratorUnavailable`."""
        try:
            url = urljoin(f"{here.scheme}://{here.authority}{here.target}", location)
        except ValueError:  # brackets that do not match
            url = location
        there = self.place(url)
        if (here.scheme, there.scheme) == ("https", "http"):
            raise GeneratorUnavailable(f"the clip's address leads on to {_shown(url)}, which is not encrypted")
        return there

    def check(self, host: str, port: int, address: str) -> None:
        """Refuse an address that the host may not have. Raises `GeneratorUnavailable`.

        It passes because the fault lies in the looking up, at our end or in between (a resolver that was hijacked
        or broke, a name served differently inside), and not in the clip, which is paid for and still there.
        """
        kind = kind_of(address)
        if kind not in self._kinds(host, port):
            raise GeneratorUnavailable(
                f"{host} leads to {address[:_SHOWN]!r}, which is {kind} and not connected to; a stand-in on your "
                "own network is named by its address and port in STORYREEL_CLIP_HOSTS"
            )

    def _kinds(self, host: str, port: int) -> frozenset[Kind]:
        """What kinds of address the host may have on that port. None: it is not asked at all."""
        if (host, port) in self._ports:
            return self._ports[host, port]
        known = any(host == name or host.endswith(f".{name}") for name in self._names)
        return _OVER_THERE if known and port == _PORTS["https"] else frozenset()


def _entry(entry: str) -> tuple[str, int | None]:
    authority = _authority(entry)
    if authority is None:
        raise BadSetting(
            f"{entry[:_SHOWN]!r} is no host that clips can be downloaded from; STORYREEL_CLIP_HOSTS takes names "
            "(their subdomains are meant, too) and host:port, without https:// and path"
        )
    return authority


def _kinds_with_port(host: str, entry: str) -> frozenset[Kind]:
    kind = kind_of(host)
    if host == "localhost":  # a name that leads nowhere else (RFC 6761, 6.3), so that no resolver is believed
        return frozenset({Kind.LOOPBACK})
    if kind == Kind.NONE:
        return _OVER_THERE | {Kind.LOOPBACK}
    if kind in _OVER_THERE | _NEARBY:
        return frozenset({kind})
    raise BadSetting(f"no clips are downloaded from {entry!r}: that address is {kind} (STORYREEL_CLIP_HOSTS)")


def _parsed(url: str) -> Place | None:
    """The URL taken apart; None where it is malformed, carries a user, or could be read in two ways."""
    if len(url) > _LONGEST_URL or not url.isprintable():  # urlsplit passes over tabs and line ends
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    authority = _authority(parts.netloc)
    if authority is None or parts.scheme not in _PORTS:
        return None
    host, port = authority
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, host, port or _PORTS[parts.scheme], quote(target, safe=_KEPT))


def _authority(text: str) -> tuple[str, int | None] | None:
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        return None
    host = (found["ipv6"] or found["name"]).lower()
    port = int(found["port"]) if found["port"] else None
    return (host, port) if len(host) <= _LONGEST_NAME and (port is None or port < 2**16) else None


def _shown(url: str) -> str:
    """As much of the URL as may be told: no query, which may sign it, and no user with a password."""
    return repr(re.split(r"[?#]", url, maxsplit=1)[0].rpartition("@")[2][:_SHOWN])
