"""The engine: how it stands, who runs it, what its calibration is good for, and proposing that it decide otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.forms import once
from api.pages.language import N_, _, number, percent
from api.pages.operator.proposals import proposed
from api.pages.operator.words import PARTS, REFUSALS, WORK
from api.pages.personal import page_of, personal, stands_for
from api.pages.plots import Mark, Plot, Series
from api.pages.steps import told
from api.pages.uses import spoken_called
from api.state import context, principal
from registry.engine.cards import CalibrationCard
from registry.engine.error_rates import ErrorRate, ErrorRates
from registry.errors import RegistryError
from registry.services import engine_health

HOUSE: Final = "/house"
_PERCENT: Final = 100.0

FIGURES: Final = {
    "speech_s": (N_("speech of the voice"), N_("%(value)s s")),
    "snr_db": (N_("speech above the noise"), N_("%(value)s dB")),
    "bandwidth_hz": (N_("bandwidth"), N_("%(value)s Hz")),
    "clipped_share": (N_("share that is cut off for being too loud"), ""),
    "voiced_share": (N_("share of the louder speech that is voiced"), ""),
    "decay_db_per_s": (N_("how fast the room falls silent"), N_("%(value)s dB per second")),
}
"""What is measured of a recording, and in which unit; empty of a share."""

NOT_VALIDATED: Final = {
    "singing": N_("singing"),
    "whisper": N_("whispering"),
    "children": N_("children"),
    "voices changed on purpose": N_("voices changed on purpose"),
    "overlapped speech": N_("several people who speak at once"),
}

GROUPS: Final = {
    "everybody": N_("Everybody"),
    "way of speaking": N_("By how it was spoken or made"),
    "sex": N_("By sex"),
    "language": N_("By language"),
    "band": N_("By bandwidth"),
}


GROUP_NAMES: Final = {
    "everybody": N_("everybody"),
    "read or spontaneous, wide band, 6 s and more": N_("read or spontaneous, wide band, 6 s and more"),
    "read or spontaneous, wide band, under 6 s": N_("read or spontaneous, wide band, under 6 s"),
    "telephone": N_("telephone"),
    "prompts and digits at 8 kHz": N_("prompts and digits at 8 kHz"),
    "acted emotion": N_("acted emotion"),
    "clones of zero-shot systems since 2024": N_("clones of systems that need one sample, since 2024"),
    "clones of zero-shot systems before 2024": N_("clones of systems that need one sample, before 2024"),
    "clones by systems trained on the one voice": N_("clones of systems trained on the one voice"),
    "voice conversions": N_("one voice turned into another"),
    "vocoder copies": N_("the same recording made anew by a vocoder"),
    "F": N_("women"),
    "M": N_("men"),
    "not labelled": N_("not said"),
    "narrow (under 4.2 kHz)": N_("narrow (under 4.2 kHz)"),
    "wide": N_("wide"),
}
"""What the groups of the error rates are called; a language goes by its tag, and a group without words by its name."""


@personal.get(HOUSE)
@stands_for("GET /v1/engine")
def show_house() -> Response:
    """Show what the house consists of, and what of it wants looking at."""
    return page_of("operator/house", health=engine_health.engine_health(context(), principal()), part_words=PARTS)


@personal.get(f"{HOUSE}/engine")
@stands_for("GET /v1/engine")
def show_engine() -> Response:
    """Show how the engine stands: settings, workers, what waits."""
    return _engine()


def _engine(error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    return page_of(
        "operator/engine",
        status,
        health=engine_health.engine_health(context(), principal()),
        part_words=PARTS,
        work_words=WORK,
        typed=request.form,
        problem=problem,
        scripts=True,
    )


@personal.post(f"{HOUSE}/engine")
@stands_for("POST /v1/proposals")
@once
def propose_settings() -> Response:
    """Propose another operating point, or another calibration. Another operator has to approve it."""
    form = request.form
    try:
        return proposed(
            {
                "kind": "engine_change",
                "target_fpir": _share(form.get("percent", "")),
                "calibration_sha256": form.get("calibration_sha256", "").strip() or None,
                "replaces": form.get("replaces", ""),
            }
        )
    except RegistryError as error:
        return _engine(error)


def _share(sent: str) -> float | str:
    """Answer a share of what somebody wrote in percent; what is no number stays as it was sent, to be refused."""
    try:
        return float(sent.replace(",", ".")) / _PERCENT
    except ValueError:
        return sent


# --- what it is good for ---------------------------------------------------------------------------------------------


@personal.get(f"{HOUSE}/calibration")
@stands_for("GET /v1/engine/calibration")
def show_calibration() -> Response:
    """Show for whom and for what the calibration was validated, how often it was wrong, and the curves of that."""
    found = engine_health.calibration_in_force(context(), principal())
    return page_of(
        "operator/calibration",
        found=found,
        made_on=date.fromisoformat(found.card.made_on) if found.card else None,
        ranges=list(_ranges(found.card)) if found.card else [],
        not_validated=[_(NOT_VALIDATED.get(each, each)) for each in found.card.not_validated_for] if found.card else [],
        groups=_groups(found.error_rates) if found.error_rates else [],
        called=_called,
        tippett=_tippett(found.card) if found.card and found.card.same_speaker else None,
        det=_det(found.card) if found.card and found.card.same_speaker else None,
        scripts=True,
    )


def _ranges(card: CalibrationCard) -> Iterator[tuple[str, str]]:
    """Yield what was measured of a recording, and within what it was validated, in words."""
    for name, (low, high) in card.validated.items():
        what, unit = FIGURES.get(name, (name, "%(value)s"))
        ends = {"low": _figure(low, unit), "high": _figure(high, unit)}
        if high is None:
            yield _(what), _("%(low)s or more") % ends
        elif low is None:
            yield _(what), _("%(high)s or less") % ends
        else:
            yield _(what), _("%(low)s to %(high)s") % ends


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    decimals = 0 if value == int(value) else 3
    return _(unit) % {"value": number(value, decimals)} if unit else percent(value)


def _groups(rates: ErrorRates) -> list[tuple[str, Sequence[ErrorRate]]]:
    """Answer the rates of people who taught the engine nothing, by what they are grouped by."""
    of = [each for each in rates.rates if each.people == "reporting"]
    return [(_(words), [each for each in of if each.by == by]) for by, words in GROUPS.items()]


def _called(rate: ErrorRate) -> str:
    """Say what a group is called."""
    if rate.by == "language" and rate.group not in GROUP_NAMES:
        return spoken_called(rate.group)
    return _(GROUP_NAMES.get(rate.group, rate.group))


def _tippett(card: CalibrationCard) -> Plot:
    """Draw how often trials of one voice, and of two, came out at least as strong."""
    x = [at for at, _share in card.same_speaker]
    return Plot(
        title=_("How often trials came out at least as strong (Tippett plot)"),
        x_label=_("strength, log10 LR"),
        y_label=_("share, per cent"),
        kind="lines",
        x=x,
        series=[
            Series(_("the same voice"), [_PERCENT * share for _at, share in card.same_speaker]),
            Series(_("two voices"), [_PERCENT * share for _at, share in card.different_speakers]),
        ],
        marks=[Mark(_("neither way"), 0.0)],
    )


def _det(card: CalibrationCard) -> Plot:
    """Draw the two errors against each other: at each strength, how many are missed, and how many accused."""
    points = {
        _PERCENT * accused: _PERCENT * (1.0 - reached)
        for (_at, reached), (_same_at, accused) in zip(card.same_speaker, card.different_speakers, strict=True)
        if accused < 1.0
    }
    x = sorted(points)
    return Plot(
        title=_("The two errors against each other (DET curve)"),
        x_label=_("two voices taken for one, per cent"),
        y_label=_("one voice not recognised, per cent"),
        kind="lines",
        x=x,
        series=[Series(_("one voice not recognised, per cent"), [points[at] for at in x])],
        x_decimals=2,
    )
