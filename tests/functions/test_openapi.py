"""The functions against their own OpenAPI document: schemathesis makes requests of it, good ones and bad."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from functions.app import routes
from tests.conftest import DatabaseUrls
from tests.functions.serving import SECRET, Door, open_door

OPERATOR = "operator-secret-0123456789"
CASES = int(os.environ.get("FUZZ_CASES", "300")) // 20
"""How many requests are made up for each function; `make fuzz` makes up more."""


@pytest.fixture
async def open_to_operators(database_urls: DatabaseUrls) -> AsyncIterator[Door]:
    async with open_door(database_urls.worker, STORYREEL_OPERATOR_SECRETS=OPERATOR) as door:
        yield door


async def schemathesis(door: Door, secret: str, *arguments: str, folder: Path) -> tuple[int, str]:
    """Run it as users do, against the running app; its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"{door.url}/functions/v1/openapi.json",
        f"--url={door.url}/functions/v1",
        f"--header=apikey: {secret}",
        f"--max-examples={CASES}",
        "--phases=coverage,fuzzing",
        "--checks=all",
        # What makes a story of a text, and which models there are, no schema can say: 422 is right for some.
        "--exclude-checks=positive_data_acceptance",
        "--seed=1",
        *arguments,
        stdout=PIPE,
        stderr=STDOUT,
        cwd=folder,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.parametrize(
    ("secret", "functions"),
    [
        (SECRET, "^/(generate-video|video|video-webhook|health)"),
        (OPERATOR, "^/(status|metrics|rerender)"),
        ("nobody-knows-this-one", ""),
    ],
    ids=["back end", "operator", "stranger"],
)
async def test_every_answer_is_one_that_the_document_names(
    open_to_operators: Door, tmp_path: Path, secret: str, functions: str
) -> None:
    """No 5xx, no status, media type or body that the document does not have, whatever is sent."""
    code, said = await schemathesis(
        open_to_operators, secret, f"--include-path-regex={functions}", folder=tmp_path
    )

    assert code == 0, said[-6000:]


async def test_the_document_names_every_function(open_to_operators: Door) -> None:
    """And the functions no more than it."""
    document = (await open_to_operators.http.get("/functions/v1/openapi.json")).json()
    served = {route.path.removeprefix("/functions/v1") for route in routes()} - {"/openapi.json"}

    assert set(document["paths"]) == served
    assert json.dumps(document)
