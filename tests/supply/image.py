"""Carries out the Dockerfile on this machine: every instruction of its stages, each stage in a root of its own.

No image comes of it, and its base is this machine's programs with this Python in /usr/local (container.py): the
real base is not tried. A stage begins with nothing of ours, has no network, and takes from another what COPY
takes. Wheels come from a folder, in place of a registry.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.supply.container import as_nobody, as_root, lay_out
from tests.supply.dockerfile import Ignoring, Instruction, Stage, read_dockerfile, variables

_BASE = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"}
_OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/var/wheels", "PIP_CONFIG_FILE": "/dev/null"}


@dataclass
class Image:
    """A root and how to run what is in it, as far as the instructions have come."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(_BASE))
    folder: str = "/"
    user: str = "0:0"
    words: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str, environment: dict[str, str] | None = None) -> list[str]:
        """What runs the image's entrypoint with these arguments; without any, with those of CMD."""
        entrypoint, default = (json.loads(self.words[word]) for word in ("ENTRYPOINT", "CMD"))
        return self.program([*entrypoint, *(arguments or default)], environment=environment)

    def program(self, argv: Sequence[str], *, environment: dict[str, str] | None = None) -> list[str]:
        """What runs another program of the image's, with variables beside its own."""
        known = {**self.environment, "HOME": "/", **(environment or {})}
        return as_nobody(self.root, self.user, argv, cwd=self.folder, environment=known)


def build(folder: Path, checkout: Path, wheels: Path) -> Image:
    """The image of the checkout's Dockerfile, made in the empty folder."""
    context = folder / "context"
    send_context(checkout, context)
    stages: dict[str, Image] = {}
    for number, stage in enumerate(read_dockerfile((checkout / "Dockerfile").read_text())):
        made = Image(folder / f"stage-{number}")
        lay_out(made.root)
        _carry_out(stage, made, context, stages, wheels)
        stages[stage.name or str(number)] = made
    return made


def send_context(checkout: Path, context: Path) -> None:
    """Copy what .dockerignore lets pass, as a checkout would have it whose umask lets nobody else read it."""
    ignoring = Ignoring.read((checkout / ".dockerignore").read_text())
    for above, folders, files in os.walk(checkout):
        at = PurePosixPath(Path(above).relative_to(checkout))
        folders[:] = [each for each in folders if not ignoring.excludes_all_below(str(at / each))]
        for file in files:
            if not ignoring.excludes(str(at / file)):
                target = context / at / file
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copy2(Path(above) / file, target)
                target.chmod(0o600)


def _carry_out(stage: Stage, made: Image, context: Path, stages: dict[str, Image], wheels: Path) -> None:
    for instruction in stage.instructions:
        match instruction:
            case Instruction("COPY", text):
                _copy(text.split(), made, context, stages)
            case Instruction("RUN", text):
                _run(text, made, wheels)
            case Instruction("ENV", text):
                made.environment |= variables(text, made.environment)
            case Instruction("WORKDIR", text):
                made.folder = text
                _inside(made, text).mkdir(parents=True, exist_ok=True)
            case Instruction("USER", text):
                made.user = text
            case Instruction(word, text):
                made.words[word] = text


def _copy(words: list[str], made: Image, context: Path, stages: dict[str, Image]) -> None:
    source, target = words[-2:]
    into = _inside(made, target)
    if words[0].startswith("--from="):
        # Links, for half a gigabyte: what a stage was given it does not change.
        taken = _inside(stages[words[0].removeprefix("--from=")], source)
        shutil.copytree(taken, into, symlinks=True, dirs_exist_ok=True, copy_function=os.link)
    elif (context / source).is_dir():
        shutil.copytree(context / source, into, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(context / source, into)


def _run(text: str, made: Image, wheels: Path) -> None:
    argv = as_root(
        made.root,
        ["/bin/sh", "-c", text],
        cwd=made.folder,
        environment={**made.environment, "HOME": "/root", **_OFFLINE},
        more={wheels: "/var/wheels"},
    )
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, f"RUN {text}\n{done.stdout}{done.stderr}"


def _inside(made: Image, path: str) -> Path:
    return made.root / (PurePosixPath(made.folder) / path).relative_to("/")
