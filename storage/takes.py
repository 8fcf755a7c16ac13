"""The `Takes` port on Postgres: clips on their way from the provider to the viewers.

Every method is one transaction and every write a compare-and-set on status and attempt, so that a worker
which was cut off and returns changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pipeline.errors import FileBeingRemoved
from pipeline.lifecycle import TakeStatus
from pipeline.model import Failure, StoredRendition, TakeInHand
from pipeline.reasons import ORIGINAL_GONE, sentence
from pipeline.retry import SUSPECT_TRIES
from storage.database import Database, Transaction
from storage.queries import load

_SQL = load("takes")


class PostgresTakes:
    """Takes whose clip exists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim_fetch(self, take_id: UUID, *, now: datetime, lease: timedelta) -> TakeInHand | None:
        """See `pipeline.stores.Takes`."""
        return await self._claim(take_id, TakeStatus.FETCHING, now, lease)

    async def claim_finish(self, take_id: UUID, *, now: datetime, lease: timedelta) -> TakeInHand | None:
        """See `pipeline.stores.Takes`."""
        return await self._claim(take_id, TakeStatus.FINISHING, now, lease)

    async def _claim(
        self, take_id: UUID, status: TakeStatus, now: datetime, lease: timedelta
    ) -> TakeInHand | None:
        arguments = {"id": take_id, "status": status, "now": now, "lease": lease, "suspect": SUSPECT_TRIES}
        async with self._database.transaction() as tx:
            row = await tx.one(_SQL["claim"], arguments)
            if row is None and await tx.one(_SQL["is_suspect"], arguments):
                await tx.run(_SQL["lock_suspects"], arguments)
                row = await tx.one(_SQL["claim_suspect"], arguments)
        return TakeInHand(**row) if row else None

    async def renew(self, take: TakeInHand, *, due_at: datetime) -> bool:
        """See `pipeline.stores.Takes`."""
        arguments = {"id": take.id, "attempt": take.attempt, "due_at": due_at}
        async with self._database.transaction() as tx:
            return await tx.run(_SQL["renew"], arguments) == 1

    async def note_files(self, bucket: str, paths: Sequence[str], *, now: datetime) -> None:
        """See `pipeline.stores.Takes`."""
        arguments = {"bucket": bucket, "paths": list(paths), "now": now}
        async with self._database.transaction() as tx:
            if await tx.run(_SQL["note_files"], arguments) != len(paths):
                raise FileBeingRemoved(f"one of {', '.join(paths)} is just being removed from the bucket {bucket}")

    async def fetched(self, take: TakeInHand, *, bucket: str, path: str, sha256: str, now: datetime) -> bool:
        """See `pipeline.stores.Takes`."""
        arguments = {
            "id": take.id,
            "attempt": take.attempt,
            "bucket": bucket,
            "path": path,
            "sha256": sha256,
            "now": now,
        }
        async with self._database.transaction() as tx:
            if await tx.run(_SQL["fetched"], arguments) != 1:
                return False
            await tx.run(_SQL["hint_finish"], arguments)
        return True

    async def renditions(self, rendition_key: str) -> Sequence[str]:
        """See `pipeline.stores.Takes`."""
        async with self._database.transaction() as tx:
            rows = await tx.all(_SQL["renditions"], {"rendition_key": rendition_key})
        return [row["path"] for row in rows]  # written in one transaction: all or none

    async def finished(
        self,
        take: TakeInHand,
        *,
        rendition_key: str,
        bucket: str,
        renditions: Sequence[StoredRendition],
        now: datetime,
    ) -> bool:
        """See `pipeline.stores.Takes`."""
        arguments = {"id": take.id, "attempt": take.attempt, "rendition_key": rendition_key, "now": now}
        async with self._database.transaction() as tx:
            if await tx.run(_SQL["ready"], arguments) != 1:
                return False
            for rendition in renditions:
                row = {
                    "rendition_key": rendition_key,
                    "kind": rendition.kind,
                    "bucket": bucket,
                    "path": rendition.path,
                    "content_type": rendition.content_type,
                    "bytes": rendition.bytes,
                    "width": rendition.width,
                    "height": rendition.height,
                    "blurhash": rendition.blurhash,
                    "now": now,
                }
                await tx.run(_SQL["insert_rendition"], row)
            await tx.run(_SQL["lock_videos"], arguments)  # before files, as a plan does
            await tx.run(_SQL["keep_renditions"], arguments)
            if not await tx.all(_SQL["renditions"], arguments):
                raise FileBeingRemoved(f"the renditions of {rendition_key} were removed meanwhile")
            await tx.run(_SQL["show_take"], arguments)
        return True

    async def try_again(self, take: TakeInHand, *, due_at: datetime) -> bool:
        """See `pipeline.stores.Takes`."""
        arguments = {"id": take.id, "attempt": take.attempt, "due_at": due_at}
        async with self._database.transaction() as tx:
            return await tx.run(_SQL["try_again"], arguments) == 1

    async def hand_back(self, take: TakeInHand, *, now: datetime) -> bool:
        """See `pipeline.stores.Takes`."""
        arguments = {"id": take.id, "attempt": take.attempt, "now": now}
        async with self._database.transaction() as tx:
            return await tx.run(_SQL["hand_back"], arguments) == 1

    async def give_up(
        self, take: TakeInHand, failure: Failure, *, now: datetime, again_at: datetime | None = None
    ) -> bool:
        """See `pipeline.stores.Takes`."""
        arguments = {
            "id": take.id,
            "attempt": take.attempt,
            "code": failure.code,
            "message": failure.message,
            "permanent": failure.permanent,
            "again_at": again_at,
            "now": now,
        }
        async with self._database.transaction() as tx:
            kept = await _keep(tx, failure, arguments)
            if not kept and await tx.run(_SQL["fail"], arguments) != 1:
                return False
            again = again_at is not None and not kept
            message = sentence(failure.code, permanent=failure.permanent, again=again)
            await tx.run(_SQL["fall_back"], arguments | {"message": message})
            if kept:
                await tx.run(_SQL["show_kept"], arguments)
        return True


async def _keep(tx: Transaction, failure: Failure, arguments: Mapping[str, object]) -> int:
    """Where only the making anew failed, the take stays ready. Not without its original: that must be rendered."""
    return 0 if failure.code == ORIGINAL_GONE else await tx.run(_SQL["keep"], arguments)
