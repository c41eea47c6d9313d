"""Wording that permits everything: whether a description of uses says what will be done, or only that all may be.

It is a rule of thumb over English and Korean words, not an understanding of the text. It is meant to catch a
description that nobody could call reasonably specific, and says nothing of whether one that passes is.
"""

from __future__ import annotations

import re
from collections.abc import Collection

LEAST_WORDS = 3
"""How many words, beyond those that permit everything, a specific description has at least."""

_ENGLISH = """
    a all also an and any anything anywhere as at be becomes by commercial commercially created current currently
    developed devised digital discovered ever every everything everywhere exploit exploitation exploited existing for
    forever form forms format formats from future hereafter however in including invented irrevocable irrevocably kind
    kinds known later lawful likeness limitation limited manner manners may means media medium modes not now of on or
    other otherwise over performer perpetual perpetually perpetuity platform platforms product products project projects
    purpose purposes recording recordings replica restriction reuse s services shall sole sort such synthetic technology
    territories territory that the their thereafter throughout to types unlimited unrestricted universe us use used uses
    using voice way ways we whatever whatsoever where whether which whole will with without world worldwide
"""

_KOREAN_WORDS = "것 그 등 및 수 위 전 할 한다 하는 합니다"

_KOREAN_STEMS = """
    가능한 각종 개발될 계속 관계없 관련 기타 다양한 대하여 대한 데이터 동안 디지털 또는 매체 모두 모든 목소리
    목적 무기한 무제한 무한 미디어 방법 방식 범위 복제 본인 사용 상관없 상업 서비스 실연자 앞으로 어떠한 어떤
    언제 없이 여하 영구 영리 영원 용도 우주 음성 이용 이후 일체 임의 자유롭게 장래 적법 전부 전세계 세계 제작물
    제한 제품 종류 지역 콘텐츠 포함 프로젝트 플랫폼 향후 현재 형식 형태 활용 회사
"""

_BROAD = frozenset((_ENGLISH + _KOREAN_WORDS).split())
_BROAD_STEMS = tuple(_KOREAN_STEMS.split())
"""Korean words carry particles and endings, so that these are known by how they begin."""


def lacks_specifics(descriptions: Collection[str]) -> bool:
    """Whether none of the descriptions says what will be done; true of none at all."""
    return not any(is_specific(text) for text in descriptions)


def is_specific(description: str) -> bool:
    """Whether a description has at least `LEAST_WORDS` words beyond those that permit everything."""
    words = re.findall(r"\w+", description.casefold())
    return sum(not _is_broad(word) for word in words) >= LEAST_WORDS


def _is_broad(word: str) -> bool:
    return word in _BROAD or word.startswith(_BROAD_STEMS)
