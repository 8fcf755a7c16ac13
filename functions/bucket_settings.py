"""Where files are kept, as the environment says it: one small frozen class per kind of bucket, or `BadSetting`.

Which kind it is, follows from what is set: a folder, the key of one of three clouds, or else Supabase's own.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from functions.environment import Environment
from pipeline.errors import BadSetting

_FOLDER = "STORYREEL_BUCKET_FOLDER"
_CLOUDS: dict[str, tuple[str, ...]] = {
    "STORYREEL_S3_ACCESS_KEY": (
        "STORYREEL_S3_SECRET_KEY",
        "STORYREEL_S3_SESSION_TOKEN",
        "STORYREEL_S3_ENDPOINT",
    ),
    "STORYREEL_GCS_KEY": (),
    "STORYREEL_AZURE_ACCOUNT": ("STORYREEL_AZURE_KEY", "STORYREEL_AZURE_ENDPOINT"),
}
"""By what says that files are kept there: what would come to nothing without it."""

# Those of the vendors' own variables that obstore goes by, and of which no setting says "none".
_AWS_OWN = (
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_KMS_KEY_ID",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
    "AWS_CHECKSUM_ALGORITHM",
)
_GOOGLE_OWN = ("GOOGLE_BEARER_TOKEN",)
_AZURE_OWN = ("AZURE_ENCRYPTION_KEY",)


@dataclass(frozen=True)
class DiskBucketSettings:
    """A bucket in a folder, served by the local stack. Its addresses are signed with what the secret gives."""

    root: Path
    name: str
    public_base_url: str
    secret: str = field(repr=False)
    is_public: bool = True


@dataclass(frozen=True)
class SupabaseBucketSettings:
    """A bucket of Supabase Storage."""

    url: str
    key: str = field(repr=False)
    name: str
    is_public: bool = True


@dataclass(frozen=True)
class S3BucketSettings:
    """A bucket of any S3; `endpoint` None means AWS, `public_base_url` None that the bucket is private."""

    name: str
    endpoint: str | None
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    public_base_url: str | None

    @property
    def is_public(self) -> bool:
        """Whether everyone may read its files."""
        return self.public_base_url is not None


@dataclass(frozen=True)
class GcsBucketSettings:
    """A bucket in Google Cloud Storage; `key` is a service account's, as JSON. `public_base_url`: not Google's."""

    name: str
    key: str = field(repr=False)
    is_public: bool
    public_base_url: str | None


@dataclass(frozen=True)
class AzureBucketSettings:
    """A container in Azure Blob Storage; `endpoint` None is the public cloud. `public_base_url`: not Azure's."""

    name: str
    account: str
    key: str = field(repr=False)
    endpoint: str | None
    is_public: bool
    public_base_url: str | None


BucketSettings = (
    DiskBucketSettings | SupabaseBucketSettings | S3BucketSettings | GcsBucketSettings | AzureBucketSettings
)


def read_bucket(
    environment: Environment, base: str, *, secret: Callable[[], str], service_key: Callable[[], str]
) -> BucketSettings:
    """What is set. `base` is the project's address; the two secrets are asked for by who needs them alone."""
    name = environment.text("STORYREEL_BUCKET") or "videos"
    is_public = environment.one_of("STORYREEL_BUCKET_ACCESS", "public", "private") == "public"
    place = _place(environment)
    _refuse_idle(environment, place)
    match place:
        case "STORYREEL_BUCKET_FOLDER":
            return DiskBucketSettings(Path(environment.text(_FOLDER)), name, base, secret(), is_public)
        case "STORYREEL_S3_ACCESS_KEY":
            return _s3(environment, name, is_public=is_public)
        case "STORYREEL_GCS_KEY":
            _refuse_own(environment, _GOOGLE_OWN)
            public_url = _public_url(environment, is_public=is_public)
            return GcsBucketSettings(name, _gcs_key(environment), is_public, public_url)
        case "STORYREEL_AZURE_ACCOUNT":
            return _azure(environment, name, is_public=is_public)
        case _:
            return SupabaseBucketSettings(base, service_key(), name, is_public)


def _place(environment: Environment) -> str | None:
    """The variable that says where files are kept; None where that is Supabase."""
    places = [name for name in (_FOLDER, *_CLOUDS) if environment.text(name)]
    if len(places) > 1:
        raise BadSetting(f"{' and '.join(places)} are set, and files are kept in one place: unset all but one")
    return places[0] if places else None


def _refuse_idle(environment: Environment, place: str | None) -> None:
    """Raise `BadSetting` for what would quietly come to nothing: who sets it means another place than this one."""
    for cloud, belongings in _CLOUDS.items():
        for name in belongings:
            if place != cloud and environment.text(name):
                raise BadSetting(f"{name} is set and {cloud} is not: set that as well, or unset {name}")
    if place not in _CLOUDS and environment.text("STORYREEL_PUBLIC_URL"):
        where = f"in {_FOLDER}" if place else "with Supabase"
        raise BadSetting(
            f"STORYREEL_PUBLIC_URL is set, and files {where} are reached at SUPABASE_URL: unset it, or set one of "
            f"{', '.join(_CLOUDS)}"
        )


def _refuse_own(environment: Environment, names: tuple[str, ...]) -> None:
    for name in names:
        if environment.text(name):
            raise BadSetting(
                f"{name} is set, and would change how files are stored here: unset it for this process"
            )


def _s3(environment: Environment, name: str, *, is_public: bool) -> S3BucketSettings:
    _refuse_own(environment, _AWS_OWN)
    public_url = _public_url(environment, is_public=is_public)
    if is_public and public_url is None:
        raise BadSetting("STORYREEL_PUBLIC_URL is not set: where the bucket's files are reached")
    return S3BucketSettings(
        name=name,
        endpoint=environment.base_url("STORYREEL_S3_ENDPOINT"),
        region=environment.key("STORYREEL_S3_REGION") or "us-east-1",
        access_key=environment.key("STORYREEL_S3_ACCESS_KEY"),
        secret_key=environment.required("STORYREEL_S3_SECRET_KEY", "it belongs to the access key"),
        session_token=environment.key("STORYREEL_S3_SESSION_TOKEN") or None,
        public_base_url=public_url,
    )


def _azure(environment: Environment, name: str, *, is_public: bool) -> AzureBucketSettings:
    _refuse_own(environment, _AZURE_OWN)
    key = environment.required("STORYREEL_AZURE_KEY", "one of the storage account's two access keys")
    try:
        base64.b64decode(key, validate=True)
    except ValueError:  # binascii.Error is one, and so is text that is not ASCII
        raise BadSetting("STORYREEL_AZURE_KEY is no access key: copy it anew, in one piece") from None
    return AzureBucketSettings(
        name=name,
        account=environment.key("STORYREEL_AZURE_ACCOUNT"),
        key=key,
        endpoint=environment.base_url("STORYREEL_AZURE_ENDPOINT"),
        is_public=is_public,
        public_base_url=_public_url(environment, is_public=is_public),
    )


def _gcs_key(environment: Environment) -> str:
    """The JSON, which is the value itself or stands in the file that the value names."""
    value = environment.text("STORYREEL_GCS_KEY")
    if not value.startswith("{"):
        file = environment.file("STORYREEL_GCS_KEY")
        assert file is not None
        value = file.read_text(encoding="utf-8", errors="replace")
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not {"client_email", "private_key"} <= told.keys():
        raise BadSetting(
            "STORYREEL_GCS_KEY is no service account's key: set it to the JSON that Google gives for one, or to "
            "the path of that file"
        )
    return value


def _public_url(environment: Environment, *, is_public: bool) -> str | None:
    found = environment.base_url("STORYREEL_PUBLIC_URL")
    if found and not is_public:
        raise BadSetting(
            "STORYREEL_PUBLIC_URL is set, and by STORYREEL_BUCKET_ACCESS the bucket is private: unset one of "
            "them, and see to it that a private bucket has no public address with its vendor either"
        )
    return found
