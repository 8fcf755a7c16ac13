"""Parameter sets of H.264 inside MP4, enough to see a stream change its format midway. Pure, no I/O.

Facts from ISO/IEC 14496-15, 5.3.3.1 (the `avcC` record) and ITU-T H.264, 7.3.1 (NAL units). All input is
untrusted: whatever makes no sense counts as no parameter set.
"""

from collections.abc import Iterator

SEQUENCE_PARAMETER_SET = 7
"""The NAL unit type that fixes size and pixel format."""


def redefines_format(configuration: bytes, sample: bytes) -> bool:
    """Whether one coded picture brings a sequence parameter set that its track's header does not have.

    Players that set up their decoder from the header alone show such a stream wrongly.
    """
    if len(configuration) < 7 or configuration[0] != 1:
        return True
    known = set(_declared(configuration))
    length_size = (configuration[4] & 3) + 1
    return any(unit not in known for unit in _units(sample, length_size) if _is_sequence_set(unit))


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
