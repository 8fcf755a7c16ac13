"""One run of everything, in which every secret can be recognised, with all that can be refused refused once.

What was printed, stored, said and shown is caught here, and searched in test_secrets.py.
"""

import asyncio
import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import jwt
import psycopg

from local.postgres import EmbeddedPostgres
from local.sharing import use_stack
from local.stack import StackInfo, StackOptions
from tests.cli.running import COMMAND, environment, running
from tests.end_to_end.leaks import Caught, ProcessList, files_below, rows_of
from tests.end_to_end.mistakes import mistaken, stored_elsewhere
from tests.end_to_end.outsiders import outsider
from tests.end_to_end.recognisable import FAL_KEY, SECRETS, Run, database_url

USER = UUID(int=7)
_FAILING = """
    create function storyreel.broken() returns trigger language plpgsql as
      $f$ begin raise exception 'out of order'; end $f$;
    create trigger broken before insert on storyreel.{table} for each row
      when (current_setting('application_name') = 'storyreel') execute function storyreel.broken();
"""


def locked(folder: Path) -> EmbeddedPostgres:
    """A server on which everybody needs a password."""
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    with psycopg.connect(postgres.url(), autocommit=True) as owner:
        owner.execute("create role storyreel login")
        for role, name in (("postgres", "owner-password"), ("storyreel", "worker-password")):
            # Encrypted here, as psql's \password does it: the server never sees the password itself.
            hidden = owner.pgconn.encrypt_password(
                SECRETS[name].encode(), role.encode(), b"scram-sha-256"
            ).decode()
            owner.execute(f"alter role {role} password '{hidden}'".encode())
        row = owner.execute("show hba_file").fetchone()
        assert row is not None
        access = Path(str(row[0]))
        access.write_text("local all all scram-sha-256\n")
        owner.execute("select pg_reload_conf()")
    return postgres


@asynccontextmanager
async def full_run() -> AsyncIterator[Run]:
    """The run, when it is over; what it left on disk is removed with the block."""
    folder = Path(tempfile.mkdtemp(prefix="storyreel-secrets-"))
    folder.chmod(0o755)  # as root, Postgres runs as somebody else below it
    postgres = locked(folder / "postgres")
    passed = {"results": [{"flagged": False, "categories": {}}]}
    try:
        with ProcessList() as processes:
            async with outsider() as fal, outsider(answer=passed) as moderation, outsider(echoes=True) as bucket:
                run = Run(Caught(SECRETS), folder, fal, moderation, bucket)
                await everything(run, postgres)
        for arguments in processes.seen:
            run.caught.add("arguments of processes", arguments + b"\n")
        for file in files_below(folder / "postgres"):
            if file.suffix == ".log":
                run.caught.add("the database's log", file.read_bytes())
        yield run
    finally:
        postgres.discard()
        shutil.rmtree(folder, ignore_errors=True)


async def everything(run: Run, postgres: EmbeddedPostgres) -> None:
    owner_url = database_url(postgres, "postgres", "owner-password")
    run.command("db bootstrap", "db", "bootstrap", settings={"SUPABASE_DB_URL": owner_url})
    run.command("db migrate", "db", "migrate", settings={"SUPABASE_DB_URL": owner_url})
    inherited = environment(
        {"SUPABASE_DB_URL": owner_url, "FAL_KEY": FAL_KEY, "STORYREEL_FAL_QUEUE_URL": run.fal.url}
    )
    told = {
        "STORYREEL_SECRETS": f"{SECRETS['back-end']},{SECRETS['next-back-end']}",
        "STORYREEL_OPERATOR_SECRETS": SECRETS["operator"],
        "SUPABASE_JWT_SECRET": SECRETS["jwt"],
        "STORYREEL_MODERATION_URL": run.moderation.url,
        "STORYREEL_MODERATION_KEY": SECRETS["moderation"],
        "STORYREEL_PATIENCE": "0.02",
        "STORYREEL_PREVIEWS": "off",
    }
    state = run.folder / ".storyreel"
    options = StackOptions(latency=(0.1, 0.1), settings=told)
    async with (
        use_stack(state, inherited, options) as info,
        await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner,
    ):
        run.fal.upstream = info.emulator_url
        run.caught.secrets = {**SECRETS, "stack-key": (state / "secret").read_text()}
        await looked_at(run)
        await called(run, info)
        await refused(run, info, owner)
        at_work = {**info.settings, "SUPABASE_DB_URL": database_url(postgres, "storyreel", "worker-password")}
        await asyncio.to_thread(mistaken, run, at_work, postgres)
        await asyncio.to_thread(stored_elsewhere, run, at_work)
        await broken(run, info, owner)
        for table, rows in (await rows_of(owner)).items():
            run.caught.add(f"rows of {table}", rows)
        async with httpx.AsyncClient(trust_env=False) as http:
            journal = await http.get(f"{info.emulator_url}/_emulator/requests")
            run.caught.add("the emulator's record", journal.content)
        run.keep_files(state)
    run.keep_files(state)


async def looked_at(run: Run) -> None:
    """By the commands of this folder, which find the stack by themselves; `up` tells how to reach it."""
    said = run.folder / "up.log"
    with running("up", settings={}, log=said, cwd=run.folder) as up:
        await until(lambda: ".storyreel/stack.env" in said.read_text())
        up.send_signal(signal.SIGINT)
        up.wait(30)
    run.caught.add("printed by up", said.read_bytes())
    commands = (["costs"], ["limits"], ["models"], ["--help"], ["make", "A fox in the snow", "--json"])
    for command in commands:
        await asyncio.to_thread(run.command, command[0], *command, settings={})
    # As a shell is told to: what `up` names can be read, and leads there.
    shell = ["sh", "-c", f". .storyreel/stack.env; exec {' '.join(COMMAND)} rerender --all --dry-run"]
    done = await asyncio.to_thread(
        subprocess.run, shell, env=environment(), cwd=run.folder, capture_output=True, check=False
    )
    run.codes["rerender"] = done.returncode
    run.caught.add("printed by rerender", done.stdout + done.stderr)


async def called(run: Run, info: StackInfo) -> None:
    """Every function, by those who may and by those who may not."""
    token = jwt.encode(
        {
            "sub": str(USER),
            "role": "authenticated",
            "aud": "authenticated",
            "iss": f"{info.url}/auth/v1",
            "exp": datetime.now(UTC) + timedelta(hours=1),
        },
        SECRETS["jwt"],
        algorithm="HS256",
    )
    run.caught.secrets = {**run.caught.secrets, "access-token": token.rpartition(".")[2]}
    back_end, operator = {"apikey": SECRETS["back-end"]}, {"apikey": SECRETS["operator"]}
    user, nobody = {"authorization": f"Bearer {token}"}, {"apikey": SECRETS["wrong-password"]}
    no_webhook = f"video-webhook/{uuid4()}/{'0' * 32}"
    async with httpx.AsyncClient(base_url=f"{info.url}/functions/v1/", trust_env=False, timeout=60) as http:
        for headers in (back_end, user, operator, nobody, {"authorization": f"Bearer {FAL_KEY}"}):
            for method, path, body in (
                ("POST", "generate-video", {"text": "A whale sails home", "id": "the-whale"}),
                ("POST", "generate-video", {"text": " "}),
                ("POST", "rerender", {"table": "stories", "id": "1"}),
                ("GET", "status", None),
                ("GET", "metrics", None),
                ("GET", f"video/{uuid4()}", None),
                ("GET", "nowhere", None),
                ("POST", no_webhook, {}),
                ("POST", "run-jobs?seconds=x", None),
            ):
                answer = await http.request(method, path, json=body, headers=headers)
                run.caught.add("answers", f"{answer.status_code} {answer.headers} {answer.text}\n")


async def refused(run: Run, info: StackInfo, owner: psycopg.AsyncConnection) -> None:
    """Our key by fal, and by the moderators: both answer with all that they were sent."""
    await until_rows(owner, "select from storyreel.videos where work = 'idle'")
    run.fal.echoes = True
    await owner.execute("insert into public.stories (text) values ('An owl in the rain')")
    await until_rows(owner, "select from storyreel.providers where pause_code is not null")
    await asyncio.to_thread(run.command, "status, paused", "status", settings={})
    run.caught.add("rows while fal refuses", json.dumps(await rows_of(owner)))
    run.fal.echoes = False
    await asyncio.to_thread(run.command, "resume", "resume", settings={})
    run.moderation.echoes = True
    await owner.execute("insert into public.stories (text) values ('A fox on a hill')")
    await until_rows(owner, "select from storyreel.revisions where postponed > 0")
    await asyncio.to_thread(run.command, "status, unmoderated", "status", settings={})
    run.caught.add("rows while the moderators refuse", json.dumps(await rows_of(owner)))
    run.moderation.echoes = False


async def broken(run: Run, info: StackInfo, owner: psycopg.AsyncConnection) -> None:
    """Faults that nobody foresaw, whose stack traces go to the logs of worker and functions."""
    logs = run.folder / ".storyreel" / "logs"
    await owner.execute(_FAILING.format(table="takes").encode())
    await owner.execute("insert into public.stories (text) values ('A hare in the moon')")
    await until(lambda: "out of order" in (logs / "worker.log").read_text())
    await owner.execute(
        "create trigger broken before insert on storyreel.videos execute function storyreel.broken()"
    )
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(
            f"{info.url}/functions/v1/generate-video",
            json={"text": "An owl"},
            headers={"apikey": SECRETS["next-back-end"]},
        )
    assert answer.status_code == 500
    run.caught.add("answers", f"{answer.headers} {answer.text}")
    await until(lambda: "out of order" in (logs / "functions.log").read_text())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(90):
        while not condition():
            await asyncio.sleep(0.05)


async def until_rows(owner: psycopg.AsyncConnection, query: str) -> None:
    """Wait for any; meanwhile every third of a second is a minute."""
    async with asyncio.timeout(90):
        while not await (await owner.execute(f"{query} limit 1".encode())).fetchall():
            await owner.execute("select storyreel.hint('reconcile')")
            await asyncio.sleep(0.3)
