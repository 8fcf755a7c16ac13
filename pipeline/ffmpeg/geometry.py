"""Sizes of what is shown and written, in pixels. Pure arithmetic, no I/O."""

from pipeline.ffmpeg.facts import Facts


def displayed(facts: Facts) -> tuple[int, int]:
    """Width and height a player shows: pixels made square, then the picture turned.

    The pixel aspect is applied to the stored width, before turning (ISO/IEC 14496-12, 12.1.4). Turns other
    than by a quarter keep the size: ffmpeg then fills the corners.
    """
    numerator, denominator = facts.sample_aspect
    width, height = round(facts.width * numerator / denominator), facts.height
    return (height, width) if facts.rotation % 180 == 90 else (width, height)


def even(width: int, height: int) -> tuple[int, int]:
    """The next smaller even size: 4:2:0 pictures store colour for squares of 2x2 pixels."""
    return width - width % 2, height - height % 2


def fit(width: int, height: int, side: int) -> tuple[int, int]:
    """The size shrunk in proportion until neither side exceeds `side`; never enlarged, never below 1."""
    longest = max(width, height)
    if longest <= side:
        return width, height
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))
