"""Making a bucket in Supabase Storage, and mending one that takes less than we store. Moves no file."""

from dataclasses import dataclass

from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError
from storage3.types import BaseBucket, CreateOrUpdateBucketOptions

from pipeline.errors import BucketRefused
from storage.buckets.supabase_answers import Answers
from storage.buckets.supabase_limits import WANTED, Limits
from storage.buckets.supabase_words import DENIED, NO_BUCKET, TAKEN, TOO_LARGE

_KEY_NEEDED = "SUPABASE_SECRET_KEY must be a secret or service_role key: publishable and anon keys see no buckets"


@dataclass(frozen=True)
class BucketSettings:
    """The settings of one bucket. Methods raise `BucketError`."""

    storage: AsyncStorageClient
    answers: Answers
    name: str

    async def find(self) -> BaseBucket | None:
        """The bucket, None where there is none, or the key may not see it."""
        with self.answers.errors(f"looking for bucket {self.name!r}"):
            try:
                return await self.storage.get_bucket(self.name)
            except StorageApiError as error:
                if not self.answers.of_package(error).says(NO_BUCKET):
                    raise
                return None

    async def require(self) -> BaseBucket:
        """The bucket. Raises `BucketRefused` where there is none."""
        found = await self.find()
        if found is None:
            raise BucketRefused(
                f"there is no bucket {self.name!r}: `storyreel doctor --fix` makes it; or the key may not see it: "
                f"{_KEY_NEEDED}"
            )
        return found

    async def create(self, *, is_public: bool) -> None:
        """Make it, to take what we store and nothing else; nothing where another worker was first."""
        what = f"making bucket {self.name!r}"
        with self.answers.errors(what):
            try:
                await self.storage.create_bucket(self.name, options=_options(WANTED, is_public=is_public))
            except StorageApiError as error:
                answer = self.answers.of_package(error)
                if answer.says(DENIED):
                    raise BucketRefused(f"{answer.meant(what)}; {_KEY_NEEDED}") from None
                if answer.says(
                    TOO_LARGE
                ):  # the project itself takes less (50 MB on the free plan), and that holds
                    options = _options(Limits(None, WANTED.mime_types), is_public=is_public)
                    await self.storage.create_bucket(self.name, options=options)
                elif not answer.says(TAKEN):
                    raise

    async def widen(self, found: BaseBucket) -> None:
        """Let it take what we store besides; as far as the project does. Who may read it stays as it is."""
        had = limits_of(found)
        wanted = had.widened()
        with self.answers.errors(f"changing bucket {self.name!r}"):
            try:
                await self.storage.update_bucket(self.name, _options(wanted, is_public=found.public))
            except StorageApiError as error:
                if not self.answers.of_package(error).says(TOO_LARGE):
                    raise
                types = Limits(had.file_size, wanted.mime_types)
                await self.storage.update_bucket(self.name, _options(types, is_public=found.public))


def limits_of(bucket: BaseBucket) -> Limits:
    """What it takes, as far as its own settings say."""
    return Limits(bucket.file_size_limit or None, tuple(bucket.allowed_mime_types or ()))


def _options(limits: Limits, *, is_public: bool) -> CreateOrUpdateBucketOptions:
    options = CreateOrUpdateBucketOptions(public=is_public)
    if limits.file_size is not None:
        options["file_size_limit"] = limits.file_size
    if limits.mime_types:
        options["allowed_mime_types"] = list(limits.mime_types)
    return options
