"""What the errors of obstore and the answers of object stores (S3, Google, Azure) mean. Pure.

An exception of obstore's is one text, in which the answer stands as it came. Of that only the status, the code and
the message are told on.
"""

import re

from pipeline.errors import BucketError, BucketRefused, BucketUnavailable, ObjectMissing
from pipeline.prose import clean, without_key
from storage.buckets.translation import meaning

# How obstore 0.12 writes (object_store 0.14: src/client/retry.rs, src/aws/client.rs, src/azure/client.rs).
_STATUS = re.compile(r"status code: (\d{3})[^:\n]*:?\s*")
_OF_A_BATCH = re.compile(r"request failed for key .*: ([^:]*) \(code: (\d{3})\)", re.DOTALL)  # Azure's deletes
_KIND = re.compile(r"HttpError \{\s*kind: (\w+)")
_NO_ANSWER = "HTTP error: "
_ELSEWHERE = "redirect without LOCATION"
_OBJECT_OF_NO_PATH = "Encountered object with invalid path"
_ITS_SOURCE = "\n\nDebug source:"

# How the stores do. Supabase's `<Error>` has a namespace, which changes neither.
_CODE = re.compile(r"<Code>\s*([^<]{1,100})</Code>")
_MESSAGE = re.compile(r"<Message>\s*([^<]{1,2000})")
_NO_BUCKET = frozenset({"NoSuchBucket", "ContainerNotFound"})

_LOOK_AT = {
    "AuthenticationFailed": "look at STORYREEL_AZURE_ACCOUNT and STORYREEL_AZURE_KEY, and at this machine's clock",
    "AuthorizationFailure": "look at STORYREEL_AZURE_ACCOUNT and STORYREEL_AZURE_KEY",
    "AuthorizationHeaderMalformed": "look at STORYREEL_S3_REGION",
    "ExpiredToken": "STORYREEL_S3_SESSION_TOKEN has expired, give a new one",
    "InvalidAccessKeyId": "look at STORYREEL_S3_ACCESS_KEY",
    "PermanentRedirect": "the bucket is in another region, look at STORYREEL_S3_REGION",
    "RequestTimeTooSkewed": "look at this machine's clock",
    "SignatureDoesNotMatch": (
        "look at the secret key, and at the endpoint: the server must see the host, port and path that were "
        "signed, so a proxy in between must leave them as they are"
    ),
}


class BucketMissing(BucketRefused):
    """There is no bucket of that name. Told apart since some can be made."""


def from_object_store(said: str, what: str, *, secret: str) -> BucketError:
    """The error in the text of an exception of obstore's; `secret` is blotted out wherever it stands.

    Of a 5xx obstore tells the status alone, and of no answer at all what kind of failure it was.
    """
    text = without_key(said.partition(_ITS_SOURCE)[0].encode(errors="replace"), secret).decode()
    if single := _OF_A_BATCH.search(text):
        return meaning(int(single[2]), single[2])(f"{what}: {single[2]} {clean(single[1])}")
    if _ELSEWHERE in text:
        return from_answer(301, "", what, word="PermanentRedirect")
    if status := _STATUS.search(text):
        return from_answer(int(status[1]), text[status.end() :], what)
    if text.startswith(_OBJECT_OF_NO_PATH):
        return BucketRefused(f"{what}: {clean(text)}. Remove that object, or give us a bucket of our own")
    kind = _KIND.search(said) if _NO_ANSWER in text else None
    return BucketUnavailable(f"{what}: no usable answer ({kind[1] if kind else clean(text.rpartition(' - ')[2])})")


def from_answer(status: int, body: str, what: str, *, word: str = "") -> BucketError:
    """The error in an answer: XML, a stranger's page, or nothing at all, as on HEAD."""
    code, message = _CODE.search(body), _MESSAGE.search(body)
    word = word or (code[1] if code else "")
    told = clean(f"{word}: {message[1]}" if word and message else word or body or "no reason given")
    hint = f"; {_LOOK_AT[word]}" if word in _LOOK_AT else ""
    return _error(status, word, body)(f"{what}: {status} {told}{hint}")


def _error(status: int, word: str, body: str) -> type[BucketError]:
    if word in _NO_BUCKET:
        return BucketMissing
    if status == 404 and not body:  # a HEAD; any other 404 without a word is not a store's
        return ObjectMissing
    return meaning(status, word)
