"""What each fact of a licence and of its parties is called in a sentence: what somebody has, or has not, stated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from registry.domain.rules.texts import Text

FACT_WORDS: Final[Mapping[str, Text]] = {
    "purposes": Text(en="what the voice is used for", ko="목소리를 쓰는 목적"),
    "media": Text(en="where it is heard", ko="매체"),
    "use_modes": Text(en="whether it is made beforehand or in real time", ko="미리 만드는지 실시간으로 만드는지"),
    "territories": Text(en="in which countries", ko="나라"),
    "languages": Text(en="in which languages", ko="언어"),
    "term": Text(en="from when to when", ko="기간"),
    "projects": Text(en="for which productions", ko="프로젝트"),
    "exclusivity": Text(en="whether it is exclusive", ko="독점인지 여부"),
    "replica_class": Text(en="which kind of replica is made", ko="복제본의 종류"),
    "intended_uses": Text(en="the intended uses one by one", ko="예정한 이용 하나하나"),
    "volume_caps.unit": Text(en="a limit on how much", ko="분량 한도"),
    "approval.purposes": Text(en="for which uses exact words are approved", ko="정확한 문구를 승인받을 쓰임"),
    "sublicensing": Text(en="whether others may use it", ko="다른 사람에게 쓰게 할 수 있는지"),
    "derived_voices": Text(
        en="whether the voice may be mixed or changed into a new one", ko="섞거나 바꾸어 새 목소리를 만들 수 있는지"
    ),
    "improves_models": Text(en="whether models that serve others may be improved", ko="다른 곳에 쓰이는 모델의 개선"),
    "pay.rates.basis": Text(en="by what it is paid", ko="보수의 기준"),
    "pay.is_unpaid": Text(en="whether anything is paid", ko="보수가 있는지"),
    "pay.real_time_factor": Text(en="what use in real time is paid", ko="실시간 이용의 보수"),
    "disclosure.markings": Text(en="how machines are told that a machine made it", ko="기계가 읽는 표시"),
    "disclosure.labels.language": Text(en="how people are told that a machine made it", ko="사람이 읽는 문구"),
    "circumstances.replaces_in_person_work": Text(
        en="whether it takes the place of work the performer could have done in person",
        ko="실연자가 직접 할 수 있었던 일을 대신하는지",
    ),
    "circumstances.representation.kind": Text(en="who advised the performer", ko="실연자의 조력자"),
    "circumstances.cba.name": Text(en="which collective agreement applies", ko="적용되는 단체협약"),
    "circumstances.cba.version": Text(
        en="which edition of the collective agreement applies", ko="적용되는 단체협약의 판"
    ),
    "circumstances.cba.addresses_replicas": Text(
        en="whether the collective agreement speaks of replicas", ko="단체협약이 복제본을 다루는지"
    ),
    "circumstances.minor_court_approval_ref": Text(en="which court has approved it", ko="법원의 승인"),
    "circumstances.clear_and_conspicuous": Text(
        en="whether what it says of replicas stands out", ko="복제에 관한 조항이 눈에 띄는지"
    ),
    "circumstances.separately_signed": Text(
        en="whether that was signed apart from the rest", ko="그 조항에 따로 서명했는지"
    ),
    "circumstances.security_controls": Text(
        en="how recordings and models are kept safe", ko="녹음과 모델을 안전하게 지키는 방법"
    ),
    "circumstances.raw_audio_retention_days": Text(
        en="how long the original recordings are kept", ko="원본 녹음의 보관 기간"
    ),
    "circumstances.training_sublicence_notice": Text(
        en="whether the performer is told before recordings are passed on for training",
        ko="학습용으로 녹음을 넘기기 전에 실연자에게 알리는지",
    ),
    "circumstances.purpose_represented_at_recording": Text(
        en="what the performer was told when they were recorded", ko="녹음할 때 실연자에게 알린 목적"
    ),
    "circumstances.governing_law": Text(en="which law governs it", ko="준거법"),
    "performer.minor": Text(en="whether the performer is a minor", ko="실연자가 미성년자인지"),
    "performer.deceased": Text(en="whether the performer has died", ko="실연자가 사망했는지"),
    "term_outlasts_minority": Text(
        en="whether it lasts beyond the day on which the performer comes of age", ko="성년이 된 뒤까지 이어지는지"
    ),
    "purposes_not_represented": Text(
        en="which of its purposes the performer was not told of when they were recorded",
        ko="녹음할 때 실연자에게 알리지 않은 목적이 무엇인지",
    ),
}
"""By name of the fact (`registry.domain.rules.catalogue.FACTS`)."""


def fact_in_words(name: str, language: str) -> str:
    """Answer what a fact is called in a sentence; one that has no words yet is told by its name."""
    words = FACT_WORDS.get(name)
    return name if words is None else words.in_language(language)
