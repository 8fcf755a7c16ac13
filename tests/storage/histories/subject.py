"""One take with its video, and the ways to every status of it: what the tables of transitions are tried on."""

from dataclasses import dataclass

from pipeline.lifecycle import TakeStatus
from pipeline.model import Clip, Failure, TakeInHand
from tests.storage.builders import CLIP, PASSING
from tests.storage.histories.deeds import Deeds, Step
from tests.storage.histories.provider import Provider, Request
from tests.storage.histories.settling import plan_without_previews

_STEPS: dict[str, Step] = {TakeStatus.FETCHING: "fetch", TakeStatus.FINISHING: "finish"}


@dataclass
class Subject:
    """A render that is the second try: the first was taken, its answer lost, and may yet bring a clip."""

    deeds: Deeds
    story: str
    first: Request
    second: Request
    hand: TakeInHand | None = None  # the last that anybody had

    @property
    def render(self) -> str:
        """How the second render stands."""
        return self.deeds.status(self.second.render.id)

    @property
    def take(self) -> str:
        """How the take stands."""
        return str(self.deeds.memory.state.takes[str(self.deeds.take_of(self.second.render.id))][0])

    @property
    def work(self) -> str:
        """How the work on the only video stands."""
        (video,) = self.deeds.memory.state.videos.values()
        return str(video[3])

    def begin(self) -> TakeInHand:
        """Somebody takes it in hand, for the step that is next."""
        self.hand = self.deeds.take_in_hand(_STEPS[self.take], self.deeds.take_of(self.second.render.id))
        assert self.hand
        return self.hand

    def bring(self, outcome: Clip | Failure) -> None:
        """The provider has it, and ends with it."""
        self.deeds.submitted(self.second)
        self.deeds.conclude(self.second.render.id, outcome)

    def begin_fetch(self) -> None:
        """A clip is there."""
        self.bring(CLIP)
        self.begin()

    def begin_finish(self) -> None:
        """Its original is there."""
        self.begin_fetch()
        assert self.hand
        self.deeds.fetched(self.hand)
        self.begin()

    def make(self) -> None:
        """All that was asked for is there."""
        self.begin_finish()
        assert self.hand
        self.deeds.finished(self.hand)

    def give_up(self) -> None:
        """Whoever has it in hand, gives it up, for a time."""
        assert self.hand
        self.deeds.give_up(self.hand, PASSING)

    def lose(self) -> None:
        """The answer to the second POST is lost as well."""
        self.deeds.answer_lost(self.second.render)
        self.deeds.silence(self.second.render.id)

    def withdraw(self) -> None:
        """The story is deleted while the provider works on it."""
        self.deeds.submitted(self.second)
        self.deeds.delete(self.story)
        self.deeds.chore("withdraw")

    def leave_unused(self) -> None:
        """The story is deleted, and its files are kept for no longer than they must be."""
        self.deeds.delete(self.story)
        for _ in range(2):
            self.deeds.clock.advance(days=8)
            self.deeds.remove()

    def remove(self) -> None:
        """It was made, and its files are gone."""
        self.make()
        self.leave_unused()

    def reject(self) -> None:
        """Its next revision cannot become a video."""
        self.deeds.revise(self.story, "rerender")
        (revision,) = self.deeds.claim()
        self.deeds.reject(revision)


def second_try(deeds: Deeds) -> Subject:
    """The second render is admitted, and taken by the provider."""
    provider = Provider()
    story = deeds.insert("whale")
    plan_without_previews(deeds)
    (first,) = provider.order(deeds.admit())
    assert first.take()
    deeds.answer_lost(first.render)
    deeds.silence(first.render.id)
    (second,) = provider.order(deeds.admit())
    assert second.take()
    return Subject(deeds, story, first, second)
