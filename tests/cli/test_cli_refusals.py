"""Bad input, missing settings and taken ports, from the command line: a sentence and exit code 2, no trace."""

import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from tests.cli.running import assert_sentence, storyreel
from tests.conftest import DatabaseUrls


def settings_for(worker_url: str, folder: Path) -> dict[str, str]:
    return {
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_DB_URL": worker_url,
        "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
        "STORYREEL_BUCKET_FOLDER": str(folder),
        "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9",
        "FAL_KEY": "id:secret",
    }


@pytest.fixture
def taken() -> Iterator[str]:
    """A port where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield str(bound.getsockname()[1])


@pytest.fixture(scope="session")
def unprepared(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a database in which nothing of ours is."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("create database unprepared")
        yield postgres.url(user="storyreel", database="unprepared")
        connection.execute("drop database unprepared with (force)")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" \n\t", "The story is empty."),
        ("a" * 20_001, "longer than 20,000"),
        (b"whale \xff".decode(errors="surrogateescape"), "no text"),
    ],
    ids=lambda text: text[:12].encode("ascii", "replace").decode(),
)
def test_an_unusable_story_is_refused_at_once(tmp_path: Path, text: str, sentence: str) -> None:
    """Before anything is started: no folder is made."""
    assert_sentence(storyreel("make", text, cwd=tmp_path), sentence)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--model", "klng"], "did you mean kling"),
        (["--model", "kling", "--param", "duration=7"], '"5", "10"'),
        (["--param", "frames=99"], "from 1 to 32"),
        (["--param", "webhook_url=https://app.example"], "call back"),
        (["--param", "frames"], "NAME=VALUE"),
        (["--model", "fal-ai/flux/dev"], "no video"),
        (["--model", "lcm", "--param", f'keyframe_0_index="{"1" * 400}"'], "whole number"),
    ],
)
def test_a_model_or_parameter_that_cannot_be_is_refused_at_once(
    tmp_path: Path, options: list[str], sentence: str
) -> None:
    """Likewise."""
    assert_sentence(storyreel("make", "A whale", *options, cwd=tmp_path), sentence)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["worker", "serve"])
def test_without_settings_the_first_missing_one_is_named(name: str) -> None:
    """A sentence with the variable."""
    assert_sentence(storyreel(name), "SUPABASE_URL", "not set")


@pytest.mark.parametrize("name", ["worker", "serve"])
def test_an_unprepared_database_is_a_sentence(unprepared: str, tmp_path: Path, name: str) -> None:
    """Nothing runs on a database without our tables; the command that brings them is named."""
    assert_sentence(storyreel(name, settings=settings_for(unprepared, tmp_path)), "storyreel db migrate")


@pytest.mark.parametrize("name", ["worker", "serve"])
def test_a_wrong_role_is_a_sentence(database_urls: DatabaseUrls, tmp_path: Path, name: str) -> None:
    """The variable and the role are named."""
    ended = storyreel(name, settings=settings_for(database_urls.owner, tmp_path))

    assert_sentence(ended, "SUPABASE_DB_URL", "storyreel")


def test_a_fal_key_that_is_none_is_a_sentence(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """Pasted in two pieces; it is not repeated in the answer."""
    settings = {**settings_for(database_urls.worker, tmp_path), "FAL_KEY": "half-one half-two"}
    ended = storyreel("worker", settings=settings)

    assert_sentence(ended, "FAL_KEY")
    assert "half-two" not in ended.said


def test_serve_on_a_taken_port_names_it(database_urls: DatabaseUrls, tmp_path: Path, taken: str) -> None:
    """Asked for by name and not to be had is an error."""
    ended = storyreel("serve", "--port", taken, settings=settings_for(database_urls.worker, tmp_path))

    assert_sentence(ended, taken)


def test_emulator_on_a_taken_port_names_it(taken: str) -> None:
    """Likewise."""
    assert_sentence(storyreel("emulator", "--port", taken), taken)


@pytest.mark.parametrize("arguments", [["up"], ["make", "A whale"]])
def test_the_stack_on_a_taken_port_names_it(
    database_urls: DatabaseUrls, tmp_path: Path, taken: str, arguments: list[str]
) -> None:
    """Likewise, and nothing is left running."""
    ended = storyreel(*arguments, "--port", taken, settings={"SUPABASE_DB_URL": database_urls.owner}, cwd=tmp_path)

    assert_sentence(ended, taken)
    assert not (tmp_path / ".storyreel" / "stack.json").exists()


@pytest.mark.parametrize("port", ["0", "65536"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    """With the range."""
    assert_sentence(storyreel("serve", f"--port={port}"), "--port")


@pytest.mark.parametrize(
    ("action", "url"),
    [
        ("migrate", "garbage"),
        ("migrate", "postgresql://nobody:s3cret@127.0.0.1:1/x"),
        ("migrate", "postgresql://%zz"),
        ("bootstrap", "host=/nowhere"),
    ],
)
def test_a_database_that_cannot_be_reached_is_a_sentence(action: str, url: str) -> None:
    """Without the password in it."""
    ended = storyreel("db", action, "--db-url", url)

    assert_sentence(ended)
    assert "s3cret" not in ended.said


@pytest.mark.parametrize("action", ["migrate", "bootstrap"])
def test_a_database_must_be_named(action: str) -> None:
    """The option is told."""
    assert_sentence(storyreel("db", action), "--db-url")


def test_migrating_as_a_role_that_may_not_is_a_sentence(unprepared: str) -> None:
    """The workers' role cannot prepare a database."""
    assert_sentence(storyreel("db", "migrate", "--db-url", unprepared))
