"""Secrets that can be recognised, and the search for them: as they are, and as programs write them otherwise."""

import base64
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self
from urllib.parse import quote, quote_plus

import psycopg
from psycopg import sql

_SHORTEST = 12  # bytes; a shorter form would be found by chance


def marked(name: str) -> str:
    """A secret that nobody else has, of the characters that keys are made of."""
    return f"{name}-{secrets.token_hex(16)}"


def forms(secret: str) -> set[bytes]:
    """How it may stand in a text: plain, in a URL, in hex, in base64 wherever it begins in what is encoded."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), quote_plus(secret).encode(), raw.hex().encode()}
    found.add(raw.hex().upper().encode())
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        own = encoded[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]  # no letter with a bit of a neighbour's
        found |= {own, own.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in found if len(form) >= _SHORTEST}


@dataclass
class Caught:
    """Everything that a run printed, stored, said and showed, by where it was."""

    secrets: Mapping[str, str]
    seen: dict[str, bytes] = field(default_factory=dict)

    def add(self, where: str, what: bytes | str) -> None:
        raw = what if isinstance(what, bytes) else what.encode("utf-8", "surrogateescape")
        self.seen[where] = self.seen.get(where, b"") + raw

    def leaks(self, *places: str, but: Mapping[str, set[str]] | None = None) -> list[str]:
        """Which secrets stand where, in places that begin so; `but` are those that belong there."""
        return sorted(
            f"{name} in {where}"
            for where, raw in self.seen.items()
            if where.startswith(places)
            for name, secret in self.secrets.items()
            if name not in (but or {}).get(where, set()) and any(form in raw for form in forms(secret))
        )


class ProcessList:
    """The arguments of every process there is, looked at again and again while the block lasts."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = Event()
        self._thread = Thread(target=self._look, name="process-list")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(entry.read_bytes())
                except OSError:  # it has ended, or is somebody else's
                    continue


def files_below(folder: Path) -> Iterator[Path]:
    """Every file, a folder's own and those in its folders."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


async def rows_of(owner: psycopg.AsyncConnection) -> dict[str, str]:
    """Every row of every table of every schema as text, by table; and what is going on at the server."""
    tables = await owner.execute(
        """select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where c.relkind in ('r', 'm', 'p') and n.nspname !~ '^pg_(toast|temp)' order by 1, 2"""
    )
    found = {}
    for schema, table in await tables.fetchall():
        query = sql.SQL("select coalesce(string_agg(t::text, e'\\n'), '') from {} t").format(
            sql.Identifier(schema, table)
        )
        [(rows,)] = await (await owner.execute(query)).fetchall()
        found[f"{schema}.{table}"] = rows
    [(going_on,)] = await (
        await owner.execute("select string_agg(a::text, e'\\n') from pg_stat_activity a")
    ).fetchall()
    return {**found, "pg_stat_activity": going_on}
