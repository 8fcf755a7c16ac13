"""A look at a deployment in Prometheus' words. Pure: what was seen is an argument.

Everything is a gauge: it is counted in the database at the moment of asking, and deleted stories make counts fall.
"""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from storage.overview import Overview

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""Of that text."""


def exposition(seen: Overview, *, now: datetime) -> bytes:
    """The text that a scrape gets (Prometheus exposition format)."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Seen(seen, now))
    return generate_latest(registry)


class _Seen(Collector):
    def __init__(self, seen: Overview, now: datetime) -> None:
        self._seen = seen
        self._now = now

    def collect(self) -> Iterator[Metric]:
        yield from self._work()
        yield from self._money()
        yield from self._providers()

    def _work(self) -> Iterator[Metric]:
        videos = GaugeMetricFamily(
            "storyreel_videos", "Videos by how work on them stands", labels=["work", "reason"]
        )
        for each in self._seen.videos:
            videos.add_metric([each.work, each.reason or ""], each.videos)
        yield videos
        yield GaugeMetricFamily("storyreel_workers", "Workers that gave a sign of life", value=self._seen.workers)
        late = self._seen.late
        seconds = (self._now - late.since).total_seconds() if late else 0.0
        yield GaugeMetricFamily("storyreel_late_seconds", "For how long the oldest step is overdue", value=seconds)
        found = GaugeMetricFamily(
            "storyreel_found_today", "What reconcile mended in this day of UTC", labels=["kind"]
        )
        for finding in self._seen.findings:
            if finding.day == self._now.date():
                found.add_metric([finding.kind], finding.found)
        yield found

    def _money(self) -> Iterator[Metric]:
        budget = self._seen.budget
        for name, what, value in (
            ("reserved", "US dollars that renders under way may cost", budget.reserved),
            ("spent", "US dollars spent", budget.spent),
            ("spent_today", "US dollars spent in this day of UTC", budget.spent_today),
        ):
            yield GaugeMetricFamily(f"storyreel_{name}_dollars", what, value=float(value))

    def _providers(self) -> Iterator[Metric]:
        each_of = {
            "slots": "Renders that may be in flight",
            "in_flight": "Renders in flight",
            "unanswered": "Renders in flight of which the provider said nothing",
            "paused": "1 while nothing is begun at the provider",
        }
        families = {
            name: GaugeMetricFamily(f"storyreel_provider_{name}", what, labels=["provider"])
            for name, what in each_of.items()
        }
        waiting = GaugeMetricFamily(
            "storyreel_waiting", "Renders by what they wait for", labels=["provider", "for"]
        )
        for provider in self._seen.providers:
            for name in ("slots", "in_flight", "unanswered"):
                families[name].add_metric([provider.name], getattr(provider, name))
            pausing = provider.until_resumed or (provider.paused_until or self._now) > self._now
            families["paused"].add_metric([provider.name], float(pausing))
            for reason, renders in provider.waiting.items():
                waiting.add_metric([provider.name, reason], renders)
        yield from (*families.values(), waiting)
