"""Takes everything of ours out of a database again: schemas, triggers, policies, role, the record of migrations.

The app's tables stay, with whatever stands in their mirror columns; so do the files in the bucket and the secret
in Vault, which the app's developer made. In one transaction: all of it, or nothing.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg.rows import class_row

from pipeline.errors import StoryreelError
from storage.migrate import connect, engine_migration, ours
from storage.queries import load

_SQL = load("uninstall")
_SCRIPT = Path(__file__).with_suffix(".sql")


class UninstallFailedError(StoryreelError):
    """Nothing was removed; the message says what was in the way."""

    code = "uninstall_failed"
    permanent = True


@dataclass(frozen=True)
class Contents:
    """What goes, and what stays behind elsewhere: `files` in `buckets`, and Vault's `secret`."""

    videos: int
    files: int
    buckets: list[str] | None
    tables: list[str] | None
    secret: str | None = None


def contents(url: str) -> Contents | None:
    """What there is of ours; None where there is nothing. Raises as `storage.migrate.connect` does."""
    with connect(url) as connection:
        if not _says(connection, b"select to_regclass('storyreel.videos') is not null"):
            return None
        has_secret = _says(connection, b"select to_regclass('storyreel.waking') is not null")
        with connection.cursor(row_factory=class_row(Contents)) as cursor:
            found = cursor.execute(_SQL["contents"]).fetchone()
        assert found is not None, "a SELECT without FROM has one row"
        secret = connection.execute(_SQL["secret"]).fetchone() if has_secret else None
        return replace(found, secret=secret[0] if secret else None)


def uninstall(url: str) -> list[str]:
    """Remove everything, and return the database's warnings of what it had to leave.

    Needs the owner's login. Raises `UninstallFailedError`, and as `storage.migrate.connect` does.
    """
    warnings: list[str] = []
    applied = [*ours(), engine_migration()]
    with connect(url) as connection:
        connection.add_notice_handler(lambda said: warnings.append(said.message_primary or ""))
        try:
            with connection.transaction():
                connection.execute("set local client_min_messages = warning")
                connection.execute(
                    "create temporary table storyreel_applied on commit drop as "
                    "select * from unnest(%s::text[], %s::text[]) as applied (version, name)",
                    ([each.version for each in applied], [each.name for each in applied]),
                )
                connection.execute(_SCRIPT.read_bytes())
        except psycopg.Error as error:
            raise UninstallFailedError(f"nothing was removed: {error}") from error
    return warnings


def _says(connection: psycopg.Connection, question: bytes) -> bool:
    row = connection.execute(question).fetchone()
    return row is not None and bool(row[0])
