"""Secrets that can be recognised, and a run that keeps what commands say and what stands in files."""

import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from local.postgres import EmbeddedPostgres
from tests.cli.running import COMMAND, environment
from tests.end_to_end.leaks import Caught, files_below, marked
from tests.end_to_end.outsiders import Outsider

HOLDS_THE_KEY = {"secret", "stack.json", "stack.env"}
"""Of the state folder: the stack's own key, and how to reach the stack while it runs (local/sharing.py)."""

SECRETS = {
    **{name: marked(name) for name in ("back-end", "next-back-end", "operator", "service-key", "moderation")},
    **{name: marked(name) for name in ("fal-id", "fal-secret", "s3", "jwt")},
    # What a password may hold is more than what a URL may.
    **{name: f"{marked(name)}@/:%?# '" for name in ("owner-password", "worker-password", "wrong-password")},
}
FAL_KEY = f"{SECRETS['fal-id']}:{SECRETS['fal-secret']}"


def database_url(postgres: EmbeddedPostgres, user: str, password: str) -> str:
    return postgres.url(user=user).replace("@", f":{quote(SECRETS[password], safe='')}@", 1)


@dataclass
class Run:
    """What is caught, and those who were outside."""

    caught: Caught
    folder: Path
    fal: Outsider
    moderation: Outsider
    bucket: Outsider
    modes: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)

    def command(self, name: str, *arguments: str, settings: Mapping[str, str], folder: Path | None = None) -> None:
        """Run a command to its end, in the stack's folder or another, and keep what it says."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=environment(settings),
            cwd=folder or self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=90,
            check=False,
        )
        self.codes[name] = done.returncode
        self.caught.add(f"printed by {name}", done.stdout)

    def keep_files(self, folder: Path) -> None:
        for file in files_below(folder):
            name = str(file.relative_to(folder))
            self.modes[name] = stat.S_IMODE(file.stat().st_mode)
            if name not in HOLDS_THE_KEY:
                self.caught.add(f"file {name}", file.read_bytes())
