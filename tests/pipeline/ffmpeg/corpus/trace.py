"""What every process of a program did, as strace saw it: what it ran, opened, limited and connected to.

Reads strace's log of `-ff`, one file for each thread; knows nothing of transcoding.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "open",
    "openat",
    "openat2",
    "creat",
    "execve",
    "execveat",
    "chdir",
    "setsid",
    "prlimit64",
    "socket",
    "connect",
    "vfork",
    "fork",
    "clone",
    "clone3",
)

_STARTS = frozenset({"vfork", "fork", "clone", "clone3"})
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\w+)")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_LIMIT = re.compile(r"0, RLIMIT_(\w+), \{rlim_cur=([^,]+), rlim_max=[^}]+\}, NULL")
_ENVIRONMENT = re.compile(r"/\* (\d+) vars? \*/$")


@dataclass(frozen=True)
class Call:
    """One system call that has returned; `result` as strace writes it."""

    name: str
    arguments: str
    result: str

    def texts(self) -> list[str]:
        """Its arguments that are texts, such as paths."""
        return _TEXT.findall(self.arguments)


@dataclass(frozen=True)
class Process:
    """A process that became another program: its calls in order, those of its threads after its own."""

    calls: tuple[Call, ...]

    def named(self, *names: str) -> list[Call]:
        """Its calls of those names that did not fail."""
        return [call for call in self.calls if call.name in names and not call.result.startswith("-")]

    def programs(self) -> list[str]:
        """The paths of what it became, one after another."""
        return [call.texts()[0] for call in self.named("execve", "execveat")]

    def variables(self) -> list[int]:
        """How many environment variables each of those got."""
        found = [_ENVIRONMENT.search(call.arguments) for call in self.named("execve", "execveat")]
        return [int(match[1]) for match in found if match is not None]

    def folder(self) -> str:
        """Where it works."""
        return self.named("chdir")[0].texts()[0]

    def started(self) -> list[Call]:
        """What it has started beside its own threads."""
        return [call for call in self.named(*_STARTS) if "CLONE_THREAD" not in call.arguments]

    def limits_before(self, path: str) -> dict[str, float]:
        """The soft limits it had given itself before it first opened the file; all of them if it never did."""
        limits: dict[str, float] = {}
        for call in self.calls:
            if call.name == "openat" and path in call.texts():
                break
            if call.name == "prlimit64" and (match := _LIMIT.match(call.arguments)):
                limits[match[1]] = _bytes(match[2])
        return limits

    def opened_since_limited(self) -> list[str]:
        """Paths it has tried to open since it last limited itself, and since it became its last program."""
        last = max(place for place, call in enumerate(self.calls) if _begins(call))
        return [
            path
            for call in self.calls[last:]
            if call.name in {"open", "openat", "openat2", "creat"}
            for path in call.texts()[:1]
        ]


def command(strace: Path, folder: Path) -> list[str]:
    """What to put before a command so that it is traced into the folder."""
    only = ["-e", f"trace={','.join(CALLS)}", "-e", "signal=none"]
    return [str(strace), "-ff", "-qq", "--seccomp-bpf", "-s", "4096", *only, "-o", str(folder / "thread")]


def processes(folder: Path) -> list[Process]:
    """Each process that was started and became another program."""
    threads = {file.suffix[1:]: tuple(_calls(file)) for file in folder.iterdir()}
    started = [call.result for calls in threads.values() for call in calls if call.name in _STARTS]
    return [Process(tuple(_with_threads(name, threads))) for name in started if _runs(threads.get(name, ()))]


def _with_threads(name: str, threads: dict[str, tuple[Call, ...]]) -> Iterator[Call]:
    calls = threads[name]
    yield from calls
    for call in calls:
        if call.name in _STARTS and not _runs(threads.get(call.result, ())):
            yield from _with_threads(call.result, threads)


def _runs(calls: tuple[Call, ...]) -> bool:
    return any(call.name == "execve" and call.result == "0" for call in calls)


def _begins(call: Call) -> bool:
    return (call.name == "execve" and call.result == "0") or bool(_LIMIT.match(call.arguments))


def _calls(file: Path) -> Iterator[Call]:
    for line in file.read_text(errors="replace").splitlines():
        if match := _CALL.match(line):
            yield Call(match[1], match[2], match[3])


def _bytes(number: str) -> float:
    """A limit as strace writes it: a number, a product, or infinity."""
    return math.inf if "INFINITY" in number else math.prod(int(part) for part in number.split("*"))
