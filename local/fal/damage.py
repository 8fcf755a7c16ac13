"""Breaks a file as a storage or a network may, while all that is said about it stays right. Pure."""

import random

from local.fal.knobs import Damage


def damaged(content: bytes, damage: Damage | None) -> bytes:
    """The file as it arrives; whole without a damage, and equally broken each time with one."""
    third = len(content) // 3
    match damage:
        case "cut":
            return content[: len(content) // 2]
        case "garbled":
            noise = random.Random(len(content)).randbytes(third)  # noqa: S311 - no secret
            return content[:third] + noise + content[2 * third :]
        case None:
            return content
