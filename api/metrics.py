"""What Prometheus is told. No ids and no names, in no label: whose something is, is nobody's business here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import structlog
from flask import Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from registry import __version__
from registry.domain.ids import made_at
from registry.errors import DatabaseNotReadyError
from registry.services.context import Context
from registry.services.health import readiness
from registry.services.tallies import Tallies, tally

_log = structlog.get_logger()

_BUCKETS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_UNMATCHED = "unmatched"
_ASKED_BY_MACHINES = frozenset({"/healthz", "/readyz", "/metrics"})
_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Samples = Callable[[Tallies], Iterator[tuple[dict[str, str], float]]]
"""Of the tallies, the samples of one gauge: labels and value."""


class RequestMetrics:
    """What is counted. Requests and the process are this one's; all else is the registry's own.

    Args:
        registry: where the metrics live; not the process-wide one, so that two applications do not share it.
        ctx: asked for the registry's state whenever the metrics are read.
    """

    def __init__(self, registry: CollectorRegistry, ctx: Context) -> None:
        self._registry = registry
        self._requests = Counter(
            "likeness_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "likeness_http_request_duration_seconds",
            "Seconds from the first byte read to the answer made.",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=registry,
        )
        ProcessCollector(registry=registry)
        registry.register(RegistryState(ctx))

    def observe(self, response: Response) -> Response:
        """Count one answer, by the template of its route, and log it: with what it made, if it made something."""
        route = request.url_rule.rule if request.url_rule is not None else _UNMATCHED
        method = request.method if request.method in _KNOWN_METHODS else "other"
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        self._requests.labels(method, route, response.status_code).inc()
        self._seconds.labels(method, route).observe(seconds)
        if route not in _ASKED_BY_MACHINES:
            _say_answered(response, method, route, seconds)
        return response

    def expose(self) -> Response:
        """Answer all of it in the text format of Prometheus."""
        return Response(generate_latest(self._registry), content_type=CONTENT_TYPE_LATEST)


class RegistryState(Collector):
    """The state of the registry, read from the database when asked: the same from whichever process is asked."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def describe(self) -> Iterator[Metric]:
        """Name the metrics without asking the database."""
        yield GaugeMetricFamily("likeness_build", "1; the version that answers.", labels=("version",))
        yield GaugeMetricFamily("likeness_ready", "1 when every part of the registry works, 0 when one does not.")
        for name, help_text, labels, _ in _GAUGES:
            yield GaugeMetricFamily(name, help_text, labels=labels)

    def collect(self) -> Iterator[Metric]:
        """Ask, and answer the gauges. What cannot be known is left out, which is not the same as 0."""
        build = GaugeMetricFamily("likeness_build", "1; the version that answers.", labels=("version",))
        build.add_metric((__version__,), 1.0)
        yield build
        now = readiness(self._ctx)
        yield GaugeMetricFamily(
            "likeness_ready", "1 when every part of the registry works, 0 when one does not.", value=float(now.ready)
        )
        if any(part.name == "database" and not part.ok for part in now.parts):
            return
        try:
            found = tally(self._ctx)
        except DatabaseNotReadyError:  # gone since it was asked
            return
        for name, help_text, labels, samples in _GAUGES:
            gauge = GaugeMetricFamily(name, help_text, labels=labels)
            for told, value in samples(found):
                gauge.add_metric([told[label] for label in labels], value)
            yield gauge


def _say_answered(response: Response, method: str, route: str, seconds: float) -> None:
    """Log an answer. The request's id is on the line; what was made joins it with the lines of the worker."""
    figures: dict[str, object] = {"status": response.status_code, "seconds": round(seconds, 4)}
    made = response.headers.get("Location", "").rpartition("/")[2]
    if made_at(made) is not None:
        figures["subject"] = made
    _log.info("request answered", method=method, route=route, **figures)


def _one(read: Callable[[Tallies], float | None]) -> Samples:
    """Answer the one sample of a gauge without labels, or none where there is nothing to tell."""

    def samples(found: Tallies) -> Iterator[tuple[dict[str, str], float]]:
        if (value := read(found)) is not None:
            yield {}, value

    return samples


def _checks(found: Tallies) -> Iterator[tuple[dict[str, str], float]]:
    for (state, verdict), count in found.checks.items():
        yield {"state": state.value, "verdict": verdict.value if verdict else ""}, count


_GAUGES: tuple[tuple[str, str, tuple[str, ...], Samples], ...] = (
    ("likeness_workers_live", "Workers that reported in time and are ready.", (), _one(lambda now: now.workers_live)),
    (
        "likeness_gallery_steps_behind",
        "Steps of the gallery that the worker farthest behind has yet to take.",
        (),
        _one(lambda now: now.gallery_behind),
    ),
    ("likeness_gallery_performers", "Performers in the gallery.", (), _one(lambda now: now.performers)),
    ("likeness_gallery_voiceprints", "Voiceprints in the gallery.", (), _one(lambda now: now.voiceprints)),
    (
        "likeness_queue_depth",
        "Pieces of work that are not finished, by kind.",
        ("kind",),
        lambda now: (({"kind": kind.value}, each.pieces) for kind, each in now.waiting.items()),
    ),
    (
        "likeness_queue_oldest_seconds",
        "Age of the oldest piece of work that is not finished, by kind; 0 for none.",
        ("kind",),
        lambda now: (({"kind": kind.value}, each.oldest_s) for kind, each in now.waiting.items()),
    ),
    (
        "likeness_work_given_up",
        "Pieces of work that were tried too often, by kind, since the beginning.",
        ("kind",),
        lambda now: (({"kind": kind.value}, count) for kind, count in now.given_up.items()),
    ),
    ("likeness_checks", "Checks, by state and verdict, since the beginning.", ("state", "verdict"), _checks),
    (
        "likeness_webhook_messages",
        "Messages to webhooks that wait, or that were given up.",
        ("state",),
        lambda now: (({"state": state.value}, count) for state, count in now.messages.items()),
    ),
    ("likeness_journal_leaves", "Leaves of the journal.", (), _one(lambda now: now.leaves)),
    (
        "likeness_journal_unsigned_leaves",
        "Leaves that are not under a checkpoint.",
        (),
        _one(lambda now: now.leaves_unsigned),
    ),
    (
        "likeness_journal_unsigned_seconds",
        "Age of the oldest leaf that is not under a checkpoint; 0 for none.",
        (),
        _one(lambda now: now.unsigned_s),
    ),
    (
        "likeness_backup_age_seconds",
        "Seconds since the last backup; not there when there is none.",
        (),
        _one(lambda now: now.backup_age_s),
    ),
)
"""Name, meaning, labels and samples of each gauge that the database answers."""
