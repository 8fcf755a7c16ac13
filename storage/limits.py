"""What may be spent and done at a time, on Postgres: read and set by people. Every method is one transaction.

What waits for a limit is woken by triggers of the database, whoever changes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from storage.database import Database, Transaction
from storage.queries import load

_SQL = load("limits")


@dataclass(frozen=True)
class Limits:
    """Of the whole deployment, as columns of `storyreel.limits`; None: no limit. Amounts in US dollars."""

    day_usd: Decimal | None
    owner_day_usd: Decimal | None
    story_usd: Decimal | None
    total_usd: Decimal | None
    owner_stories_per_hour: int | None
    overrun_factor: Decimal | None
    overrun_bills: int


@dataclass(frozen=True)
class ProviderLimits:
    """Of one provider: renders in flight, of one owner, begun in a minute; None: no limit."""

    name: str
    slots: int
    owner_slots: int | None
    per_minute: int | None


@dataclass(frozen=True)
class Paused:
    """A provider at which nothing is begun, and why."""

    name: str
    code: str
    message: str


@dataclass(frozen=True)
class AllLimits:
    """Those of the deployment and those of its providers, by name."""

    limits: Limits
    providers: Sequence[ProviderLimits]


class PostgresLimits:
    """What may be spent, and done at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> AllLimits:
        """All of them."""
        async with self._database.transaction() as tx:
            return await _read(tx)

    async def change(
        self, limits: Mapping[str, Any], *, provider: str | None, of_provider: Mapping[str, Any]
    ) -> AllLimits:
        """Set those fields of `Limits`, and of the provider's `ProviderLimits`, all or none; how they are now.

        What is not given stays, and nobody is woken for it.
        """
        async with self._database.transaction() as tx:
            if limits:
                await tx.run(_SQL["lock_limits"], {})
                await tx.run(_SQL["set_limits"], asdict(replace((await _read(tx)).limits, **limits)))
            if of_provider:
                await tx.run(_SQL["lock_providers"], {})
                [found] = [p for p in (await _read(tx)).providers if p.name == provider]
                await tx.run(_SQL["set_provider"], asdict(replace(found, **of_provider)))
            return await _read(tx)

    async def resume(self, provider: str | None, *, now: datetime) -> list[Paused]:
        """Go on with the provider, or with all; those that were paused."""
        async with self._database.transaction() as tx:
            rows = [row for row in await tx.all(_SQL["paused"], {}) if provider in {None, row["name"]}]
            paused = [Paused(**row) for row in rows]
            for found in paused:
                await tx.run(_SQL["resume"], {"name": found.name, "now": now})
        return paused


async def _read(tx: Transaction) -> AllLimits:
    row = await tx.one(_SQL["limits"], {})
    assert row is not None, "the migration inserts it"
    providers = await tx.all(_SQL["providers"], {})
    return AllLimits(Limits(**row), [ProviderLimits(**provider) for provider in providers])
