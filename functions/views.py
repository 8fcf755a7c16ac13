"""A video as the functions' answers show it."""

from storage.stories import VideoView

_SHOWN = ("source_table", "source_id", "theme", "shape", "shows", "work", "reason", "message", "progress")
_BOX = ("blurhash", "width", "height")


async def described(video: VideoView) -> dict[str, object]:
    """What a caller who may see the video is told of it."""
    return {
        "id": str(video.id),
        **{name: getattr(video, name) for name in _SHOWN},
        "url": video.url,
        "poster_url": video.poster_url,
        **{name: getattr(video, name) for name in _BOX},
    }
