"""What a process asks and tells the database when it starts: is it ready for us, and where do files lie."""

from datetime import timedelta
from uuid import UUID

from pipeline.errors import BadSetting
from pipeline.ports import Bucket
from storage.database import Database
from storage.queries import load

_SQL = load("deployment")
MADE_FOR = "20261121000015"
"""The newest migration that this code knows of. A database may be further: new ones come before new code."""


async def check_database(database: Database) -> None:
    """Raise `BadSetting`, saying what to do, unless migrations, engine and role are as they must be."""
    async with database.transaction() as tx:
        row = await tx.one(_SQL["check"], {})
    assert row is not None, "a SELECT without FROM has one row"
    if not (row["migrated"] and row["engine"]):
        raise BadSetting("the database is not prepared: run `storyreel db migrate` with the owner's URL")
    if row["migrated_to"] < MADE_FOR:
        raise BadSetting(
            "the database was prepared for an older release: run `storyreel db migrate` with the owner's URL"
        )
    if not row["engine_on_path"]:
        raise BadSetting(
            f"SUPABASE_DB_URL logs in as {row['role']!r}; workers and functions log in as `storyreel`, "
            "which brings its search_path along (alter role storyreel password '…')"
        )


async def note_bucket(database: Database, bucket: Bucket) -> None:
    """Write down where the bucket's files are read and by whom: the app's URLs are computed from it."""
    noted = {"name": bucket.name, "url": bucket.base_url, "is_public": bucket.is_public}
    async with database.transaction() as tx:
        await tx.run(_SQL["note_bucket"], noted)


async def hint_reconcile(database: Database) -> None:
    """Have the engine look for whatever was left behind, now instead of within the minute."""
    async with database.transaction() as tx:
        await tx.run(_SQL["hint_reconcile"], {})


async def run_goes_on(database: Database, run: UUID, *, within: timedelta) -> None:
    """Keep the database from calling `run-jobs` for that long: that run is under way."""
    async with database.transaction() as tx:
        await tx.run(_SQL["run_goes_on"], {"run": run, "within": within})


async def run_ended(database: Database, run: UUID) -> None:
    """That run is over: who gives the engine a job from now on has the database call another."""
    async with database.transaction() as tx:
        await tx.run(_SQL["run_ended"], {"run": run})


async def call_run_jobs(database: Database) -> None:
    """Have the database call `run-jobs`, where it was told to."""
    async with database.transaction() as tx:
        await tx.run(_SQL["call_run_jobs"], {})


async def jobs_wait(database: Database, queue: str) -> bool:
    """Whether the engine has a job that nobody has begun."""
    async with database.transaction() as tx:
        row = await tx.one(_SQL["jobs_wait"], {"queue": queue})
    return bool(row and row["wait"])
