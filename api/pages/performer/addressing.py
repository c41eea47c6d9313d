"""Words for choices: said to the performer in their own person, and of the performer to whoever acts for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.pages.language import N_
from api.pages.wording import (
    DISPOSITIONS,
    HELD,
    MODALITIES,
    PURPOSES,
    PURPOSES_MEAN,
    PURPOSES_OF_THEM,
    TOPICS,
    USES,
)
from api.state import principal
from registry.domain.accounts import Role
from registry.domain.choices import Disposition
from registry.domain.consents import ConsentPurpose
from registry.domain.explanations.topics import Topic
from registry.domain.uses import UsePurpose
from registry.services.holders import HeldKind

_OWN: Final[dict[str, Any]] = {
    "purpose_words": PURPOSES,
    "purpose_means": PURPOSES_MEAN,
    "modality_words": MODALITIES,
    "use_words": USES,
    "disposition_words": DISPOSITIONS,
    "topic_words": TOPICS,
    "held_words": HELD,
}

USES_OF_THEM: Final[Mapping[UsePurpose, str]] = {
    **USES,
    UsePurpose.VOICE_CLONE: N_("A synthetic copy of the voice"),
    UsePurpose.TRANSLATION: N_("The performer's own words in another language"),
    UsePurpose.RESTORATION: N_("Mending or replacing lines that were spoken"),
}
"""As uses are called to whoever is not the performer."""

DISPOSITIONS_OF_THEM: Final[Mapping[Disposition, str]] = {
    Disposition.NEVER: N_("Never"),
    Disposition.ASK: N_("Ask each time"),
    Disposition.ALLOW: N_("Allow, with a licence that is signed"),
}
"""As choices are called to whoever is not the performer."""

_OF_THEM: Final[dict[str, Any]] = _OWN | {
    "purpose_words": PURPOSES_OF_THEM,
    "purpose_means": {
        **PURPOSES_MEAN,
        ConsentPurpose.MONITORING: N_(
            "The registry keeps a locked voiceprint, and looks for the voice in what is sent in."
        ),
        ConsentPurpose.LICENSING: N_("Studios may ask for licences, for the uses that are chosen."),
        ConsentPurpose.ENGINE_IMPROVEMENT: N_(
            "Recordings that are sent for this purpose may help to make the program better."
        ),
    },
    "use_words": USES_OF_THEM,
    "disposition_words": DISPOSITIONS_OF_THEM,
    "topic_words": {
        **TOPICS,
        Topic.MONITORING: N_("Looking for the voice"),
        Topic.LICENSING_TRAINING: N_("Training a machine with the voice"),
        Topic.LICENSING_VOICE_CLONE: N_("A copy of the voice made by a machine"),
        Topic.LICENSING_TRANSLATION: N_("The performer's own words in another language"),
        Topic.LICENSING_REAL_TIME: N_("A machine that speaks with the voice in real time"),
        Topic.WITHDRAWAL: N_("How a yes is taken back"),
    },
    "held_words": {**HELD, HeldKind.GALLERY_FILE: N_("a gallery file with the voiceprint")},
}


def is_theirs() -> bool:
    """Whether it is the performer who reads; whoever acts for them is told of somebody else's voice."""
    return principal().role is Role.PERFORMER


def words_of_choices() -> dict[str, Any]:
    """Answer what a template says purposes, uses, choices, texts and what is held with, to whoever reads."""
    return _OWN if is_theirs() else _OF_THEM
