"""What can be seen of a database by the workers' login, and what it says of itself. Looks, and changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from storage.database import Database
from storage.queries import load

_SQL = load("checkup")


@dataclass(frozen=True)
class Server:
    """Who we are there, and what was prepared. `postgres`: the major version; `engine`: the installed release.

    `migrated_to` is the newest migration's version, empty where there is none.
    """

    role: str
    postgres: int
    engine_on_path: bool
    migrated_to: str
    engine: str | None
    now: datetime


@dataclass(frozen=True)
class Waking:
    """Whom the database calls when there is work. `hears`: whether every job calls; `scheduled`: the clock, too.

    `status`, `error` and `timed_out` are of the last call, as far as known.
    """

    url: str
    secret_name: str
    called_at: datetime | None
    fault: str | None
    hears: bool
    scheduled: bool
    status: int | None
    error: str | None
    timed_out: bool | None


@dataclass(frozen=True)
class Contents:
    """What a prepared database holds. `missed`: what a trigger could not do, and is made up for.

    `workers` gave a sign of life in the last minute.
    """

    tables: list[str] | None
    placeholders: int
    missed: int
    published: bool
    workers: int
    quiet: list[str]
    waking: Waking | None


async def look_at_server(database: Database) -> Server:
    """Works on any Postgres, prepared or not. Raises `StoreUnavailable`."""
    async with database.transaction() as tx:
        row = await tx.one(_SQL["server"], {})
    assert row is not None, "a SELECT without FROM has one row"
    return Server(**row)


async def look_at_contents(database: Database) -> Contents:
    """Works where every migration was applied. Raises `StoreUnavailable`."""
    async with database.transaction() as tx:
        row = await tx.one(_SQL["contents"], {})
        waking = await tx.one(_SQL["waking"], {})
        quiet = await tx.all(_SQL["missing_broadcasts"], {})
    assert row is not None, "a SELECT without FROM has one row"
    return Contents(**row, quiet=[each["sentence"] for each in quiet], waking=Waking(**waking) if waking else None)
