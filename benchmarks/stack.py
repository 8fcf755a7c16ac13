"""A stack to measure on: the real one, in a temporary folder, gone afterwards."""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from local.children import Children
from local.postgres import EmbeddedPostgres
from local.stack import StackInfo, StackOptions, start_stack

_OURS = ("SUPABASE_", "STORYREEL_", "FAL_")


@asynccontextmanager
async def throwaway_stack(options: StackOptions) -> AsyncIterator[tuple[StackInfo, Children]]:
    """Start it, and remove everything when the block ends."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    with tempfile.TemporaryDirectory(prefix="storyreel-bench-") as folder:
        Path(folder).chmod(0o755)
        try:
            async with start_stack(Path(folder), environment, options) as running:
                yield running
        finally:
            EmbeddedPostgres(Path(folder) / "postgres").discard()
