"""What pages are made of: one page with a plot of each kind and a waveform, rendered and served as every page is."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from flask import Flask, Response
from jinja2 import ChoiceLoader, DictLoader
from werkzeug.serving import make_server

from api import headers
from api.pages import rendering, static_files
from api.pages.plots import Mark, Plot, Series, Turn
from api.state import ApiSettings, ApiState, attach
from registry.clock import utc_now
from registry.domain.sign_in import SignInRules

_TEMPLATE = """{% extends "pages/base.html" %}
{% import "pages/parts.html" as parts with context %}
{% block scripts %}{{ parts.plot_scripts() }}{{ parts.waveform_scripts() }}{% endblock %}
{% block title %}Parts{% endblock %}
{% block content %}
<h2>Plots</h2>
{% for each in plots %}{{ parts.plot(each) }}{% endfor %}
<h2>Recording</h2>
{{ parts.waveform(turns, "dialogue", sha256=sha256) }}
{% endblock %}"""

_X = [each / 10 for each in range(-30, 31)]

PLOTS = (
    Plot(
        "Same speaker, other speakers",
        "log10 LR",
        "share that is as strong",
        "lines",
        _X,
        (
            Series("same speaker", [1 / (1 + math.exp(2 * (x - 1))) for x in _X]),
            Series("others <b>", [1 / (1 + math.exp(3 * (x + 1))) for x in _X]),
        ),
        marks=(Mark("this recording", 1.25),),
    ),
    Plot(
        "Scores of comparable voices",
        "score",
        "voices",
        "bars",
        [0.0, 0.1, 0.2, 0.3, 0.4],
        (Series("comparable voices", [3, 14, 9, 2, 0]),),
        marks=(Mark("this recording", 0.36), Mark("the performer", 0.41)),
        y_decimals=0,
        table=(("below 0.2", 17), ("0.2 and more", 11)),
    ),
    Plot("Over time", "s", "log10 LR", "points", [0.5, 2.0, 4.5], (Series("turns", [1.2, None, -0.4]),)),
)
TURNS = (
    Turn(0.0, 2.4, "Speaker 1", "resembles Ada Lind"),
    Turn(2.4, 5.0, "Speaker 2", "nobody enrolled"),
    Turn(5.0, 6.2, "Speaker 1"),
)


@contextmanager
def components_at(sha256: str) -> Iterator[str]:
    """Serve the page on a free port, and answer its address."""
    app = Flask(__name__, static_folder=None)
    attach(app, ApiState(SimpleNamespace(sign_in=SignInRules(), clock=utc_now), ApiSettings()))  # type: ignore[arg-type]  # all it asks
    headers.install(app)
    rendering.install(app)
    app.register_blueprint(static_files.files)
    app.jinja_loader = ChoiceLoader([app.jinja_loader, DictLoader({"parts.html": _TEMPLATE})])  # type: ignore[list-item]

    @app.get("/")
    def show() -> Response:
        return rendering.page("parts", keep={}, scripts=True, plots=PLOTS, turns=TURNS, sha256=sha256)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
