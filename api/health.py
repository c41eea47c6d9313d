"""Health and metrics, for whoever runs the registry. They need no token, and hold no ids and no names."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http import HTTPStatus

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from api.problems import problem
from api.state import context
from registry.services.context import Context
from registry.services.health import readiness
from registry.services.tallies import checks_by_state, undelivered

_BUCKETS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_UNMATCHED = "unmatched"
_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def install(app: Flask, ctx: Context) -> None:
    """Serve ``/healthz``, ``/readyz`` and ``/metrics``, and measure every request."""
    metrics = RequestMetrics(CollectorRegistry(), ctx)
    app.before_request(_start_timer)
    app.after_request(metrics.observe)
    health = Blueprint("health", __name__)
    health.add_url_rule("/healthz", "healthz", _healthz)
    health.add_url_rule("/readyz", "readyz", _readyz)
    health.add_url_rule("/metrics", "metrics", metrics.expose)
    app.register_blueprint(health)


class RequestMetrics:
    """What is counted. Requests are of this process; the state of the queue and of checks is the registry's own.

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
        registry.register(RegistryState(ctx))

    def observe(self, response: Response) -> Response:
        """Count one answer, by the template of its route."""
        route = request.url_rule.rule if request.url_rule is not None else _UNMATCHED
        method = request.method if request.method in _KNOWN_METHODS else "other"
        self._requests.labels(method, route, response.status_code).inc()
        if (started := g.get("started")) is not None:
            self._seconds.labels(method, route).observe(time.perf_counter() - started)
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
        yield GaugeMetricFamily("likeness_workers_live", "Workers that reported in time.")
        yield GaugeMetricFamily("likeness_queue_depth", "Recordings that wait for a worker.")
        yield GaugeMetricFamily("likeness_ready", "1 when every part of the registry works.")
        yield GaugeMetricFamily("likeness_checks", "Checks, by state and verdict.", labels=("state", "verdict"))
        yield GaugeMetricFamily("likeness_webhook_messages", "Messages that did not arrive yet.", labels=("state",))

    def collect(self) -> Iterator[Metric]:
        """Ask, and answer the gauges."""
        workers, queue, ready, checks, messages = self.describe()
        now = readiness(self._ctx)
        if not any(part.ok for part in now.parts if part.name == "database"):
            ready.add_sample(ready.name, {}, 0.0)
            yield ready  # the rest is not known, which is not the same as 0
            return
        workers.add_sample(workers.name, {}, now.workers_live)
        queue.add_sample(queue.name, {}, now.queue_depth)
        ready.add_sample(ready.name, {}, float(now.ready))
        for tally in checks_by_state(self._ctx):
            labels = {"state": tally.state.value, "verdict": tally.verdict.value if tally.verdict else ""}
            checks.add_sample(checks.name, labels, tally.checks)
        for state, count in undelivered(self._ctx).items():
            messages.add_sample(messages.name, {"state": state.value}, count)
        yield from (workers, queue, ready, checks, messages)


def _start_timer() -> None:
    g.started = time.perf_counter()


def _healthz() -> Response:
    """Say that this process answers, and nothing more."""
    return Response(json.dumps({"status": "ok"}), mimetype="application/json")


def _readyz() -> Response:
    """Say whether every part works, and which does not."""
    now = readiness(context())
    parts = [{"name": part.name, "ok": part.ok, "detail": part.detail} for part in now.parts]
    figures = {"parts": parts, "workers_live": now.workers_live, "queue_depth": now.queue_depth}
    if now.ready:
        return Response(json.dumps({"status": "ready", **figures}), mimetype="application/json")
    broken = ", ".join(part.name for part in now.parts if not part.ok)
    response = problem(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", f"not ready: {broken}", figures=figures)
    response.headers["Retry-After"] = "5"
    return response
