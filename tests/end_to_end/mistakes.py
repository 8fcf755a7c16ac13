"""What people and the outside get wrong: starts that are refused, and buckets that refuse us."""

from collections.abc import Mapping

from functions.settings import read
from local.postgres import EmbeddedPostgres
from pipeline.errors import BadSetting
from tests.end_to_end.recognisable import SECRETS, Run, database_url
from tests.local.library.small import described
from tests.storage.buckets.servers import moto


def mistaken(run: Run, at_work: dict[str, str], postgres: EmbeddedPostgres) -> None:
    """Settings as people mistake them: each start is refused, and says why."""
    wrong = database_url(postgres, "storyreel", "wrong-password")
    bare = f"postgresql://storyreel:{SECRETS['wrong-password']}@127.0.0.1:1/postgres"
    run.command("worker, mistaken", "worker", settings={**at_work, "SUPABASE_DB_URL": wrong})
    run.command("db migrate, mistaken", "db", "migrate", settings={"SUPABASE_DB_URL": wrong})
    run.command("db bootstrap, mistaken", "db", "bootstrap", settings={"SUPABASE_DB_URL": bare})
    elsewhere = run.folder / "elsewhere"  # in its own folder it would find the stack that runs
    elsewhere.mkdir()
    run.command("up, mistaken", "up", settings={"SUPABASE_DB_URL": bare}, folder=elsewhere)
    for changes in (
        {"SUPABASE_DB_URL": bare},
        {"STORYREEL_OPERATOR_SECRETS": SECRETS["back-end"]},
        {"STORYREEL_SECRETS": f"{SECRETS['back-end']}ä"},
        {"SUPABASE_JWT_SECRET": SECRETS["jwt"][:31]},
        {"STORYREEL_MODERATION_URL": f"https://{SECRETS['moderation']}@127.0.0.1"},
        {"SUPABASE_URL": SECRETS["service-key"]},
        {"STORYREEL_BUCKET_FOLDER": "", "SUPABASE_SECRET_KEY": f"{SECRETS['service-key']}\nx"},
    ):
        run.caught.add("printed by a start", f"{refusal({**at_work, **changes})}\n")


def refusal(settings: Mapping[str, str]) -> BadSetting:
    """What a process with these settings says instead of starting."""
    try:
        read(settings, cores=1)
    except BadSetting as error:
        return error
    raise AssertionError("it would start")


def stored_elsewhere(run: Run, at_work: dict[str, str]) -> None:
    """In a bucket that refuses our key with all that it was sent, and in one that takes it."""
    library = str(described(run.folder / "clips", "[languages]\nenglish = 'the a'"))
    supabase = {
        **at_work,
        "STORYREEL_BUCKET_FOLDER": "",
        "SUPABASE_URL": run.bucket.url,
        "SUPABASE_SECRET_KEY": SECRETS["service-key"],
    }
    run.command("publish, refused", "placeholders", "publish", library, settings=supabase)
    with moto() as s3:
        of_s3 = {
            **at_work,
            "STORYREEL_BUCKET_FOLDER": "",
            "STORYREEL_S3_ENDPOINT": s3,
            "STORYREEL_S3_ACCESS_KEY": "an-access-key",
            "STORYREEL_S3_SECRET_KEY": SECRETS["s3"],
            "STORYREEL_PUBLIC_URL": f"{s3}/videos",
        }
        run.command("publish to S3", "placeholders", "publish", library, settings=of_s3)
