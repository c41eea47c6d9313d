"""The engine as it stands."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.schemas.engine import CalibrationOut, EngineOut
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import engine_health

resource = new_resource("engine", "Which engine decides, who runs it, what waits for it, and what it is good for.")


@resource.get("/engine", responses={200: EngineOut})
def get_engine() -> Response:
    """Say which settings are in force, how each worker stands, and what waits: to operators."""
    return answer(EngineOut.of(engine_health.engine_health(context(), principal())))


@resource.get("/engine/calibration", responses={200: CalibrationOut})
def get_calibration() -> Response:
    """Say what is known of the calibration in force, and show the curves of its validation: to operators."""
    return answer(CalibrationOut.of(engine_health.calibration_in_force(context(), principal())))
