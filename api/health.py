"""Health and metrics, for whoever runs the registry. They need no token, and hold no ids and no names."""

from __future__ import annotations

import json
import time
from http import HTTPStatus

from flask import Blueprint, Flask, Response, g
from prometheus_client import CollectorRegistry

from api.metrics import RequestMetrics
from api.problems import problem
from api.state import context
from registry.services.context import Context
from registry.services.health import readiness

HEALTH = "health"
"""Name of the blueprint: it answers when nothing else can."""


def install(app: Flask, ctx: Context) -> None:
    """Serve ``/healthz``, ``/readyz`` and ``/metrics``, and measure every request."""
    metrics = RequestMetrics(CollectorRegistry(), ctx)
    app.before_request(_start_timer)
    app.after_request(metrics.observe)
    health = Blueprint(HEALTH, __name__)
    health.add_url_rule("/healthz", "healthz", _healthz)
    health.add_url_rule("/readyz", "readyz", _readyz)
    health.add_url_rule("/metrics", "metrics", metrics.expose)
    app.register_blueprint(health)


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
