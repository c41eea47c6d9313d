"""What a report of a new calibration says, in English and in Korean."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry.cli.evaluation.words import Language, Words

_ENGLISH = {
    "title": "A calibration of one's own: before and after",
    "activate": "Better than the active calibration on the people held out. It may be activated.",
    "do_not": "Not shown to be better than the active calibration. Do not activate it.",
    "fitted": "Fitted on {calibration} people; reported on {held_out} others, of whom {enrolled} are enrolled "
    "({mated} searches) and {strangers} are strangers ({alone} searches). Nobody is in both.",
    "which": "Before: calibration {before}. After: calibration {after}. Target rate {target}.",
    "compared": "Before and after, on the people held out",
    "figure": "figure",
    "before": "before",
    "after": "after",
    "difference": "difference, 95 % over people",
    "fnir_at_fpir_1_percent": "FNIR at FPIR 1 %",
    "fnir_at_fpir_5_percent": "FNIR at FPIR 5 %",
    "cllr": "Cllr",
    "cllr_min": "Cllr min",
    "cllr_gap": "Cllr over its minimum",
    "enrolled_matched": "enrolled speakers matched",
    "strangers_matched": "strangers, and speakers left out, matched",
    "unresolved": "{name} (too few searches to resolve)",
    "details": "All figures after",
    "reason_better": "Cllr is clearly lower, and nothing else is clearly worse: {shown}",
    "reason_cllr_higher": "Cllr is not lower: {shown}",
    "reason_cllr_not_clearly_lower": "Cllr is lower, but not clearly: {shown}",
    "reason_fnir_higher": "More enrolled people are missed: {shown}",
    "reason_fewer_matched": "Fewer enrolled people are matched: {shown}",
    "reason_strangers_matched": "More strangers are matched, more than the target rate: {shown}",
    "reason_beyond_validation": "In a gallery of 1,000 a match takes a stronger log10 LR than so few people support: "
    "{shown}",
}

_KOREAN = {
    "title": "자체 보정: 적용 전과 후",
    "activate": "따로 떼어 둔 사람들에게서 현재 보정보다 낫다. 적용해도 된다.",
    "do_not": "현재 보정보다 낫다고 볼 수 없다. 적용하지 말 것.",
    "fitted": "{calibration}명으로 맞추고 다른 {held_out}명으로 평가했다. "
    "그 가운데 등록자는 {enrolled}명(검색 {mated}건), 미등록자는 {strangers}명(검색 {alone}건)이다. "
    "양쪽에 모두 든 사람은 없다.",
    "which": "전: 보정 {before}. 후: 보정 {after}. 목표 비율 {target}.",
    "compared": "떼어 둔 사람들로 본 전과 후",
    "figure": "지표",
    "before": "전",
    "after": "후",
    "difference": "차이, 95 % 구간 (사람 단위)",
    "fnir_at_fpir_1_percent": "FPIR 1 %에서 놓침률(FNIR)",
    "fnir_at_fpir_5_percent": "FPIR 5 %에서 놓침률(FNIR)",
    "cllr": "Cllr",
    "cllr_min": "Cllr 최솟값",
    "cllr_gap": "Cllr 최솟값 초과분",
    "enrolled_matched": "일치로 판정된 등록자",
    "strangers_matched": "일치로 판정된 미등록자와 본인 제외",
    "unresolved": "{name} (검색이 적어 판별 불가)",
    "details": "적용 후의 모든 지표",
    "reason_better": "Cllr이 뚜렷이 낮아졌고 뚜렷이 나빠진 것은 없다: {shown}",
    "reason_cllr_higher": "Cllr이 낮아지지 않았다: {shown}",
    "reason_cllr_not_clearly_lower": "Cllr이 낮아졌으나 뚜렷하지 않다: {shown}",
    "reason_fnir_higher": "놓치는 등록자가 늘었다: {shown}",
    "reason_fewer_matched": "일치로 판정된 등록자가 줄었다: {shown}",
    "reason_strangers_matched": "일치로 판정된 미등록자가 늘어 목표 비율을 넘었다: {shown}",
    "reason_beyond_validation": "등록자 1,000명에서 일치 판정에 필요한 log10 LR이 이만한 사람 수로 뒷받침되는 "
    "한도를 넘는다: {shown}",
}

CALIBRATION_WORDS: Mapping[Language, Words] = MappingProxyType(
    {Language.EN: MappingProxyType(_ENGLISH), Language.KO: MappingProxyType(_KOREAN)}
)
