"""Resumable uploads that have not ended: what each is to become, and the bytes it has so far. Blocking.

They lie beside the buckets in `~uploads`, a name that no bucket has: `<id>` holds bytes, `<id>.json` the rest. A
restart of the server costs nothing. Who comes back within a day goes on; what is older is removed.
"""

import json
import re
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from uuid import uuid4

from storage.buckets.draft import Draft, write_whole

LIFETIME_SECONDS = 24 * 60 * 60
"""As with Supabase."""

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Promised:
    """What an upload is to become. `size` in bytes, `begun` in seconds since 1970."""

    bucket: str
    path: str
    size: int
    content_type: str
    own_metadata: str | None
    begun: float

    @property
    def expires(self) -> float:
        """Seconds since 1970."""
        return self.begun + LIFETIME_SECONDS


@dataclass(frozen=True)
class PartialUploads:
    """Those of one server. Ids come from strangers: one that is none of ours names no file."""

    root: Path

    def begin(self, promised: Promised) -> str:
        """The id of a new upload without a byte. Removes those that have expired by then, or cannot be read."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for each in list(self._folder.glob("*.json")):
            if _ID.fullmatch(each.stem):
                old = self.find(each.stem)
                if old is None or old.expires <= promised.begun:
                    self.remove(each.stem)
        upload_id = uuid4().hex
        self._bytes(upload_id).touch()
        write_whole(self._promise(upload_id), json.dumps(asdict(promised)))
        return upload_id

    def find(self, upload_id: str) -> Promised | None:
        """What was promised of it, None where there is no such upload: also where another version wrote it."""
        if not _ID.fullmatch(upload_id):
            return None
        try:
            return _promised(json.loads(self._promise(upload_id).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, RecursionError):
            return None

    def offset(self, upload_id: str) -> int:
        """How many bytes it has."""
        return self._bytes(upload_id).stat().st_size

    def append(self, upload_id: str, piece: bytes) -> int:
        """Add its next bytes, which count from then on, and say how many it has."""
        with self._bytes(upload_id).open("ab") as file:
            file.write(piece)
            return file.tell()

    def fill(self, upload_id: str, draft: Draft) -> None:
        """Copy what it has, which is all of it, and forget the upload once that is an object."""
        with self._bytes(upload_id).open("rb") as source:
            shutil.copyfileobj(source, draft, 2**20)
        draft.commit()
        self.remove(upload_id)

    def remove(self, upload_id: str) -> None:
        """Forget it. Killed in between, it leaves bytes that nothing names."""
        self._promise(upload_id).unlink(missing_ok=True)
        self._bytes(upload_id).unlink(missing_ok=True)

    @property
    def _folder(self) -> Path:
        return self.root / "~uploads"

    def _bytes(self, upload_id: str) -> Path:
        return self._folder / upload_id

    def _promise(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.json"


def _promised(told: Any) -> Promised:  # noqa: ANN401 - parsed JSON
    """What was written as `Promised`. Raises ValueError for anything else."""
    wanted = {each.name for each in fields(Promised)}
    if not isinstance(told, dict) or told.keys() != wanted or not isinstance(told["begun"], float):
        raise ValueError("another version's")
    return Promised(**told)
