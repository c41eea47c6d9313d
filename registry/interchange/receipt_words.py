"""What a receipt says in words: what each purpose means, what is held for it, for how long, and how it is taken back.

Part of the wire format: words for a purpose may be added in a language, and are changed only together with what the
registry does. English stands in where a language has none of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from registry.domain.consents import ConsentPurpose


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of one purpose in one language.

    Attributes:
        purpose: what it means.
        held: what is held for it: a word for the kind of data, whether it is sensitive, and what it is.
        collected: how it comes here.
        retention: until when it is held.
        recipients: who gets what of it.
        withdrawal: how the consent is taken back.
        rights: what else the performer may ask for.
    """

    purpose: str
    held: tuple[tuple[str, bool, str], ...]
    collected: str
    retention: str
    recipients: tuple[str, ...]
    withdrawal: str
    rights: str


_WITHDRAWAL_EN = (
    "At any time, with one action and without a reason: over the registry's API, or by telling whoever runs it. It is "
    "as easy as giving the consent was."
)
_WITHDRAWAL_KO = "언제든지 이유 없이 한 번의 행동으로 거둘 수 있습니다. 등록소 API로 하거나 운영자에게 말하면 됩니다."
_RIGHTS_EN = (
    "To see everything that is held about you and take it away in open formats, to have it put right, to have it "
    "erased where it is no proof of what was agreed, and to have a person look at a result. You can complain to the "
    "data protection authority where you live."
)
_RIGHTS_KO = (
    "당신에 대해 보관한 모든 것을 보고 공개된 형식으로 가져가고, 고치게 하고, 합의의 증거가 아닌 것은 "
    "지우게 하고, 결과를 사람이 다시 보게 할 수 있습니다. 사는 곳의 개인정보 보호 기관에 신고할 수도 있습니다."
)
_PROOF_EN = " What was signed and explained, and when it ended, is kept as proof of both sides."
_PROOF_KO = " 서명한 것, 들은 설명, 끝난 때는 양쪽의 증거로 남습니다."

_ENGLISH: Mapping[ConsentPurpose, Words] = MappingProxyType(
    {
        ConsentPurpose.MONITORING: Words(
            purpose="Keep a voiceprint or a faceprint, and look for the performer in recordings that are submitted.",
            held=(
                ("enrolment_recordings", True, "recordings that the performer sent; deleted once they are processed"),
                ("biometric_template", True, "voiceprints or faceprints, sealed under a key of the performer's own"),
                (
                    "findings",
                    False,
                    "where the performer was found, in what kind of use, and how strong the evidence is",
                ),
            ),
            collected="Recordings that the performer, or who acts for them, sends for enrolment.",
            retention="Until the consent ends: the key of the templates is then destroyed." + _PROOF_EN,
            recipients=("Whoever submitted a recording in which the performer is found: the name, and the evidence.",),
            withdrawal=_WITHDRAWAL_EN,
            rights=_RIGHTS_EN,
        ),
        ConsentPurpose.LICENSING: Words(
            purpose="Let licences for the chosen uses be made through the registry; each one is signed by itself.",
            held=(
                ("identity", False, "the performer's name, and how their identity was established"),
                ("licensing_choices", False, "what the performer says to each use"),
                ("licence_terms", False, "the terms of licences, and what was paid under them"),
            ),
            collected="What the performer, or who acts for them, chooses and signs.",
            retention="Until the consent ends: licences that rest on it are then suspended." + _PROOF_EN,
            recipients=("A studio that the performer has a licence with: its terms, and whether they hold.",),
            withdrawal=_WITHDRAWAL_EN,
            rights=_RIGHTS_EN,
        ),
        ConsentPurpose.ENGINE_IMPROVEMENT: Words(
            purpose="Test and train the registry's own engine with recordings that are sent for this purpose.",
            held=(
                ("improvement_recordings", True, "recordings that the performer sent for this purpose, and no others"),
            ),
            collected="Recordings that the performer sends for this purpose, each asked for by itself.",
            retention="Until the consent ends; the next version of the engine is made without them." + _PROOF_EN,
            recipients=("Nobody outside the registry.",),
            withdrawal=_WITHDRAWAL_EN,
            rights=_RIGHTS_EN,
        ),
    }
)
_KOREAN: Mapping[ConsentPurpose, Words] = MappingProxyType(
    {
        ConsentPurpose.MONITORING: Words(
            purpose="성문이나 얼굴 특징을 보관하고, 제출된 녹음에서 실연자를 찾습니다.",
            held=(
                ("enrolment_recordings", True, "실연자가 보낸 녹음. 처리한 뒤 지웁니다"),
                ("biometric_template", True, "실연자만의 열쇠로 잠근 성문이나 얼굴 특징"),
                ("findings", False, "어디서, 어떤 쓰임에서, 어느 세기의 증거로 발견되었는지"),
            ),
            collected="실연자나 대리인이 등록을 위해 보낸 녹음.",
            retention="동의가 끝날 때까지. 그때 성문의 열쇠를 없앱니다." + _PROOF_KO,
            recipients=("실연자가 발견된 녹음을 보낸 쪽: 이름과 증거.",),
            withdrawal=_WITHDRAWAL_KO,
            rights=_RIGHTS_KO,
        ),
        ConsentPurpose.LICENSING: Words(
            purpose="고른 쓰임에 대한 이용 허락을 등록소에서 맺을 수 있게 합니다. 허락서마다 따로 서명합니다.",
            held=(
                ("identity", False, "실연자의 이름과 본인 확인 방법"),
                ("licensing_choices", False, "쓰임마다 실연자가 한 대답"),
                ("licence_terms", False, "이용 허락의 조건과 지급된 돈"),
            ),
            collected="실연자나 대리인이 고르고 서명한 것.",
            retention="동의가 끝날 때까지. 그때 여기에 기댄 이용 허락이 멈춥니다." + _PROOF_KO,
            recipients=("실연자와 이용 허락을 맺은 제작사: 조건과 효력.",),
            withdrawal=_WITHDRAWAL_KO,
            rights=_RIGHTS_KO,
        ),
        ConsentPurpose.ENGINE_IMPROVEMENT: Words(
            purpose="이 목적으로 보낸 녹음으로 등록소의 프로그램을 시험하고 학습시킵니다.",
            held=(("improvement_recordings", True, "실연자가 이 목적으로 보낸 녹음만"),),
            collected="실연자가 이 목적으로 보낸 녹음. 하나씩 청합니다.",
            retention="동의가 끝날 때까지. 다음 판은 그 녹음 없이 만듭니다." + _PROOF_KO,
            recipients=("등록소 밖의 누구도 받지 않습니다.",),
            withdrawal=_WITHDRAWAL_KO,
            rights=_RIGHTS_KO,
        ),
    }
)
_BY_LANGUAGE = {"en": _ENGLISH, "ko": _KOREAN}


def words_for(purpose: ConsentPurpose, language: str) -> Words:
    """Answer what is said of a purpose in a language (BCP 47; only its first part counts), else in English."""
    return _BY_LANGUAGE.get(language.lower().split("-")[0], _ENGLISH)[purpose]
