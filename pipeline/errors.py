"""Every error the pipeline raises on purpose. Pure: no I/O, no imports from the rest of the project.

StoryreelError            `permanent` says whether trying the same thing again can help
├── BadRequest            what the caller gave us cannot be used; nothing was stored        permanent
│   ├── BadStory          the text cannot become a video (blank, too long, unreadable)
│   ├── UnknownModel      no model of that name; lists the known ones
│   ├── UnsuitableModel   there is such an endpoint, and it makes no video of a text
│   ├── BadParameters     a parameter that is given beside a model cannot be used
│   └── UnknownTable      the table was never attached
├── OverQuota             the caller's user has asked for too many videos in this hour; come back later
├── BadSetting            an environment variable is missing or makes no sense              permanent
├── ModerationError       the moderation endpoint; what was to be judged waits, or goes on unchecked
│   ├── ModerationUnavailable no usable answer
│   └── ModerationKeyRefused  our key is wrong or revoked: a person must act
├── GeneratorError        the provider of clips
│   ├── GeneratorRefused      it answered, and the answer is no (422, 400)                  permanent
│   │   └── ContentRejected   for what the story is about: no other provider is asked      permanent
│   ├── GeneratorKeyRefused   our key is wrong or revoked, or its account locked: a person must act
│   ├── GeneratorMissing      no such endpoint or request (404)                             permanent
│   ├── GeneratorBusy         come back later (429, 503 before anything was accepted)
│   └── GeneratorUnavailable  no usable answer; whether it took the job is not known
├── BadDelivery           a webhook POST that is not the provider's, or makes no sense      permanent
│   └── BadSignature      it does not carry a valid signature
├── MediaError            a clip
│   ├── UnusableClip          the file itself is wrong: hostile, truncated, no video        permanent
│   └── TranscodeFailed       ffmpeg died or ran out of time
├── KeysUnavailable       the keys that tell who is calling cannot be had; nothing is known of the caller
├── StoreUnavailable      the database gave no usable answer; what was begun is rolled back
├── FileBeingRemoved      a file is about to be put that is just being removed; come back in a moment
└── BucketError           object storage
    ├── BucketRefused         credentials, size or type refused                             permanent
    ├── ObjectMissing         there is nothing at that path                                 permanent
    └── BucketUnavailable     no usable answer; whether it stored the file is not known
"""

from difflib import get_close_matches
from typing import ClassVar

_LONGEST_NAME = 60
"""Characters of a name that are repeated to whoever gave it."""


class StoryreelError(Exception):
    """Root of the tree. `code` is a stable word for machines; the message is a sentence for people."""

    code: ClassVar[str] = "error"
    permanent: ClassVar[bool] = False

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        """`retry_after`: seconds after which to come back at the earliest, where somebody said so."""
        super().__init__(message)
        self.retry_after = retry_after


class BadRequest(StoryreelError):
    """The caller's input cannot be used. Raised at the door, before anything is stored."""

    code = "bad_request"
    permanent = True


class BadStory(BadRequest):
    """The story text cannot become a video.

    `reason` is a word of `pipeline.prompts.REJECTIONS`, or `pipeline.reasons.CONTENT_REJECTED`.
    """

    code = "bad_story"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnknownModel(BadRequest):
    """No model has that name; the message lists those that exist, and first the ones it may be a slip of."""

    code = "unknown_model"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        similar = get_close_matches(shown.casefold(), known)
        hint = f"did you mean {' or '.join(similar)}? " if similar else ""
        super().__init__(
            f"there is no model {shown!r}; {hint}known models: {', '.join(known)}; "
            "or the id of a provider's endpoint, owner/name"
        )


class UnsuitableModel(BadRequest):
    """The endpoint of that id is known to make something else than a video, or to make it of no text."""

    code = "unsuitable_model"


class BadParameters(BadRequest):
    """A given parameter cannot be used; the message names it, its value and what would do."""

    code = "bad_parameters"


class UnknownTable(BadRequest):
    """The table was never given to `storyreel.attach`."""

    code = "unknown_table"


class OverQuota(StoryreelError):
    """The user has asked for as many videos in the last hour as one may."""

    code = "over_quota"


class BadSetting(StoryreelError):
    """An environment variable is missing or malformed. Stops the start; names the variable and the mend."""

    code = "bad_setting"
    permanent = True


class ModerationError(StoryreelError):
    """The moderation endpoint did not judge. No message quotes the text, nor what the endpoint said of it."""

    code = "moderation_error"


class ModerationUnavailable(ModerationError):
    """No usable answer came. Asking again is harmless."""

    code = "moderation_unavailable"


class ModerationKeyRefused(ModerationError):
    """The endpoint does not accept our key. With a good key the same would be judged."""

    code = "moderation_key_refused"


class GeneratorError(StoryreelError):
    """The provider of clips did not give what was asked for."""

    code = "generator_error"


class GeneratorRefused(GeneratorError):
    """The provider answered no, and would again."""

    code = "generator_refused"
    permanent = True


class ContentRejected(GeneratorRefused):
    """The provider does not render what the story is about. Final: nobody else is asked to."""

    code = "content_rejected"


class GeneratorKeyRefused(GeneratorError):
    """The provider does not accept our key; nothing was accepted. With a good key the same would pass."""

    code = "generator_key_refused"


class GeneratorMissing(GeneratorError):
    """The provider knows no such endpoint or request."""

    code = "generator_missing"
    permanent = True


class GeneratorBusy(GeneratorError):
    """The provider took nothing and says to come back."""

    code = "generator_busy"


class GeneratorUnavailable(GeneratorError):
    """No usable answer came. After a submit this means: it may or may not have been accepted, and paid."""

    code = "generator_unavailable"


class BadDelivery(StoryreelError):
    """A webhook body that is malformed."""

    code = "bad_delivery"
    permanent = True


class BadSignature(BadDelivery):
    """A webhook without a valid, timely signature."""

    code = "bad_signature"


class MediaError(StoryreelError):
    """Something went wrong with a clip."""

    code = "media_error"


class UnusableClip(MediaError):
    """The file cannot be made into a video: it is hostile, damaged, too large, or no video at all."""

    code = "unusable_clip"
    permanent = True


class TranscodeFailed(MediaError):
    """ffmpeg was killed, crashed, or wrote something else than asked for."""

    code = "transcode_failed"


class KeysUnavailable(StoryreelError):
    """The public keys that users' tokens are checked with cannot be had. Nothing is known of whoever calls."""

    code = "keys_unavailable"


class StoreUnavailable(StoryreelError):
    """The database does not answer, or ended the transaction; nothing of it remains. Trying again is harmless."""

    code = "database"


class FileBeingRemoved(StoryreelError):
    """A file that nobody needed is being removed from the bucket, and is needed again just now."""

    code = "file_being_removed"


class BucketError(StoryreelError):
    """Object storage did not do what was asked."""

    code = "bucket_error"


class BucketRefused(BucketError):
    """The bucket said no, and would again: credentials, size limit, content type."""

    code = "bucket_refused"
    permanent = True


class ObjectMissing(BucketError):
    """There is no object at that path."""

    code = "object_missing"
    permanent = True


class BucketUnavailable(BucketError):
    """The bucket gave no usable answer; a put may or may not have happened. Putting again is harmless."""

    code = "bucket_unavailable"
