"""Parameter sets of H.264 inside MP4, enough to see a stream change its format midway. Pure, no I/O.

Facts from ISO/IEC 14496-15, 5.3.3.1 (the `avcC` record) and ITU-T H.264, 7.3.1 (NAL units). All input is
untrusted: whatever makes no sense counts as no parameter set.
"""

from collections.abc import Iterator
from itertools import islice

SEQUENCE_PARAMETER_SET = 7
"""The NAL unit type that fixes size and pixel format."""

MAX_UNITS = 512
"""NAL units looked at in one picture. Encoders make a handful, or hundreds for a network of small packets."""


def redefines_format(configuration: bytes, sample: bytes) -> bool:
    """Whether one coded picture brings a sequence parameter set that its track's header does not have.

    Players that set up their decoder from the header alone show such a stream wrongly. A picture of more than
    `MAX_UNITS` counts as one: nobody has looked at all of it.
    """
    if len(configuration) < 7 or configuration[0] != 1:
        return True
    known = set(_declared(configuration))
    length_size = (configuration[4] & 3) + 1
    units = _units(sample, length_size)
    looked_at = islice(units, MAX_UNITS)
    return any(unit not in known for unit in looked_at if _is_sequence_set(unit)) or next(units, None) is not None


def _declared(configuration: bytes) -> Iterator[bytes]:
    place = 6
    for _ in range(configuration[5] & 31):
        length = int.from_bytes(configuration[place : place + 2])
        yield configuration[place + 2 : place + 2 + length]
        place += 2 + length


def _units(sample: bytes, length_size: int) -> Iterator[bytes]:
    place = 0
    while place + length_size < len(sample):
        start = place + length_size
        place = start + int.from_bytes(sample[place:start])
        yield sample[start:place]


def _is_sequence_set(unit: bytes) -> bool:
    return bool(unit) and unit[0] & 31 == SEQUENCE_PARAMETER_SET
