"""Runs programs in namespaces of the kernel, as in containers: a root of their own, and no more of the machine.

The root is a folder. The machine's own programs and settings are laid into it read-only, and this Python where the
image of that name has it: in /usr/local. What only a daemon could add (the image's own base, cgroups, seccomp) is
missing. Needs root; whatever is mounted vanishes with the last process.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

PYTHON = "/usr/local"
DEVICES = ("null", "zero", "full", "random", "urandom")
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc")  # links into usr, on most machines
_EMPTY = ("dev", "proc", "tmp", "root", "opt", "srv", "var/wheels")

# Arguments: the root, ro or rw, pairs of what is laid in and where, --, and what to run.
_ENTER = """
root=$1 mode=$2; shift 2
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro "$root$2"
  shift 2
done
shift
mount -t proc proc "$root/proc"
mount -t tmpfs -o nosuid,nodev,noexec,mode=1777 tmpfs "$root/tmp"
mount -o "remount,bind,$mode" "$root"
exec chroot "$root" "$@"
"""
_POWERLESS = ("--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs")


def lay_out(root: Path) -> None:
    """Make the places in the root that the machine's programs are laid into."""
    root.mkdir(mode=0o755)
    for name in _SYSTEM:
        there = Path("/") / name
        if there.is_symlink():
            (root / name).symlink_to(there.readlink())
        elif there.is_dir():
            (root / name).mkdir()
    for name in (*_EMPTY, sys.base_prefix.removeprefix("/")):
        (root / name).mkdir(parents=True, exist_ok=True)
    for device in DEVICES:
        (root / "dev" / device).touch()


def _laid_in(root: Path, more: Mapping[Path, str]) -> list[str]:
    folders = [f"/{name}" for name in _SYSTEM if (root / name).is_dir() and not (root / name).is_symlink()]
    devices = [f"/dev/{name}" for name in DEVICES]
    # Where Python was built to be as well: its own library may be looked for there.
    pairs = [*((one, one) for one in (*folders, *devices, sys.base_prefix)), (sys.base_prefix, PYTHON)]
    pairs += [(str(source), target) for source, target in more.items()]
    return [one for pair in pairs for one in pair]


def as_root(
    root: Path, command: Sequence[str], *, cwd: str, environment: Mapping[str, str], more: Mapping[Path, str]
) -> list[str]:
    """What runs the command with the root open to writing, and without a network, as a step of a build."""
    return [
        *("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child"),
        *("sh", "-euc", _ENTER, "enter", str(root), "rw", *_laid_in(root, more), "--"),
        *_in(cwd, environment, command),
    ]


def as_nobody(
    root: Path, user: str, command: Sequence[str], *, cwd: str, environment: Mapping[str, str]
) -> list[str]:
    """What runs the command as docker would: --read-only --tmpfs /tmp --cap-drop ALL, no new privileges."""
    uid, _, gid = user.partition(":")
    return [
        *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
        *("sh", "-euc", _ENTER, "enter", str(root), "ro", *_laid_in(root, {}), "--"),
        *("setpriv", f"--reuid={uid}", f"--regid={gid}", *_POWERLESS),
        *_in(cwd, environment, command),
    ]


def _in(cwd: str, environment: Mapping[str, str], command: Sequence[str]) -> list[str]:
    return ["env", "-i", f"--chdir={cwd}", *(f"{name}={value}" for name, value in environment.items()), *command]


@dataclass(frozen=True)
class Container:
    """Running. `pid` is, as the machine counts, the process that is the first inside."""

    process: asyncio.subprocess.Process
    pid: int
    log: Path

    async def stopped(self) -> int:
        """Send the first process inside what STOPSIGNAL says; the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return await self.process.wait()

    def status(self) -> dict[str, str]:
        """What the kernel says of the first process inside, by proc_pid_status(5)'s names."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def writable(self) -> set[str]:
        """The mounts that it sees and that are not read-only, by where they are."""
        mounts = [line.split() for line in Path(f"/proc/{self.pid}/mountinfo").read_text().splitlines()]
        return {mount[4] for mount in mounts if "ro" not in mount[5].split(",")}

    def files(self, folder: str) -> list[str]:
        """The names in a folder as it sees it."""
        return sorted(found.name for found in Path(f"/proc/{self.pid}/root{folder}").iterdir())


@asynccontextmanager
async def running(argv: Sequence[str], log: Path) -> AsyncIterator[Container]:
    """The container for the length of the block; killed with all that is in it when the block ends."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield Container(process, await _first_inside(process, log), log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _first_inside(process: asyncio.subprocess.Process, log: Path) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    async with asyncio.timeout(30):
        while process.returncode is None:
            if found := children.read_text().split():
                return int(found[0])
            await asyncio.sleep(0.01)
    raise AssertionError(log.read_text())
