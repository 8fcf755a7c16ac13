"""What the two locks promise each other, pyproject.toml, and whoever installs them."""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from supply.lock import Pin, read_lock
from tests.conftest import ROOT

_LOCKED = (ROOT / "requirements.lock").read_text()
_RUNTIME = (ROOT / "requirements.runtime.lock").read_text()
_HASH = f"    --hash=sha256:{'a' * 64}"


def versions(pins: tuple[Pin, ...], name: str) -> list[str]:
    return [pin.version for pin in pins if pin.name == canonicalize_name(name)]


def needed(lines: Iterable[str]) -> set[str]:
    """The names of the packages that these requirements bring along on this machine, themselves included."""
    names: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(line), "") for line in lines]
    while waiting:
        wanted, extra = waiting.pop()
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        names.add(name)
        for each in {"", *wanted.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, each))
            waiting += [(Requirement(line), each) for line in requires(name) or ()]
    return names


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_what_runs_is_what_was_tested() -> None:
    """Every version, marker and hash of the runtime's lock stands in the whole one: `make lock` writes both."""
    assert set(read_lock(_RUNTIME)) <= set(read_lock(_LOCKED))


def test_the_runtime_s_lock_holds_what_the_application_needs_and_nothing_else(project: dict[str, Any]) -> None:
    """The dependencies in pyproject.toml, theirs, and so on, as the packages that are installed name them."""
    locked = {pin.name for pin in read_lock(_RUNTIME) if pin.is_for_this_machine()}

    assert locked == needed(project["project"]["dependencies"])


def test_the_runtime_s_lock_holds_versions_that_the_application_works_with(project: dict[str, Any]) -> None:
    for wanted in map(Requirement, project["project"]["dependencies"]):
        locked = versions(read_lock(_RUNTIME), wanted.name)

        assert locked, f"{wanted.name}: run make lock"
        assert all(wanted.specifier.contains(version) for version in locked), wanted


def test_the_whole_lock_holds_what_developers_need(project: dict[str, Any]) -> None:
    for wanted in map(Requirement, project["dependency-groups"]["dev"]):
        assert versions(read_lock(_LOCKED), wanted.name), f"{wanted.name}: run make lock"


@pytest.mark.parametrize("lock", [_LOCKED, _RUNTIME])
def test_a_lock_names_no_place_to_download_from(lock: str) -> None:
    """Whoever installs it says where from; the hashes hold wherever that is."""
    assert not re.search(r"://|--(extra-)?index-url|--find-links| @ ", lock)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("oak==1.0\n", "neither a pin nor a hash"),
        (f"oak>=1.0 \\\n{_HASH}\n", "neither a pin nor a hash"),
        ("oak @ git+ssh://somewhere/oak\n", "neither a pin nor a hash"),
        (f"-e .\noak==1.0 \\\n{_HASH}\n", "neither a pin nor a hash"),
        (f"oak==1.0 \\\nelm==2.0 \\\n{_HASH}\n", "oak 1.0 has no hash"),
        (f"{_HASH.replace('sha256', 'md5')}\n", "neither a pin nor a hash"),
    ],
)
def test_a_lock_that_is_not_strict_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        read_lock(text)


def test_a_lock_is_read_as_it_was_written() -> None:
    text = (
        f"# by make lock\nOak.Tree==1.0 ; sys_platform == 'win32' \\\n{_HASH} \\\n{_HASH[:-1]}b\n    # via elm\n"
    )

    [pin] = read_lock(text)
    assert (pin.name, pin.version, pin.marker) == ("oak-tree", "1.0", "sys_platform == 'win32'")
    assert len(pin.hashes) == 2
    assert not pin.is_for_this_machine()
