"""Why a video fell back to what it shows, as a word for programs and a sentence for the app's users. Pure."""

from collections.abc import Mapping

CLIP_GONE = "clip_gone"
"""The clip was paid for and is no longer to be had: only another render can help."""

ORIGINAL_GONE = "original_gone"
"""The original is not in the bucket any more, and its renditions are to be made: likewise."""

CONTENT_REJECTED = "content_rejected"
"""What the story is about is not allowed, by our moderators or by the provider: final, and tried nowhere else."""

UNJUDGED = ("moderation", "This story waits to be checked before its video is made. It goes on by itself.")
"""Why a video waits whose story no moderator could be asked about: the word for programs and the sentence."""

FALLBACK: Mapping[str, str] = {
    CONTENT_REJECTED: "The video service declined the content of this story.",
    "bad_parameters": "The video service did not accept this story.",
    "generator_refused": "The video service did not accept this story.",
    "no_clip": "The video service made no video of this story.",
    "endpoint_missing": "The video service has none of the configured models.",
    "unknown_model": "The model that this video was asked of is not known any more.",
    "provider_error": "The video service failed several times.",
    "timeout": "The video service took too long several times.",
    "not_started": "The video service was too busy to begin.",
    "cancelled": "The video service stopped working on this video.",
    "provider_forgot": "The video service lost track of this video.",
    "provider_silent": "The video service did not answer.",
    "unusable_clip": "The video service sent something that is no playable video.",
    CLIP_GONE: "The video was made, but was gone before it could be collected.",
    ORIGINAL_GONE: "The video was made, but is not stored any more.",
    "clip_lost": "The video was made, but could not be collected.",
    "not_finished": "The video was made, but could not be prepared for playing.",
    "not_planned": "The story could not be prepared.",
    "story_budget": "The budget for this story is spent.",
    "total_budget": "The budget for videos is spent.",
}
HELD: Mapping[str, tuple[str, str]] = {
    "day": ("budget", "Today's budget for videos is spent. This one is made when there is room again."),
    "owner_day": (
        "budget",
        "Your budget for videos is spent for today. This one is made when there is room again.",
    ),
}
"""Why a video waits, by the cap that it would have passed: the word for programs and the sentence."""

OVER_QUOTA = "You have asked for many videos in this hour. This one is made when it is its turn."

OVER_CAP: Mapping[str, str] = {"story": "story_budget", "total": "total_budget"}
"""Why a video is not made, by the cap that it would have passed."""

_OTHER = "The video could not be made."
_BY_ITSELF = " It will be tried again by itself."
_BY_ASKING = " You can try again later."


def sentence(reason: str, *, permanent: bool = False, again: bool = False) -> str:
    """What to tell a user for the reason, and what is to be hoped for: `again`, it comes back by itself."""
    said = FALLBACK.get(reason, _OTHER)
    if permanent:
        return said
    return said + (_BY_ITSELF if again else _BY_ASKING)
