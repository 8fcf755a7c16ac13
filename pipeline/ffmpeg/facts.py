"""What probing finds in a file, as one plain record. Pure: no I/O and no verdicts; those are in `gate`.

The probing child sends these facts as one line of JSON, so nothing richer than numbers and words is here.
"""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Facts:
    """One file of the MOV/MP4 family, every packet of its first video stream counted.

    Container: `boxes` are the top-level box types in file order, `cut` the type of the one that the file ends
    in, or empty.

    Picture: `width` and `height` in pixels as stored, before `sample_aspect` (numerator, denominator) and any
    display matrix are applied; `rotation` in degrees; `transformed` is true for any display matrix, flips
    included. `pixel_format` is empty where the first frame was not decoded. `steady` unless the stream
    redefines its format midway.

    Frames: `announced` is the header's claim, 0 where it makes none; `packets` are those really there, of
    which `damaged` are incomplete; `moments` counts their distinct times; `span` is the time in seconds from
    the first of those to the end of the last frame.
    """

    boxes: tuple[str, ...] = ()
    cut: str = ""
    streams: int = 0
    videos: int = 0
    codec: str = ""
    profile: str = ""
    pixel_format: str = ""
    width: int = 0
    height: int = 0
    sample_aspect: tuple[int, int] = (1, 1)
    rotation: int = 0
    transformed: bool = False
    steady: bool = True
    keyframe_first: bool = False
    announced: int = 0
    packets: int = 0
    damaged: int = 0
    moments: int = 0
    span: float = 0.0


def to_json(facts: Facts) -> str:
    """One line of JSON, ASCII only."""
    return json.dumps(asdict(facts))


def from_json(text: str) -> Facts:
    """The facts that `to_json` wrote. Raises `ValueError` for anything else."""
    try:
        fields = json.loads(text)
        numerator, denominator = fields.pop("sample_aspect")
        boxes = tuple(fields.pop("boxes"))
        return Facts(**fields, sample_aspect=(numerator, denominator), boxes=boxes)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("these are no facts") from error
