"""Supabase Storage's answers as errors of ours: those behind the package's calls and those to our own requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from storage3.exceptions import StorageApiError

from pipeline.errors import BucketError, BucketUnavailable
from pipeline.prose import clean, without_key
from pipeline.retry_after import retry_after
from storage.buckets.supabase_words import SupabaseError, read_error


@dataclass(frozen=True)
class Answers:
    """Reads answers; the key, which a proxy may echo, is blotted out of what they say."""

    key: str = field(repr=False)

    @contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """Raises `BucketError` for whatever goes wrong inside, in the package or on the network."""
        try:
            yield
        except StorageApiError as error:
            raise self.of_package(error).meant(what) from None  # its own may hold the key
        except httpx.HTTPError as error:
            said = self._without_key(f"{type(error).__name__}: {error}")
            raise BucketUnavailable(f"{what}: no answer ({said})") from error
        # A 200 whose body is not storage's (a proxy, a portal), or JSON that is nothing but brackets.
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BucketUnavailable(f"{what}: no usable answer ({clean(repr(error))})") from error

    def refusal(self, reply: httpx.Response, what: str) -> BucketError:
        """What an answer that is no success stands for. Its body has been read."""
        return self._read(reply).meant(what)

    def of_package(self, error: StorageApiError) -> SupabaseError:
        """What the answer behind a package's error said: the package drops the stable `code` of the body."""
        behind: BaseException | None = error
        while behind is not None:
            if isinstance(behind, httpx.HTTPStatusError):
                return self._read(behind.response)
            behind = behind.__cause__ or behind.__context__
        return SupabaseError(500, "", "", "the package failed without an answer")

    def _read(self, reply: httpx.Response) -> SupabaseError:
        said = self._without_key(reply.text)
        return read_error(reply.status_code, said, retry_after=retry_after(reply.headers))

    def _without_key(self, said: str) -> str:
        return without_key(said.encode(errors="replace"), self.key).decode()
