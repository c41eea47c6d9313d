"""Engine settings: which are in force, and putting others in force, by an approved proposal."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.engine_settings import EngineSettings, require_in_force
from registry.domain.events import EventType
from registry.domain.proposals import EngineChange
from registry.errors import ConflictError
from registry.services.context import Context
from registry.services.unit import Unit
from registry.store import engine_settings
from registry.store.engine_settings import EngineSettingsInForce


def settings_in_force(ctx: Context) -> tuple[int, EngineSettings]:
    """Answer the number of the settings in force, 0 for the shipped ones, and the settings. Anybody here may know."""
    with ctx.database.read() as session:
        return engine_settings.in_force(session)


def get_engine_settings(ctx: Context, principal: Principal) -> tuple[int, EngineSettings]:
    """Answer the number of the settings in force, and the settings, to operators.

    Raises:
        ForbiddenError: the caller's token does not carry the scope.
    """
    principal.require(Scope.PROPOSALS_READ)
    return settings_in_force(ctx)


def require_running_in_force(ctx: Context, running: EngineSettings) -> None:
    """Refuse to work with an engine of other settings than those in force.

    Raises:
        EngineNotInForceError: the sentence says what to do.
    """
    require_in_force(running, settings_in_force(ctx)[1])


def require_next(session: Session, content: EngineChange) -> int:
    """Answer the number that proposed settings would get, where they replace those in force with others.

    Raises:
        ConflictError: others are in force than they would replace, or these are.
    """
    number, now = engine_settings.in_force(session)
    if content.replaces != number:
        raise ConflictError(
            f"settings number {content.replaces} were to be replaced, and number {number} are in force by now: "
            "propose anew",
            state="replaced",
            replaces=content.replaces,
            number=number,
        )
    if content.settings == now:
        raise ConflictError(f"{now.in_words()} are in force already", state="in_force")
    return number + 1


def change_engine(unit: Unit, principal: Principal, content: EngineChange, *, proposal_id: str) -> None:
    """Put settings in force, and commit the caller's unit. Workers with others refuse to go on from here.

    Raises:
        ConflictError: others have come in between.
    """
    number = require_next(unit.session, content)
    unit.session.add(
        EngineSettingsInForce(
            number=number,
            target_fpir=content.target_fpir,
            calibration_sha256=content.calibration_sha256,
            proposal_id=proposal_id,
            in_force_from=unit.now,
        )
    )
    try:
        unit.session.flush()
    except IntegrityError as error:
        raise ConflictError(
            "other settings were put in force at this moment: propose anew", state="replaced"
        ) from error
    unit.record(
        EventType.ENGINE_CHANGED,
        proposal_id,
        principal.account_id,
        number=number,
        target_fpir=content.target_fpir,
        calibration_sha256=content.calibration_sha256,
    )
    unit.commit()
