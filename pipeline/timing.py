"""How long things may take before someone looks again. Pure data.

Leases are longer than the work they cover can last, since every I/O inside has a time limit of its own; what
they decide is only how soon a killed worker's step is begun again.
"""

from dataclasses import dataclass, fields, replace
from datetime import timedelta


@dataclass(frozen=True)
class Timing:
    """One deployment's patience; the defaults suit fal."""

    plan_lease: timedelta = timedelta(seconds=60)
    submit_lease: timedelta = timedelta(seconds=90)  # longer than one POST may take (fal.wire.Patience)
    fetch_lease: timedelta = timedelta(seconds=150)
    finish_lease: timedelta = timedelta(seconds=180)
    # A clip not begun by then is not wanted any more: the provider drops it, unpaid.
    start_timeout: timedelta = timedelta(seconds=300)
    usual: timedelta = timedelta(seconds=30)  # what a clip takes once begun, where nobody knows
    margin: timedelta = timedelta(seconds=60)  # for a webhook that is delivered late
    # Silent for so long beyond the usual, it is asked about; and again each time as long.
    poll_after: timedelta = timedelta(seconds=60)
    # However slow a model is said to be: fal forgets a result six minutes after its end, which may come early.
    latest_poll: timedelta = timedelta(minutes=5)
    # A render that the provider has worked on for so long will not end: it holds a slot.
    endless: timedelta = timedelta(hours=2)
    # A cost that could not be had for so long is settled at its estimate.
    unsettled: timedelta = timedelta(hours=24)
    missing_endpoint: timedelta = timedelta(hours=24)  # how long a 404 is remembered
    # How long a file that nobody needs is kept: whoever tells a deleted story again pays nothing meanwhile.
    keep: timedelta = timedelta(days=7)

    def scaled(self, factor: float) -> "Timing":
        """The same with every patience longer or shorter, but for those of hours.

        A factor below 1 is for stand-ins: a lease that is shorter than slow work has it done twice.
        """
        kept = {"missing_endpoint", "endless", "unsettled", "keep"}
        return replace(
            self, **{f.name: getattr(self, f.name) * factor for f in fields(self) if f.name not in kept}
        )

    def until_lost(self, usual: timedelta | None) -> timedelta:
        """After an unanswered submit: silent for so long, it cannot be running any more."""
        return self.patience + (usual or self.usual)

    def first_poll(self, usual: timedelta | None) -> timedelta:
        """How long after a submit to ask about a render that has been silent."""
        return min((usual or timedelta()) + self.poll_after, self.latest_poll)

    @property
    def patience(self) -> timedelta:
        """How long an unanswered submit may be silent beyond what a clip takes."""
        return self.start_timeout + self.margin
