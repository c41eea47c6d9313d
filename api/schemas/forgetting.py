"""Forgetting: the explicit choice not to be known here, and taking it back; and how a performer stands."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, Line, Sha256
from api.schemas.examples import Example
from api.schemas.explanation_texts import TextId
from registry.domain.choices import Disposition
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.standing import Presence, Standing
from registry.domain.uses import UsePurpose

_STANDING: Example = {
    "performer_id": examples.PERFORMER,
    "minor": False,
    "modalities": [
        {
            "modality": "voice",
            "presence": "monitor_me",
            "in_force": ["monitoring", "licensing"],
            "choices": {"dubbing": "allow", "advertising": "ask", "training": "never"},
        }
    ],
}


class Forgetting(Body):
    """A performer's wish to be forgotten."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text_id": "forget_me.en.v1", "text_sha256": examples.DIGEST, "also_known_as": ["M. Calder"]}]
        }
    )

    text_id: TextId
    text_sha256: Sha256
    also_known_as: list[Line] = Field(
        default_factory=list, max_length=20, description="Further names to refuse, such as stage names."
    )
    signature_evidence_sha256: Sha256 | None = Field(
        default=None, description="Of the signed wish, where an operator writes down what an estate has signed."
    )


class Remembering(Body):
    """That a performer does not want to be forgotten any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Marta Calder"}]})

    name: Line
    signature_evidence_sha256: Sha256 | None = Field(
        default=None,
        description="Of the signed wish, where an operator writes down what a guardian or an estate has signed.",
    )


class ModalityStanding(Answer):
    """How a performer stands for the voice, or for the face."""

    modality: Modality
    presence: Presence = Field(description="The choice between being monitored and being forgotten, or neither.")
    in_force: list[ConsentPurpose] = Field(description="Purposes with a yes in force.")
    choices: dict[UsePurpose, Disposition] = Field(description="What is said to each use; unset is never.")


class StandingOut(Answer):
    """What a performer permits at this moment."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STANDING]})

    performer_id: str
    minor: bool
    modalities: list[ModalityStanding]

    @classmethod
    def of(cls, performer_id: str, *, minor: bool, standings: list[Standing]) -> StandingOut:
        """Describe how a performer stands."""
        shown = [ModalityStanding.model_validate(standing) for standing in standings]
        return cls(performer_id=performer_id, minor=minor, modalities=shown)
