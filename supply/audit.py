"""Asks the advisory service about every version of a lock, with pip-audit; never calls silence a success.

    python -m supply.audit requirements.lock [options of pip-audit's]

Exit codes: 0 all were checked and nothing is known against them, 1 something is, 3 not all could be checked.

pip-audit by itself ends with success where the service has never heard of a name (it skips it), and it reads of a
lock only what this machine would install. So the service is asked first about a version that is known to be
vulnerable: until it says so, nothing that it does not say means anything. And the versions for other machines and
Pythons are asked about in rounds of their own, for no round may name a package twice.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from supply.lock import Pin, read_lock

CLEAN, VULNERABLE, UNCHECKED = 0, 1, 3

# CVE-2019-10906, which every service has had since 2019. Nothing is downloaded, so any hash does.
CANARY = Pin("jinja2", "2.10", "", frozenset({f"sha256:{'0' * 64}"}))

_PIP_AUDIT = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json")

Key = tuple[str, str]


@dataclass(frozen=True)
class Answer:
    """What the service said about some versions: advisories, of which there may be none, of those it knew.

    `complaint`: why it said nothing more.
    """

    advisories: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    complaint: str = ""


def rounds(pins: Sequence[Pin]) -> list[list[Pin]]:
    """Every version once, in as few rounds as there are versions of one package."""
    made: list[list[Pin]] = []
    for pin in {pin.key: pin for pin in pins}.values():
        fitting = (one for one in made if all(pin.name != other.name for other in one))
        if (one := next(fitting, None)) is None:
            made.append(one := [])
        one.append(pin)
    return made


def parse(output: str, words: str) -> Answer:
    """From what pip-audit wrote to its standard output, and to its error output."""
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "it gave no reason").strip()
    try:
        dependencies = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Answer(complaint=last)
    skipped = next((each["skip_reason"] for each in dependencies if "skip_reason" in each), "")
    return Answer(
        {(each["name"], each["version"]): _advisories(each["vulns"]) for each in dependencies if "vulns" in each},
        skipped,
    )


def _advisories(vulns: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    return tuple(f"{vuln['id']}, {_mend(vuln['fix_versions'])}" for vuln in vulns)


def _mend(fixes: object) -> str:
    return f"fixed in {', '.join(map(str, fixes))}" if isinstance(fixes, list) and fixes else "no fix yet"


def verdict(pins: Sequence[Pin], answer: Answer) -> tuple[list[str], int]:
    """What to print, and the exit code, once the canary has been heard."""
    keys = list(dict.fromkeys(pin.key for pin in pins))
    found = [(key, advisory) for key in keys for advisory in answer.advisories.get(key, ())]
    unchecked = [key for key in keys if key not in answer.advisories]
    lines = [f"{name} {version}: {advisory}" for (name, version), advisory in found]
    if unchecked:
        named = ", ".join(f"{name} {version}" for name, version in unchecked)
        lines.append(f"{len(unchecked)} of {len(keys)} versions were not checked ({answer.complaint}): {named}")
    elif not found:
        lines.append(f"{len(keys)} versions were checked: nothing is known against them")
    return lines, VULNERABLE if found else UNCHECKED if unchecked else CLEAN


def ask(pins: Sequence[Pin], options: Sequence[str]) -> Answer:
    """One run of pip-audit's over these versions, whatever machines they are for."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "requirements.txt"
        asked.write_text("".join(f"{pin.requirement()}\n" for pin in pins))
        command = [sys.executable, "-m", "pip_audit", *_PIP_AUDIT, *options, "--requirement", str(asked)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return parse(done.stdout, done.stderr)


def audit(pins: Sequence[Pin], options: Sequence[str]) -> tuple[list[str], int]:
    """Ask about all of them; what to print, and the exit code."""
    canary = ask([CANARY], options)
    if not canary.advisories.get(CANARY.key):
        why = (
            canary.complaint or f"it knows nothing against {CANARY.name} {CANARY.version}, and everybody else does"
        )
        return [f"the advisory service cannot be reached: nothing was checked ({why})"], UNCHECKED
    advisories: dict[Key, tuple[str, ...]] = {}
    complaint = ""
    for one in rounds(pins):
        answer = ask(one, options)
        advisories |= answer.advisories
        complaint = complaint or answer.complaint
    return verdict(pins, Answer(advisories, complaint))


def main(lock: Path, options: Sequence[str]) -> int:
    """Print what is known against the lock; the exit code."""
    lines, code = audit(read_lock(lock.read_text()), options)
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
