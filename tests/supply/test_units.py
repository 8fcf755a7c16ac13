"""The units of docs/deploy/systemd: what systemd itself says of them, and that they fit how our processes end.

No systemd runs them here: it only reads them.
"""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import command
from functions import jobs
from tests.conftest import ROOT, program

pytestmark = pytest.mark.needs("systemd-analyze")

_UNITS = ROOT / "docs" / "deploy" / "systemd"
_PYTHON = "/opt/storyreel/venv/bin/python"


@pytest.fixture(params=["storyreel-serve.service", "storyreel-worker@.service"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """As it would be installed, on a machine whose Python is elsewhere; of a template, its first."""
    name: str = request.param
    text = (_UNITS / name).read_text()
    assert text.count(_PYTHON) == 1
    installed = tmp_path / name.replace("@.", "@1.")
    installed.write_text(text.replace(_PYTHON, sys.executable))
    return installed


def analyze(*arguments: str | Path) -> str:
    done = subprocess.run(
        [program("systemd-analyze"), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def settings(unit: Path) -> dict[str, str]:
    """Of [Service]: the last of each name."""
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep names as they are
    parser.read_string(unit.read_text())
    return dict(parser["Service"])


def test_systemd_has_nothing_against_a_unit(unit: Path) -> None:
    """Every name is one that it knows, every value one that it takes."""
    assert analyze("verify", "--man=no", unit) == ""


def test_a_unit_is_locked_in(unit: Path) -> None:
    """By systemd's own reckoning, in which 10 is open to everything: 2.0 at most."""
    assert "exposure level" in analyze("security", "--offline=true", "--threshold=20", unit)


def test_a_unit_starts_a_command_that_there_is(unit: Path) -> None:
    python, _, module, name, *options = settings(unit)["ExecStart"].split()

    assert (python, module) == (sys.executable, "cli.main")
    assert set(options[::2]) <= {option for each in command.commands[name].params for option in each.opts}


def test_a_unit_waits_longer_than_its_process_takes_to_end(unit: Path) -> None:
    """A kill before that would cost what is under way another go."""
    assert float(settings(unit)["TimeoutStopSec"]) >= (jobs._GRACE + 5 if "worker" in unit.name else 15)
