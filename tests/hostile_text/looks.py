"""What strangers' text must not do to whatever it comes out of."""

import re

ORDERS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""What a terminal obeys or a reader cannot see: controls but the line's end, directions, the invisible."""


def assert_only_shown(output: str) -> None:
    """Nothing in it is an order to a terminal, or hides from whoever reads it."""
    found = ORDERS.search(output)
    assert found is None, f"{found!r} in {output[max(0, found.start() - 60) : found.end() + 60]!r}"
