"""Databases as hosted projects have them, migrated by an owner that is no superuser.

The roles are those of the whole server; each project is a database of its own, copied from a migrated one.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from local.postgres import EmbeddedPostgres
from storage.migrate import migrate
from tests.conftest import BOOTSTRAP, survive_no_power_cut

OWNER = "project"  # on a hosted project it is called postgres
_HOSTED = Path(__file__).with_name("hosted.sql")
_TEMPLATE = "template_project"
# As on hosted projects, where it is called postgres: it may make roles, and row security does not hold it up.
_ROLES = b"""
    create role project login createrole createdb bypassrls;
    create role authenticator login noinherit;
"""
_numbers = count(1)


@dataclass(frozen=True)
class Project:
    """One migrated database."""

    server: EmbeddedPostgres
    name: str

    def url(self, user: str = OWNER) -> str:
        """As whom to log in; `postgres` is the superuser that nobody has on a hosted project."""
        return self.server.url(user=user, database=self.name)


@contextmanager
def hosting(binaries: Path | None) -> Iterator[EmbeddedPostgres]:
    """A server of those programs, or of the embedded ones, with a migrated template that nobody connects to."""
    folder = Path(tempfile.mkdtemp(prefix="storyreel-tests-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder, binaries=binaries)
    try:
        server.start()
        with psycopg.connect(server.url(), autocommit=True) as connection:
            survive_no_power_cut(connection)
            connection.execute(_ROLES)
            _create(connection, _TEMPLATE, template="template0")
        with psycopg.connect(server.url(database=_TEMPLATE), autocommit=True) as connection:
            connection.execute(BOOTSTRAP.read_text().encode())
            connection.execute(_HOSTED.read_text().encode())
        migrate(server.url(user=OWNER, database=_TEMPLATE))
        yield server
    finally:
        server.discard()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def making_project(server: EmbeddedPostgres) -> Iterator[Project]:
    """A project of the block's own."""
    project = Project(server, f"project_{next(_numbers)}")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        _create(connection, project.name, template=_TEMPLATE)
        yield project
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(project.name)))


def _create(connection: psycopg.Connection, name: str, *, template: str) -> None:
    connection.execute(
        sql.SQL("create database {} template {} owner {}").format(
            sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)
        )
    )
