"""An audit says what is known, what could not be checked, and never takes silence for a clean bill."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supply.audit import CANARY, Answer, parse, rounds, verdict
from supply.lock import Pin, read_lock
from tests.conftest import ROOT
from tests.storage.buckets.servers import silent_address
from tests.supply.advisories import CANARY_KNOWN, Service, advising, options

_HASH = f"sha256:{'a' * 64}"
_PINS = {("oak", "1.0"): "", ("elm", "2.0"): "python_version < '3'", ("elm", "2.5"): "sys_platform == 'plan9'"}
_KEYS = list(_PINS)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Of one package for this machine, and of two versions of another for others."""
    file = tmp_path / "requirements.lock"
    lines = [
        f"{name}=={version}{f' ; {marker}' if marker else ''} \\\n    --hash={_HASH}\n"
        for (name, version), marker in _PINS.items()
    ]
    file.write_text("".join(lines))
    return file


def audited(lock: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code of an audit, and what it printed."""
    command = [sys.executable, "-m", "supply.audit", str(lock), *arguments]
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(lock.parent), "PIP_AUDIT_TIMEOUT": "5", **environment}
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_an_audit_asks_about_every_version_whatever_machine_it_is_for(lock: Path) -> None:
    service = Service(CANARY_KNOWN)
    with advising(service) as where:
        ended = audited(lock, *where)

    assert ended == (0, "3 versions were checked: nothing is known against them\n")
    assert sorted(service.asked) == sorted([CANARY.key, *_KEYS])


def test_a_known_vulnerability_is_named_with_its_mend(lock: Path) -> None:
    with advising(Service({**CANARY_KNOWN, ("elm", "2.5"): "CVE-2026-1"})) as where:
        ended = audited(lock, *where)

    assert ended == (1, "elm 2.5: CVE-2026-1, fixed in 9.9\n")


def test_a_service_that_is_not_there_is_no_success(lock: Path) -> None:
    code, said = audited(lock, *options(silent_address()))

    assert code == 3
    assert said.startswith("the advisory service cannot be reached: nothing was checked (")


def test_the_usual_service_is_not_taken_for_asked_when_the_network_is_shut(lock: Path) -> None:
    code, said = audited(lock, HTTPS_PROXY=silent_address())

    assert code == 3
    assert said.startswith("the advisory service cannot be reached: nothing was checked (")


def test_a_service_that_knows_nothing_at_all_is_not_believed(lock: Path) -> None:
    """A mirror without advisories, or a portal that answers everything with an empty page."""
    service = Service({})
    with advising(service) as where:
        code, said = audited(lock, *where)

    assert (code, service.asked) == (3, [CANARY.key])
    assert "nothing was checked (it knows nothing against jinja2 2.10" in said


def test_what_the_service_failed_over_is_named_beside_what_is_known(lock: Path) -> None:
    with advising(Service({**CANARY_KNOWN, ("oak", "1.0"): "CVE-2026-2"}, fails_over=[("elm", "2.5")])) as where:
        code, said = audited(lock, *where)

    assert code == 1
    assert said.startswith("oak 1.0: CVE-2026-2, fixed in 9.9\n1 of 3 versions were not checked (")
    assert said.endswith("): elm 2.5\n")


def test_a_version_that_was_skipped_was_not_checked() -> None:
    """As pip-audit says it, with an exit code of success, where the registry has no page of the package."""
    pins = [Pin("oak", "1.0", "", frozenset({_HASH}))]
    skipped = {"dependencies": [{"name": "oak", "skip_reason": "not found"}], "fixes": []}
    answer = parse(json.dumps(skipped), "No known vulnerabilities found\n")

    assert verdict(pins, answer) == (["1 of 1 versions were not checked (not found): oak 1.0"], 3)


_words = st.text("abc", min_size=1, max_size=2)
_pins = st.lists(st.builds(Pin, _words, _words, st.just(""), st.just(frozenset({_HASH}))))


@given(_pins)
def test_rounds_hold_every_version_once_and_no_package_twice(pins: list[Pin]) -> None:
    made = rounds(pins)

    assert sorted(pin.key for one in made for pin in one) == sorted({pin.key for pin in pins})
    assert all(len({pin.name for pin in one}) == len(one) for one in made)


@given(_pins, st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)))
def test_success_needs_every_version_checked(pins: list[Pin], checked: set[int], vulnerable: set[int]) -> None:
    told = {
        pin.key: ("X",) if number in vulnerable else () for number, pin in enumerate(pins) if number in checked
    }
    _, code = verdict(pins, Answer(told))

    missing = {pin.key for pin in pins} - told.keys()
    assert code == (1 if any(told.values()) else 3 if missing else 0)


def test_the_project_s_own_locks_can_be_audited() -> None:
    """Every one of their lines is understood, and pip-audit is among what they hold."""
    pins = read_lock((ROOT / "requirements.lock").read_text())

    assert len(rounds(pins)) <= 3
    assert "pip-audit" in {pin.name for pin in pins}
