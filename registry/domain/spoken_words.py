"""The words of a spoken consent statement: who speaks, to which registry, what was agreed, and last the number.

They are short sentences that one reads aloud without practice. No figure is in them but the one-time number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from registry.domain.choices import Disposition
from registry.domain.consents import Consent, ConsentPurpose, Modality
from registry.domain.rules.categories import shipped_categories
from registry.domain.rules.texts import Text
from registry.errors import InvalidInputError

LANGUAGES = ("en", "ko")
"""In which there are words."""

_WHO = Text(
    en="My name is {name}. I am speaking to {registry}, for its record.",
    ko="제 이름은 {name}입니다. {registry}의 기록을 위해 말합니다.",
)
_VOICE = Text(en="voice", ko="목소리")
_FACE = Text(en="face", ko="얼굴")
_SCOPES: Mapping[ConsentPurpose, Text] = MappingProxyType(
    {
        ConsentPurpose.MONITORING: Text(
            en="I agree that the registry keeps a print of my {part}, and looks for it in recordings sent to it.",
            ko="등록소가 제 {part}의 특징을 보관하고, 들어온 녹음에서 찾아보는 데 동의합니다.",
        ),
        ConsentPurpose.LICENSING: Text(
            en="I agree that licences of my {part} are made through the registry, for the uses I name now, no others.",
            ko="등록소를 통해 제 {part} 이용 계약을 맺는 데 동의합니다. 지금 말하는 이용에만 동의합니다.",
        ),
        ConsentPurpose.ENGINE_IMPROVEMENT: Text(
            en="I agree that recordings of my {part} help the registry to hear better.",
            ko="제 {part} 녹음을 등록소의 인식 기술을 개선하는 데 쓰는 것에 동의합니다.",
        ),
    }
)
_ALLOWED = Text(en="A licence is enough for: {uses}.", ko="계약만으로 되는 이용: {uses}.")
_ASKED = Text(en="I want to be asked each time for: {uses}.", ko="매번 저에게 물어야 하는 이용: {uses}.")
_FREE = Text(
    en="I was told what this means. Nobody has forced me, and I can take it back at any time.",
    ko="이것이 무슨 뜻인지 설명을 들었습니다. 아무도 강요하지 않았고, 언제든 거둘 수 있습니다.",
)
_NUMBER = Text(en="My number is …", ko="제 번호는 …")
HOW = Text(
    en="Read the words. Pause for a second. Then read the number, one digit after the other.",
    ko="글을 읽고 1초 쉰 다음, 번호를 한 자리씩 읽으십시오.",
)
"""What whoever reads them is told."""


def words_to_read(consent: Consent, *, name: str, registry: str, number: str, language: str) -> str:
    """Answer what is to be read aloud, the number last.

    Args:
        consent: what it is about.
        name: of the performer.
        registry: whom it is said to.
        number: digits.
        language: BCP 47 tag.

    Raises:
        InvalidInputError: there are no words in this language; figures ``language`` and ``languages``.
    """
    spoken = language_of(language)
    said = " ".join(_sentences(consent, name, registry, spoken))
    return f"{said}\n{_NUMBER.in_language(spoken)}\n{' '.join(number)}"


def language_of(tag: str) -> str:
    """Answer the language of a BCP 47 tag, of which there are words; raises as `words_to_read`."""
    language = tag.lower().split("-")[0]
    if language not in LANGUAGES:
        raise InvalidInputError(
            f"there are no words to read in {tag}; there are in {', '.join(LANGUAGES)}",
            language=tag,
            languages=list(LANGUAGES),
        )
    return language


def _sentences(consent: Consent, name: str, registry: str, language: str) -> Iterator[str]:
    part = _VOICE if consent.modality is Modality.VOICE else _FACE
    yield _WHO.in_language(language).format(name=name, registry=registry)
    yield _SCOPES[consent.purpose].in_language(language).format(part=part.in_language(language))
    for said, sentence in ((Disposition.ALLOW, _ALLOWED), (Disposition.ASK, _ASKED)):
        if uses := _names(consent, said, language):
            yield sentence.in_language(language).format(uses=", ".join(uses))
    yield _FREE.in_language(language)


def _names(consent: Consent, said: Disposition, language: str) -> list[str]:
    uses = {use.value for use in consent.choices.open_to if consent.choices.to(use) is said}
    return [
        category.name.in_language(language).lower()
        for category in shipped_categories()
        if category.term == "purposes" and category.word in uses
    ]
