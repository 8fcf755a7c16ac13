"""What probing finds in a file, as one plain record. Pure: no I/O and no verdicts; those are in `gate`.

The probing child sends these facts as one line of JSON, so nothing richer than numbers and words is here.
"""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Facts:
    """One file of the MOV/MP4 family, every packet of its first video stream counted.

    Container: `size` in bytes; `box_count` is how many top-level boxes there are, `boxes` which vital types are
    among them, each where it is first seen, `index_bytes` what those weigh that are read while opening. `cut` is
    the type of the box that the file ends in, or empty.

    Picture: `width` and `height` in pixels as stored, before `sample_aspect` (numerator, denominator) and any
    display matrix are applied; `rotation` in degrees; `transformed` is true for any display matrix, flips
    included. `colour` is primaries, transfer and matrix as numbers of ITU-T H.273. `pixel_format` is empty where
    the first frame was not decoded. `steady` unless the stream redefines its format midway.

    Frames: `announced` is the header's claim, 0 where it makes none; `packets` are those really there, of
    which `damaged` are incomplete; `idle` are others that show nothing, being empty or cut away by an edit list.
    `coded` is what all of them weigh in bytes. `moments` counts their distinct times; `span` is the time in
    seconds from the first of those to the end of the last frame, `delay` that by which some stream begins earlier.
    """

    size: int = 0
    boxes: tuple[str, ...] = ()
    box_count: int = 0
    index_bytes: int = 0
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
    colour: tuple[int, int, int] = (2, 2, 2)
    steady: bool = True
    keyframe_first: bool = False
    announced: int = 0
    packets: int = 0
    damaged: int = 0
    idle: int = 0
    coded: int = 0
    moments: int = 0
    span: float = 0.0
    delay: float = 0.0


def to_json(facts: Facts) -> str:
    """One line of JSON, ASCII only."""
    return json.dumps(asdict(facts))


def from_json(text: str) -> Facts:
    """The facts that `to_json` wrote. Raises `ValueError` for anything else."""
    try:
        fields = json.loads(text)
        rows = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
        facts = Facts(**(fields | rows))
    except (AttributeError, RecursionError, TypeError) as error:
        raise ValueError("these are no facts") from error
    if fields.keys() != vars(facts).keys() or not _is_plain(facts):
        raise ValueError("these are no facts")
    return facts


def _is_plain(facts: Facts) -> bool:
    """Whether each fact is of its type: who sent them has read a hostile file, and may be its puppet."""
    boxes: object = facts.boxes
    example = Facts(boxes=("",) * len(boxes)) if isinstance(boxes, tuple) else Facts()
    return _types(facts) == _types(example)


def _types(facts: Facts) -> list[object]:
    values = vars(facts).values()
    return [[type(item) for item in value] if isinstance(value, tuple) else type(value) for value in values]
