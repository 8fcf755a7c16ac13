"""Asks the package index whether every package of a lock comes as a wheel for each machine that an image is for.

    python -m supply.wheels requirements.runtime.lock [options of pip's]

Exit codes: 0 all do, 1 one does not. The wheels are fetched, compared with the lock's hashes and thrown away:
some 200 MB for each machine. Nothing is installed, so that one machine can ask for all.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import parse_wheel_filename

from supply.lock import Pin, read_lock

_CPUS = ("x86_64", "aarch64")
_PYTHONS = ("3.11", "3.13")  # of the Dockerfile's base, and of AWS Lambda's
_GLIBC = 34  # 2.34, of Amazon Linux 2023; Debian 12 has 2.36
_LEGACY = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}  # glibc 2.x, PEP 600
_TAG = re.compile(r"manylinux_2_(\d+)_|(manylinux1|manylinux2010|manylinux2014)_")


@dataclass(frozen=True)
class Machine:
    """A Linux with glibc: its processor, by the kernel's name, and the Python on it."""

    cpu: str
    python: str

    def takes(self, pin: Pin) -> bool:
        """Whether installing the lock there installs the package."""
        there = {
            "sys_platform": "linux",
            "platform_system": "Linux",
            "os_name": "posix",
            "platform_machine": self.cpu,
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
        return not pin.marker or Marker(pin.marker).evaluate(there)

    def options(self) -> list[str]:
        """How pip is told of it: by every platform whose wheels it takes."""
        platforms = [*_LEGACY, *(f"manylinux_2_{minor}" for minor in range(5, _GLIBC + 1))]
        named = [f"--platform={platform}_{self.cpu}" for platform in platforms]
        return [*named, f"--python-version={self.python}", "--implementation=cp"]


def glibc(wheels: Iterable[str]) -> int:
    """The oldest glibc, as the x of 2.x, that these wheels run on; 0 where they hold no machine code."""
    return max((_oldest(wheel) for wheel in wheels), default=0)


def _oldest(wheel: str) -> int:
    _, _, _, tags = parse_wheel_filename(wheel)
    found = [_TAG.match(tag.platform) for tag in tags]
    return min((_LEGACY[one[2]] if one[2] else int(one[1]) for one in found if one), default=0)


def ask(pins: Sequence[Pin], machine: Machine, options: Sequence[str]) -> tuple[list[str], str]:
    """The names of the wheels, or pip's complaint."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "requirements.txt"
        asked.write_text("".join(f"{pin.requirement()}\n" for pin in pins))
        command = [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--dry-run"),
            *("--ignore-installed", "--no-deps", "--require-hashes", "--only-binary=:all:", "--report=-"),
            *(f"--target={folder}", *machine.options(), *options, f"--requirement={asked}"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        return [], next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), done.stderr)
    urls = [each["download_info"]["url"] for each in json.loads(done.stdout)["install"]]
    return [url.rpartition("/")[2].partition("#")[0] for url in urls], ""


def main(lock: Path, options: Sequence[str]) -> int:
    """Print what there is for each machine; the exit code."""
    pins, missing = read_lock(lock.read_text()), False
    for machine in (Machine(cpu, python) for cpu, python in product(_CPUS, _PYTHONS)):
        wheels, complaint = ask([pin for pin in pins if machine.takes(pin)], machine, options)
        missing = missing or bool(complaint)
        said = complaint or f"{len(wheels)} wheels, for glibc 2.{glibc(wheels)} and newer"
        print(f"{machine.cpu}, Python {machine.python}: {said}")
    return int(missing)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
