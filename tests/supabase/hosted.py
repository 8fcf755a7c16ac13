"""Databases as hosted projects have them, migrated by an owner that is no superuser.

The roles are those of the whole server; each project is a database of its own, copied from a migrated one.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from functions.services import Stores
from local.postgres import EmbeddedPostgres
from storage.database import Database
from storage.migrate import migrate
from storage.plans import PostgresPlans
from storage.renders import PostgresRenders
from storage.stories import PostgresStories
from storage.sweep import PostgresSweep
from storage.takes import PostgresTakes
from tests.conftest import BOOTSTRAP, Clock, folder_for_a_server, survive_no_power_cut
from tests.storage.world import World

OWNER = "project"  # on a hosted project it is called postgres
HOSTED = Path(__file__).with_name("hosted.sql")
REALTIME = Path(__file__).parent / "realtime" / "realtime.sql"
_TEMPLATE = "template_project"
# As on hosted projects, where it is called postgres: it may make roles, and row security does not hold it up.
_ROLES = b"""
    create role project login createrole createdb bypassrls;
    create role authenticator login noinherit;
    create role supabase_realtime_admin;
    grant supabase_realtime_admin to project;
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
    folder = folder_for_a_server()
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder, binaries=binaries)
    try:
        server.start()
        with psycopg.connect(server.url(), autocommit=True) as connection:
            survive_no_power_cut(connection)
            connection.execute(_ROLES)
            _create(connection, _TEMPLATE, template="template0")
        _equip(server.url(database=_TEMPLATE))
        migrate(server.url(user=OWNER, database=_TEMPLATE))
        yield server
    finally:
        server.discard()
        shutil.rmtree(folder, ignore_errors=True)


def _equip(url: str) -> None:
    """Make what every hosted project has, as far as it is used."""
    with psycopg.connect(url, autocommit=True) as superuser:
        for script in (BOOTSTRAP, HOSTED, REALTIME):
            superuser.execute(script.read_text().encode())


@contextmanager
def making_project(server: EmbeddedPostgres) -> Iterator[Project]:
    """A project of the block's own."""
    with _making(server, template=_TEMPLATE) as project:
        yield project


@contextmanager
def making_bare_project(server: EmbeddedPostgres) -> Iterator[Project]:
    """The same before its first migration."""
    with _making(server, template="template0") as project:
        _equip(project.url("postgres"))
        yield project


@asynccontextmanager
async def working_on(project: Project, clock: Clock) -> AsyncIterator[World]:
    """Workers on the project, and its owner; an hour from now, so that rows which a trigger stamps are due."""
    clock.advance(hours=1)
    async with (
        Database(project.url("storyreel")) as database,
        await psycopg.AsyncConnection.connect(project.url(), autocommit=True) as owner,
    ):
        stores = Stores(
            PostgresStories(database),
            PostgresPlans(database),
            PostgresRenders(database),
            PostgresTakes(database),
            PostgresSweep(database),
        )
        yield World(stores, owner, clock)


@contextmanager
def _making(server: EmbeddedPostgres, *, template: str) -> Iterator[Project]:
    project = Project(server, f"project_{next(_numbers)}")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        _create(connection, project.name, template=template)
        yield project
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(project.name)))


def _create(connection: psycopg.Connection, name: str, *, template: str) -> None:
    connection.execute(
        sql.SQL("create database {} template {} owner {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)
        )
    )
