"""A deployment without a provider or a worker, as whoever keeps it reaches it: its settings, and its rows."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.running import Ended, storyreel
from tests.conftest import DatabaseUrls
from tests.storage.world import World


@dataclass(frozen=True)
class Deployment:
    """A world of rows, and the command that looks at it. Real, unless told to be `emulated`."""

    world: World
    settings: dict[str, str]

    def run(self, *arguments: str, emulated: bool = False) -> Ended:
        more = {"STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9"} if emulated else {}
        return storyreel(*arguments, settings=self.settings | more)

    def as_json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """The one object that was printed, and nothing else."""
        ended = self.run(*arguments, "--json")
        assert (ended.code, ended.said) == (code, ""), ended
        found: dict[str, Any] = json.loads(ended.out)
        return found


def settings(urls: DatabaseUrls, folder: Path) -> dict[str, str]:
    """fal itself; nothing here ever asks it."""
    return {
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_DB_URL": urls.worker,
        "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
        "STORYREEL_BUCKET_FOLDER": str(folder),
        "FAL_KEY": "id:secret",
    }
