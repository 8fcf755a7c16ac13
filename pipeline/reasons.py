"""Why a video fell back to what it shows, as a word for programs and a sentence for the app's users. Pure."""

from collections.abc import Mapping

CLIP_GONE = "clip_gone"
"""The clip was paid for and is no longer to be had: only another render can help."""

_LATER = " You can try again later."
FALLBACK: Mapping[str, str] = {
    "content_policy": "The video service declined the content of this story.",
    "bad_parameters": "The video service did not accept this story.",
    "generator_refused": "The video service did not accept this story.",
    "no_clip": "The video service made no video of this story.",
    "endpoint_missing": "The video service has none of the configured models.",
    "unknown_model": "The model that this video was asked of is not known any more.",
    "provider_error": "The video service failed several times." + _LATER,
    "timeout": "The video service took too long several times." + _LATER,
    "not_started": "The video service was too busy to begin." + _LATER,
    "cancelled": "The video service stopped working on this video." + _LATER,
    "provider_forgot": "The video service lost track of this video." + _LATER,
    "provider_silent": "The video service did not answer." + _LATER,
    "unusable_clip": "The video service sent something that is no playable video.",
    CLIP_GONE: "The video was made, but was gone before it could be collected." + _LATER,
    "clip_lost": "The video was made, but could not be collected." + _LATER,
    "not_finished": "The video was made, but could not be prepared for playing." + _LATER,
    "not_planned": "The story could not be prepared." + _LATER,
}
_OTHER = "The video could not be made." + _LATER


def sentence(reason: str) -> str:
    """What to tell a user for the reason."""
    return FALLBACK.get(reason, _OTHER)
