"""A provider as far as it is known here: what was sent to it, what it took, and how that ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.model import AdmittedRender, Clip, Failure


@dataclass(eq=False)
class Request:
    """One POST of an order, whether or not it was sent yet; `taken` by the provider, and how it ended there."""

    render: AdmittedRender
    id: str
    taken: bool = False
    refused: bool = False
    outcome: Clip | Failure | None = None
    told: bool = False  # by webhook, usably

    def take(self) -> bool:
        """The provider takes it, unless it has said that it will not: nobody sends it again then."""
        self.taken = self.taken or not self.refused
        return self.taken

    def end(self, outcome: Clip | Failure) -> Clip | Failure | None:
        """How it ended there, which is so once for all; None where it never began."""
        if self.take():
            self.outcome = self.outcome or outcome
        return self.outcome


class Provider:
    """Every request that it got, or will."""

    def __init__(self) -> None:
        self.requests: dict[str, Request] = {}

    def order(self, renders: Sequence[AdmittedRender]) -> list[Request]:
        """A request for each render that was admitted."""
        made = [Request(render, f"request-{len(self.requests) + n}") for n, render in enumerate(renders, start=1)]
        self.requests |= {request.id: request for request in made}
        return made

    def only_request(self, request: Request) -> bool:
        """Whether the render has no other: it has where one was put back, and had been taken all the same."""
        render = request.render.id
        return [it for it in self.requests.values() if it.render.id == render and it.taken] == [request]
