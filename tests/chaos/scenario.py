"""What happens in a run: which stories come and go, what goes wrong outside, who is killed when. Pure.

All of it is drawn from one seed. What still differs between two runs is timing: which process has what in hand
when it is killed.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

OWNERS = 5
EQUAL, BLANK, DELETED = 0.08, 0.01, 0.03  # shares of all stories
SOON = 60  # acts after which a story that is to be deleted is gone
BATCH = 40  # acts in one transaction, at most
PAUSES = (2.0, 5.0)  # seconds between two kills

_WHO = ("fox", "whale", "lantern", "paper boat", "dragon", "clockmaker", "heron", "comet", "lighthouse", "snail")
_DOES = ("crosses", "dreams of", "paints", "guards", "forgets", "sings to", "carries home", "wakes")
_WHAT = ("the silent ocean", "a burning forest", "the mountain", "a city in the rain", "the aurora", "a desert")
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Insert:
    """A story comes. A blank one is rejected by Storyreel."""

    id: UUID
    owner: UUID
    text: str


@dataclass(frozen=True)
class Delete:
    """A story that came goes again, finished or not."""

    id: UUID


Act = Insert | Delete


def acts(stories: int, seed: int) -> Sequence[Act]:
    """All that an app does, in its order."""
    dice = random.Random(f"acts:{seed}")
    owners = [_uuid(dice) for _ in range(OWNERS)]
    done: list[Act] = []
    texts: list[str] = []
    leaving: list[tuple[int, Delete]] = []
    for number in range(stories):
        text = _text(dice, number, texts)
        texts.append(text)
        # The first owner has half of all stories, as one keen user would.
        story = Insert(_uuid(dice), owners[dice.choice([0] * OWNERS + list(range(OWNERS)))], text)
        done.append(story)
        if dice.random() < DELETED:
            leaving.append((len(done) + dice.randrange(1, SOON), Delete(story.id)))
        now = len(done)
        done += [delete for at, delete in leaving if at <= now]
        leaving = [(at, delete) for at, delete in leaving if at > now]
    return [*done, *(delete for _, delete in leaving)]


def remaining(all_acts: Sequence[Act]) -> Sequence[Insert]:
    """The stories that are there in the end."""
    gone = {act.id for act in all_acts if isinstance(act, Delete)}
    return [act for act in all_acts if isinstance(act, Insert) and act.id not in gone]


def batches(all_acts: Sequence[Act], seed: int) -> Iterator[Sequence[Act]]:
    """The acts in transactions of 1 to `BATCH`; small ones are as usual as large ones."""
    dice = random.Random(f"batches:{seed}")
    at = 0
    while at < len(all_acts):
        size = dice.randint(1, dice.randint(1, BATCH))
        yield all_acts[at : at + size]
        at += size


def kills(victims: Sequence[_Item], seed: int) -> Iterator[tuple[float, _Item]]:
    """For ever: a pause in seconds, and who is killed after it; each of them once before any is killed again."""
    dice = random.Random(f"kills:{seed}")
    while True:
        for victim in dice.sample(victims, len(victims)):
            yield dice.uniform(*PAUSES), victim


def faults(patience: float) -> str:
    """What the emulator does wrong, for its `--faults`. A late webhook is three minutes late.

    Minutes are as short as everybody's patience is (`pipeline.timing`): 1.8 s at 0.02.
    """
    late = round(180 * patience, 3)
    rules = [
        (0.10, "lose_webhook = true"),
        (0.10, "duplicate_webhook = 2"),
        (0.05, f"webhook_delay = {late}"),
        (0.02, "refuse = 500"),
        (0.015, "refuse = 502"),
        (0.015, "refuse = 503"),
        (0.01, "stall_submit_answer = true"),
        (0.01, "drop_submit_answer = true"),
        (0.01, 'damage_files = "cut"'),
        (0.01, 'damage_files = "garbled"'),
        (0.02, "fail = 500"),
        (0.005, 'fail = "content_policy_violation"'),
        (0.05, "refuse_poll = 503\nrefuse_polls = 2"),
        (0.01, "payload_error = true"),
    ]
    return "\n".join(f"[[fault]]\nshare = {share}\n{what}\n" for share, what in rules)


def _text(dice: random.Random, number: int, earlier: Sequence[str]) -> str:
    chance = dice.random()
    if chance < BLANK:
        return "   "
    if earlier and chance < BLANK + EQUAL:
        return dice.choice(earlier[-200:])
    return f"The {dice.choice(_WHO)} {dice.choice(_DOES)} {dice.choice(_WHAT)}, night {number}"


def _uuid(dice: random.Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)
