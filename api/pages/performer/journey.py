"""The journey to a yes: what is to be decided, carried from page to page in their addresses, and nowhere else.

Nothing of it is kept before it is signed. What was read and answered on the way is kept as the explanations that it is,
so that somebody who stops finds it as they left it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.explanations.course import Step
from registry.domain.explanations.topics import Topic, required_topics
from registry.domain.uses import UsePurpose
from registry.errors import InvalidInputError
from registry.store.consents import Explanation

ORDER = tuple(Topic)
"""In which order things are explained; how a yes is taken back comes last, before the signature."""


@dataclass(frozen=True, slots=True)
class Journey:
    """What somebody is about to decide.

    Attributes:
        purpose, modality: about what.
        choices: what is said to each use; of a yes to licensing alone.
    """

    purpose: ConsentPurpose
    modality: Modality
    choices: LicensingChoices

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Journey:
        """Read a journey from an address or a form. What is not said of a use is never.

        Raises:
            InvalidInputError: it names no purpose, or something that there is not.
        """
        try:
            purpose = ConsentPurpose(sent.get("purpose", ""))
            modality = Modality(sent.get("modality", Modality.VOICE.value))
            said = {use: Disposition(sent[use.value]) for use in UsePurpose if sent.get(use.value)}
        except ValueError as error:
            raise InvalidInputError("this address names something that there is not") from error
        of_licensing = purpose is ConsentPurpose.LICENSING
        return cls(purpose, modality, LicensingChoices.of(said if of_licensing else {}))

    @property
    def fields(self) -> Mapping[str, str]:
        """What an address or a form carries of it."""
        return {"purpose": self.purpose.value, "modality": self.modality.value, **self.choices.as_json()}

    @property
    def query(self) -> str:
        """The same, for an address."""
        return urlencode(self.fields)

    @property
    def topics(self) -> Sequence[Topic]:
        """What is to be explained before it can be signed, in order."""
        return [topic for topic in ORDER if topic in required_topics(self.purpose, self.choices)]


@dataclass(frozen=True, slots=True)
class Stage:
    """One thing to be explained, and how far that has come.

    Attributes:
        topic: what.
        explanation: the one that goes on, or is complete; None where none was begun.
        is_done: whether a yes can rest on it.
    """

    topic: Topic
    explanation: Explanation | None
    is_done: bool


def stages(
    journey: Journey, given: Sequence[Explanation], account_id: str, anew_since: datetime | None
) -> Sequence[Stage]:
    """Answer how far each explanation of a journey has come.

    Args:
        journey: what is to be decided.
        given: every explanation of the performer, the oldest first.
        account_id: of who would sign: what somebody else has read alone carries no signature of theirs.
        anew_since: what was complete before this moment carries nothing any more; None where all does.
    """
    fitting = [each for each in given if each.modality is journey.modality and _is_theirs(each, account_id)]
    found = []
    for topic in journey.topics:
        of_topic = [each for each in fitting if each.topic is topic]
        done = [each for each in of_topic if each.completed_at is not None and _counts(each, anew_since)]
        going_on = [each for each in of_topic if each.completed_at is None and _is_read_alone(each)]
        latest = (done or going_on)[-1:]
        found.append(Stage(topic, latest[0] if latest else None, bool(done)))
    return found


def _is_theirs(explanation: Explanation, account_id: str) -> bool:
    return explanation.value().read_alone_by in {None, account_id}


def _is_read_alone(explanation: Explanation) -> bool:
    """Whether whoever signs goes on with it by themselves; what somebody else explains is for them to go on with."""
    return explanation.value().read_alone_by is not None


def _counts(explanation: Explanation, anew_since: datetime | None) -> bool:
    at = explanation.completed_at
    return at is not None and (anew_since is None or at >= anew_since)


def step_of(explanation: Explanation) -> Step:
    """Answer what comes next in an explanation."""
    return explanation.value().next_step
