"""The settings: every mistake names its variable and the mend, and no secret is shown."""

import string
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.bucket_settings import (
    AzureBucketSettings,
    DiskBucketSettings,
    GcsBucketSettings,
    S3BucketSettings,
    SupabaseBucketSettings,
)
from functions.settings import ModerationEndpoint, ModerationSettings, Settings, read
from pipeline.errors import BadSetting

HOSTED = {
    "SUPABASE_URL": "https://ref.supabase.co",
    "SUPABASE_DB_URL": "postgresql://storyreel:db-password-1@db.ref.supabase.co:5432/postgres",
    "SUPABASE_SECRET_KEY": "sb_secret_abcdefghijklmnop",
    "FAL_KEY": "fal-id:fal-secret-1",
}
S3 = {
    "STORYREEL_S3_ACCESS_KEY": "access-key-id",
    "STORYREEL_S3_SECRET_KEY": "s3-secret-key-1",
    "STORYREEL_S3_ENDPOINT": "https://s3.example",
    "STORYREEL_PUBLIC_URL": "https://cdn.example",
}
GCS = {"STORYREEL_GCS_KEY": '{"client_email": "a@b", "private_key": "gcs-secret-key-1"}'}
AZURE = {"STORYREEL_AZURE_ACCOUNT": "account", "STORYREEL_AZURE_KEY": "YXp1cmUtc2VjcmV0LWtleQ=="}
VARIABLES = [
    *HOSTED,
    *S3,
    *GCS,
    *AZURE,
    "STORYREEL_AZURE_ENDPOINT",
    "STORYREEL_S3_SESSION_TOKEN",
    "SUPABASE_SERVICE_ROLE_KEY",
    "STORYREEL_FUNCTIONS_URL",
    "STORYREEL_SECRETS",
    "STORYREEL_RUN_JOBS_SECRETS",
    "STORYREEL_DB_CONNECTIONS",
    "STORYREEL_BUCKET",
    "STORYREEL_BUCKET_ACCESS",
    "STORYREEL_BUCKET_FOLDER",
    "STORYREEL_URL_SECONDS",
    "STORYREEL_S3_REGION",
    "STORYREEL_FAL_QUEUE_URL",
    "STORYREEL_FAL_JWKS_URL",
    "STORYREEL_FFMPEG",
    "STORYREEL_FFMPEG_PROCESSES",
    "STORYREEL_PATIENCE",
    "STORYREEL_PREVIEWS",
    "STORYREEL_KEEP_DAYS",
    "STORYREEL_MODERATION",
    "STORYREEL_MODERATION_FAILS",
    "STORYREEL_MODERATION_KEY",
    "STORYREEL_MODERATION_MODEL",
    "STORYREEL_MODERATION_URL",
]
URLS = [name for name in VARIABLES if name.endswith(("_URL", "_ENDPOINT")) and name != "SUPABASE_DB_URL"]


def settings(**changes: str | None) -> Settings:
    environment = {**HOSTED, **changes}
    return read({name: value for name, value in environment.items() if value is not None}, cores=3)


def test_four_variables_are_enough() -> None:
    """What a Supabase user has already, and fal's key; everything else has a default."""
    found = settings()

    assert found.database.url == HOSTED["SUPABASE_DB_URL"]
    assert found.bucket == SupabaseBucketSettings(HOSTED["SUPABASE_URL"], HOSTED["SUPABASE_SECRET_KEY"], "videos")
    assert found.http.functions_url == "https://ref.supabase.co/functions/v1"
    assert found.http.secrets == (HOSTED["SUPABASE_SECRET_KEY"],)
    assert (found.fal.queue_url, found.fal.emulated) == ("https://queue.fal.run", False)
    assert (found.media.ffmpeg, found.media.concurrency) == (None, 3)


def test_the_older_name_of_the_key_does_as_well() -> None:
    """Projects from before the new keys have a service role key."""
    found = settings(SUPABASE_SECRET_KEY=None, SUPABASE_SERVICE_ROLE_KEY="eyJ-service-role")

    assert found.http.secrets == ("eyJ-service-role",)


@pytest.mark.parametrize("name", HOSTED)
@pytest.mark.parametrize("value", [None, "", "   ", "\n"])
def test_what_is_missing_is_named(name: str, value: str | None) -> None:
    """Unset, empty and blank are all the same: not set."""
    with pytest.raises(BadSetting, match=f"{name}.* is not set"):
        settings(**{name: value})


@pytest.mark.parametrize("name", HOSTED)
def test_what_is_missing_comes_with_its_mend(name: str) -> None:
    """Not only that it is missing, but where one gets it."""
    with pytest.raises(BadSetting, match=r"is not set\W+\w+ \w+"):
        settings(**{name: None})


@pytest.mark.parametrize("name", [name for name in VARIABLES if name not in HOSTED])
def test_an_empty_variable_is_an_unset_one(name: str) -> None:
    """Compose files and CI hand on variables they do not have as empty ones."""
    assert settings(**{name: ""}) == settings()


@pytest.mark.parametrize("name", ["STORYREEL_S3_SECRET_KEY", "STORYREEL_PUBLIC_URL"])
def test_what_is_missing_for_s3_is_named(name: str) -> None:
    """Half of the S3 variables is a mistake, not a Supabase bucket."""
    with pytest.raises(BadSetting, match=f"{name} is not set"):
        settings(**{**S3, name: None})


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize(
    "value",
    [
        "ref.supabase.co",
        "ftp://x",
        "https://",
        "http:///path",
        "http://[",
        "http://[::1",
        "http://h:abc",
        "h t t p",
    ],
)
def test_an_address_that_is_none_is_named(name: str, value: str) -> None:
    """The variable, what it holds, and what it should hold."""
    place = AZURE if "AZURE" in name else S3
    with pytest.raises(BadSetting, match=name) as caught:
        settings(**{**place, "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:54331", name: value})

    assert "http" in str(caught.value)


@pytest.mark.parametrize(
    "value", ["garbage", "https://ref.supabase.co", "postgresql://h:port/db", "postgresql://%zz"]
)
def test_a_database_url_that_is_none_is_named(value: str) -> None:
    """A start that could never connect ends at once, and not in time-outs."""
    with pytest.raises(BadSetting, match="SUPABASE_DB_URL"):
        settings(SUPABASE_DB_URL=value)


@pytest.mark.parametrize(
    "value", ["host=/tmp dbname=x user=storyreel", "postgres://storyreel@h/db?sslmode=require"]
)
def test_both_forms_of_a_database_url_are_taken(value: str) -> None:
    """libpq knows URLs of two schemes and a list of words."""
    assert settings(SUPABASE_DB_URL=value).database.url == value


def test_addresses_lose_their_slash_at_the_end() -> None:
    """Pasted from a dashboard, with a slash and a newline."""
    assert settings(SUPABASE_URL=" https://ref.supabase.co/ \n") == settings()


@pytest.mark.parametrize("name", ["SUPABASE_SECRET_KEY", "FAL_KEY", "SUPABASE_DB_URL"])
def test_a_secret_may_have_been_pasted_with_its_newline(name: str) -> None:
    """A key read from a file has a newline, which no header may carry and no caller would show."""
    assert settings(**{name: f" {HOSTED[name]}\n"}) == settings()


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "two", "1e3", "\u0663", "9" * 5000])
def test_a_count_that_is_none_is_named(value: str) -> None:
    """A whole number from 1, of a size that means something."""
    with pytest.raises(BadSetting, match="STORYREEL_FFMPEG_PROCESSES"):
        settings(STORYREEL_FFMPEG_PROCESSES=value)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e9", "long", "1,5"])
def test_a_patience_that_is_none_is_named(value: str) -> None:
    """A factor of a size that means something."""
    with pytest.raises(BadSetting, match="STORYREEL_PATIENCE"):
        settings(STORYREEL_PATIENCE=value)


@pytest.mark.parametrize(("value", "made"), [(None, True), ("on", True), ("OFF", False), ("off", False)])
def test_previews_are_made_unless_they_are_off(value: str | None, *, made: bool) -> None:
    """On without a word, as a video that moves soon is what users see first."""
    assert settings(STORYREEL_PREVIEWS=value).previews is made


@pytest.mark.parametrize("value", ["yes", "1", "false", "x" * 5000])
def test_a_switch_that_is_neither_on_nor_off_is_named(value: str) -> None:
    """What it must be is said."""
    with pytest.raises(BadSetting, match=r"STORYREEL_PREVIEWS.*on or off"):
        settings(STORYREEL_PREVIEWS=value)


def test_stories_are_judged_by_the_rules_alone_without_a_word() -> None:
    """And by nobody where that is said."""
    assert settings().moderation == ModerationSettings(rules=True, endpoint=None)
    assert settings(STORYREEL_MODERATION="Off").moderation == ModerationSettings(rules=False, endpoint=None)


def test_an_address_is_enough_for_an_endpoint() -> None:
    """It fails closed, and needs no key where it wants none; the key is in no repr."""
    url = {"STORYREEL_MODERATION_URL": "https://api.openai.com/v1/"}
    more = {"STORYREEL_MODERATION_KEY": "sk-secret-1", "STORYREEL_MODERATION_FAILS": "open"}

    assert settings(**url).moderation.endpoint == ModerationEndpoint(
        "https://api.openai.com/v1", "", "omni-moderation-latest", fails_open=False
    )
    found = settings(**url, **more, STORYREEL_MODERATION_MODEL="own")
    assert found.moderation.endpoint == ModerationEndpoint(
        "https://api.openai.com/v1", "sk-secret-1", "own", fails_open=True
    )
    assert "sk-secret-1" not in repr(found)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"STORYREEL_MODERATION": "on"}, "rules or off"),
        ({"STORYREEL_MODERATION_FAILS": "sometimes"}, "closed or open"),
        ({"STORYREEL_MODERATION_KEY": "sk-secret-1"}, "STORYREEL_MODERATION_URL is not"),
        ({"STORYREEL_MODERATION": "off", "STORYREEL_MODERATION_URL": "https://x"}, "unset one of them"),
        ({"STORYREEL_MODERATION_URL": "https://x", "STORYREEL_MODERATION_KEY": "sk secret 1"}, "in one piece"),
        ({"STORYREEL_MODERATION_URL": "https://x", "STORYREEL_MODERATION_KEY": "sk-sécret"}, "in one piece"),
    ],
)
def test_a_moderation_that_would_come_to_nothing_is_refused(more: dict[str, str], said: str) -> None:
    """Whoever sets it believes that stories are judged; no secret is shown."""
    with pytest.raises(BadSetting, match=said) as refused:
        settings(**more)

    assert "secret" not in str(refused.value)


def test_files_are_kept_for_as_many_days_as_said_however_patient_we_are() -> None:
    """A week without a word; a stand-in that shortens every patience does not shorten it."""
    assert settings(STORYREEL_PATIENCE="0.1").timing.keep == timedelta(days=7)
    assert settings(STORYREEL_PATIENCE="0.1", STORYREEL_KEEP_DAYS="30").timing.keep == timedelta(days=30)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "week"])
def test_a_time_to_keep_that_is_none_is_named(value: str) -> None:
    """Whole days, at least one."""
    with pytest.raises(BadSetting, match="STORYREEL_KEEP_DAYS"):
        settings(STORYREEL_KEEP_DAYS=value)


@pytest.mark.parametrize("value", ["/nowhere/ffmpeg", "/tmp", "x" * 5000, "a\0b"])
def test_an_ffmpeg_that_is_not_there_is_named(value: str) -> None:
    """A path that is none, a folder, or nothing at all."""
    with pytest.raises(BadSetting, match="STORYREEL_FFMPEG"):
        settings(STORYREEL_FFMPEG=value)


def test_several_secrets_are_valid_at_once() -> None:
    """Separated by commas, blanks around them forgiven, so that one can be replaced without an outage."""
    found = settings(STORYREEL_SECRETS=" first-secret-0123456, ,second-secret-012345 ,")

    assert found.http.secrets == ("first-secret-0123456", "second-secret-012345")


def test_a_short_secret_is_refused_and_not_shown() -> None:
    """One short one among several is a mistake."""
    with pytest.raises(BadSetting, match=r"STORYREEL_SECRETS.*16 characters") as caught:
        settings(STORYREEL_SECRETS="first-secret-0123456,hunter2")

    assert "hunter2" not in str(caught.value)


def test_a_secret_that_no_header_can_carry_is_refused() -> None:
    """A key with an umlaut would be valid here and could be shown by nobody."""
    with pytest.raises(BadSetting, match="STORYREEL_SECRETS"):
        settings(STORYREEL_SECRETS="schl\u00fcssel-0123456789")


def test_buckets_are_chosen_by_what_is_set() -> None:
    """A folder for one machine, a cloud by its key, Supabase otherwise."""
    assert settings(STORYREEL_BUCKET_FOLDER="/x").bucket == DiskBucketSettings(
        Path("/x"), "videos", HOSTED["SUPABASE_URL"], HOSTED["SUPABASE_SECRET_KEY"]
    )
    assert isinstance(settings(**S3).bucket, S3BucketSettings)
    assert isinstance(settings(**GCS).bucket, GcsBucketSettings)
    assert isinstance(settings(**AZURE).bucket, AzureBucketSettings)


def test_two_clouds_at_once_are_refused() -> None:
    """Files would lie where somebody does not look for them."""
    with pytest.raises(BadSetting, match=r"STORYREEL_GCS_KEY and STORYREEL_AZURE_ACCOUNT are set.*all but one"):
        settings(**GCS, **AZURE)


@pytest.mark.parametrize("place", [S3, GCS, AZURE])
def test_a_folder_beside_a_cloud_is_refused(place: dict[str, str]) -> None:
    """It would win, and the cloud stay empty."""
    with pytest.raises(BadSetting, match=f"STORYREEL_BUCKET_FOLDER and {next(iter(place))} are set.*all but one"):
        settings(**place, STORYREEL_BUCKET_FOLDER="/x")


@pytest.mark.parametrize("place", [{}, {"STORYREEL_BUCKET_FOLDER": "/x"}, GCS])
@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("STORYREEL_S3_SECRET_KEY", "STORYREEL_S3_ACCESS_KEY"),
        ("STORYREEL_S3_SESSION_TOKEN", "STORYREEL_S3_ACCESS_KEY"),
        ("STORYREEL_S3_ENDPOINT", "STORYREEL_S3_ACCESS_KEY"),
        ("STORYREEL_AZURE_KEY", "STORYREEL_AZURE_ACCOUNT"),
        ("STORYREEL_AZURE_ENDPOINT", "STORYREEL_AZURE_ACCOUNT"),
    ],
)
def test_half_of_a_cloud_is_a_mistake(place: dict[str, str], name: str, missing: str) -> None:
    """And not another place for the files, to which they would go instead."""
    with pytest.raises(BadSetting, match=f"{name} is set and {missing} is not"):
        settings(**place, **{name: "https://half.example"})


@pytest.mark.parametrize("place", [{}, {"STORYREEL_BUCKET_FOLDER": "/x"}])
def test_a_public_address_that_nobody_would_use_is_refused(place: dict[str, str]) -> None:
    """Supabase's files and a folder's are reached at the project's own."""
    with pytest.raises(BadSetting, match=r"STORYREEL_PUBLIC_URL is set.*SUPABASE_URL"):
        settings(**place, STORYREEL_PUBLIC_URL="https://cdn.example")


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (S3, "STORYREEL_PUBLIC_URL"),
        (S3, "STORYREEL_S3_ENDPOINT"),
        (GCS, "STORYREEL_PUBLIC_URL"),
        (AZURE, "STORYREEL_AZURE_ENDPOINT"),
    ],
)
@pytest.mark.parametrize("end", ["?a=b", "/x#y", "?"])
def test_an_address_of_files_ends_in_no_query(place: dict[str, str], name: str, end: str) -> None:
    """Paths are put after it."""
    with pytest.raises(BadSetting, match=f"{name} holds a query or a fragment"):
        settings(**{**place, name: f"https://files.example{end}"})


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (S3, "AWS_SERVER_SIDE_ENCRYPTION"),
        (S3, "AWS_SSE_KMS_KEY_ID"),
        (S3, "AWS_SSE_CUSTOMER_KEY_BASE64"),
        (S3, "AWS_CHECKSUM_ALGORITHM"),
        (GCS, "GOOGLE_BEARER_TOKEN"),
        (AZURE, "AZURE_ENCRYPTION_KEY"),
    ],
)
def test_a_vendors_own_variable_that_would_change_ours_is_refused(place: dict[str, str], name: str) -> None:
    """The client reads it by itself. Where files are kept elsewhere, it is no business of ours."""
    with pytest.raises(BadSetting, match=f"{name} is set"):
        settings(**place, **{name: "x"})

    assert isinstance(settings(**{name: "x"}).bucket, SupabaseBucketSettings)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (S3, "STORYREEL_S3_ACCESS_KEY"),
        (S3, "STORYREEL_S3_SESSION_TOKEN"),
        (S3, "STORYREEL_S3_REGION"),
        (AZURE, "STORYREEL_AZURE_ACCOUNT"),
    ],
)
def test_a_key_in_two_lines_is_refused(place: dict[str, str], name: str) -> None:
    """Before it breaks the header that it goes into."""
    with pytest.raises(BadSetting, match=f"{name} holds .*in one piece"):
        settings(**{**place, name: "two\nlines"})


def test_a_service_accounts_key_may_stand_in_a_file(tmp_path: Path) -> None:
    """As Google gives it; a variable holds it as well."""
    (tmp_path / "key.json").write_text(GCS["STORYREEL_GCS_KEY"])

    assert settings(STORYREEL_GCS_KEY=str(tmp_path / "key.json")).bucket == settings(**GCS).bucket


@pytest.mark.parametrize("value", ["{", "[" * 20_000, "{}", '{"private_key": "gcs-secret-key-1"}', __file__, "/x"])
def test_a_service_accounts_key_that_is_none_is_named(value: str) -> None:
    """And not shown: no JSON, another one, a file that is something else or is not there."""
    with pytest.raises(BadSetting, match="STORYREEL_GCS_KEY") as caught:
        settings(STORYREEL_GCS_KEY=value)

    assert "gcs-secret" not in str(caught.value)


@pytest.mark.parametrize(("key", "said"), [(None, "is not set"), ("gcs-secret-key-1", "in one piece")])
def test_an_azure_key_that_is_none_is_named(key: str | None, said: str) -> None:
    """And not shown."""
    with pytest.raises(BadSetting, match=f"STORYREEL_AZURE_KEY.*{said}") as caught:
        settings(**{**AZURE, "STORYREEL_AZURE_KEY": key})

    assert "gcs-secret" not in str(caught.value)


FOLDER = {"STORYREEL_BUCKET_FOLDER": "/x"}
PRIVATE_S3 = {name: value for name, value in S3.items() if name != "STORYREEL_PUBLIC_URL"}


@pytest.mark.parametrize("place", [{}, FOLDER, PRIVATE_S3, GCS, AZURE])
def test_a_bucket_is_private_where_that_is_said(place: dict[str, str]) -> None:
    """Of whatever kind, in capitals too."""
    assert not settings(**place, STORYREEL_BUCKET_ACCESS="private").bucket.is_public
    assert not settings(**place, STORYREEL_BUCKET_ACCESS=" Private ").bucket.is_public


@pytest.mark.parametrize("place", [{}, FOLDER, S3, GCS, AZURE])
def test_a_bucket_is_public_unless_that_is_said(place: dict[str, str]) -> None:
    """As it was before one could say so."""
    assert settings(**place).bucket.is_public
    assert settings(**place, STORYREEL_BUCKET_ACCESS="public").bucket.is_public


@pytest.mark.parametrize("value", ["privat", "off", "0", "public,private"])
def test_a_word_that_is_neither_is_refused(value: str) -> None:
    """A slip would publish what is private."""
    with pytest.raises(BadSetting, match=r"STORYREEL_BUCKET_ACCESS is .*public or private"):
        settings(STORYREEL_BUCKET_ACCESS=value)


def test_a_private_s3_bucket_has_no_public_address() -> None:
    """Who says both has a bucket with a public door, or means another one."""
    with pytest.raises(BadSetting, match=r"STORYREEL_PUBLIC_URL is set, .*STORYREEL_BUCKET_ACCESS"):
        settings(**S3, STORYREEL_BUCKET_ACCESS="private")


def test_addresses_hold_for_an_hour_or_as_long_as_is_said() -> None:
    """From a minute to a week, S3's limit."""
    assert settings().url_seconds == 3600
    assert settings(STORYREEL_URL_SECONDS="60").url_seconds == 60
    assert settings(STORYREEL_URL_SECONDS="604800").url_seconds == 604_800


@pytest.mark.parametrize("value", ["59", "604801", "0", "-60", "1h", "60.5", "\u0666\u0660", "9" * 5000])
def test_an_address_that_holds_too_short_or_too_long_is_refused(value: str) -> None:
    """Before anyone is given one."""
    with pytest.raises(BadSetting, match=r"STORYREEL_URL_SECONDS is .*from 60 to 604800"):
        settings(STORYREEL_URL_SECONDS=value)


@pytest.mark.parametrize("changes", [{}, S3, GCS, AZURE, FOLDER, {"STORYREEL_SECRETS": "own-secret-0123456789"}])
def test_no_secret_is_in_a_repr(changes: dict[str, str]) -> None:
    """Settings end up in logs and tracebacks."""
    found = settings(**changes)
    shown = repr(found) + str(found) + f"{found.database} {found.fal} {found.bucket} {found.http}"

    keys = ("s3-secret-key-1", "gcs-secret-key-1", "YXp1cmUt")
    for secret in ("db-password-1", "abcdefghijklmnop", "fal-secret-1", *keys, "own-secret"):
        assert secret not in shown


_JUNK = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="htps:/[]@?#%.1a \0", max_size=30).map("http://".__add__),
    st.text(alphabet=string.digits + "-+.e_", max_size=20),
    st.sampled_from(["http://[", "\ud800", "9" * 5000, "x" * 5000, "//", "\0", "postgresql://[", "http://a:b@c"]),
)


@given(st.dictionaries(st.sampled_from(VARIABLES), _JUNK), st.booleans())
def test_garbage_never_raises_anything_else(garbage: dict[str, str], complete: bool) -> None:
    """Any values at all: settings come back, or a `BadSetting` that names one of the variables."""
    environment = {**HOSTED, **garbage} if complete else garbage

    complaint = refusal(environment)

    assert complaint is None or any(name in complaint for name in VARIABLES)


def refusal(environment: dict[str, str]) -> str | None:
    """What the settings say against it, None where they take it."""
    try:
        read(environment, cores=2)
    except BadSetting as error:
        return str(error)
    return None
