"""What a forked process does to become the `storyreel` command, as if it had been started as that."""

import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def become(arguments: Sequence[str], environment: Mapping[str, str], cwd: Path, out: Path, said: Path) -> None:
    """Run the command in this process, with nothing else in its environment; what it prints goes to the files."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for path, standard in ((out, 1), (said, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, standard)
        os.close(file)
    sys.argv = ["storyreel", *arguments]
    try:
        runpy.run_module("cli.main", run_name="__main__", alter_sys=True)
    except Exception:  # noqa: BLE001 - as an interpreter ends of it
        sys.excepthook(*sys.exc_info())
        sys.exit(1)
