"""What the pages of a scan's report say, in English and in Korean."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from registry.domain.comparison import STRENGTH_WORDS

Words = Mapping[str, str]


class Language(StrEnum):
    """A language that the report is written in."""

    EN = "en"
    KO = "ko"


_EN: Final[Words] = {
    "title": "Scan for registered voices",
    "made_of": "{source}, scanned from {started} to {finished} (UTC) with a gallery of {performers} performers.",
    "gallery_moved": (
        "The gallery moved meanwhile: {came} performers came into it and were looked for from then on, {gone} left it "
        "and were not looked for any more."
    ),
    "notice": (
        "Evidence is not authorisation, and a match is not proof. A match says how much likelier the recording is if "
        "this performer spoke than if somebody else did; whether the use was allowed is another question, and who "
        "spoke is for a person to judge with all else that is known. No licence found is not a finding of "
        "wrongdoing."
    ),
    "no_licences_asked": (
        "No licences were asked in this scan: it compared voices only, so that every match is listed as not assessed."
    ),
    "licences_asked": (
        "Verdicts follow from consents and licences as they stood at {as_of} (UTC), for uses by {organisation}."
    ),
    "totals": "What was looked at",
    "inputs": "inputs",
    "assessed": "heard, and compared",
    "duplicate": "the same bytes as another input",
    "failed": "could not be assessed",
    "not_scanned": "left out",
    "hours": "hours of audio",
    "speech_hours": "hours of speech",
    "flagged": "inputs flagged",
    "for_review": "inputs to review",
    "reconciled": "Every input of the manifest has one row: {parts} make {rows}.",
    "performers": "By performer",
    "performers_note": (
        "Files and seconds count each input, also those of the same bytes; in brackets, each content once. Seconds "
        "are those in which the performer is heard, as far as they could be located."
    ),
    "performer": "Performer",
    "evidence": "Evidence",
    "verdict": "Verdict",
    "licence": "Licence",
    "files": "Files",
    "seconds": "Seconds",
    "strongest": "Strongest",
    "covered_share": "Matched performers are heard for {seconds} s; {covered} s of these are covered.",
    "nobody": "No registered voice was found.",
    "flagged_title": "Flagged: matches that nothing covers",
    "flagged_none": "Nothing was flagged.",
    "review_title": "To review: sound-alikes",
    "review_note": (
        "They resemble a performer more than comparable voices do, but not as much as a match needs at this gallery "
        "size. About one stranger in twenty does."
    ),
    "unsettled_title": "Inconclusive",
    "unsettled_note": "Recordings on which the engine does not decide, by what keeps it from deciding.",
    "reasons": "Reasons",
    "file": "File",
    "why": "Why",
    "where": "Where",
    "at": "{start}–{end}: {strength}",
    "more_segments": "and {count} more stretches",
    "not_located": "not located within the recording",
    "same_bytes": "The same bytes: {names}.",
    "and_more": "and {count} more",
    "first_of": "The strongest {shown} of {count} are listed here; {file} has all.",
    "listed_of": "{shown} of {count} are listed here; {file} has all.",
    "errors_title": "What could not be assessed",
    "errors_none": "Every input could be read.",
    "error": "Error",
    "count": "Count",
    "examples": "Files, and what was wrong",
    "left_out_title": "What was not scanned, and why",
    "left_out_none": "Nothing was left out.",
    "beyond_limit": "beyond the limit that was set on the number of inputs",
    "not_sampled": "not drawn into the sample",
    "point_title": "Operating point and error rates",
    "target": "Wanted share of recordings of nobody in the gallery that bring up a match",
    "gallery_size": "Performers searched",
    "threshold": "A match needs a log10 LR of",
    "expected": "Matches by chance that this predicts, were nobody of the gallery in it",
    "expected_of": "{expected} in {searched} recordings compared",
    "bounds": "log10 LR is stated from … to",
    "measured": "Measured when the calibration was made, on other people than it was fitted to",
    "measured_rates": (
        "{false} of {strangers} searches for strangers brought up a match, and {missed} of enrolled speakers were "
        "missed, at a wanted rate of 1 %"
    ),
    "at_this_size": "By its fit, at {size} performers and this threshold",
    "at_this_size_rate": "{rate} of recordings of strangers bring up a match",
    "rates_note": (
        "Misses depend on the recordings: how long, how noisy, how compressed. Measure with `likeness evaluate` on "
        "recordings like these before relying on an absence: that nothing was found does not prove that nobody is in "
        "it."
    ),
    "not_validated": "Not validated for",
    "models_title": "Model cards",
    "engine": "Engine",
    "weights": "Weights of {encoder}, SHA-256",
    "calibration": "Calibration, SHA-256",
    "made_on": "Calibration made on",
    "people": "People it was fitted on",
    "validated": "Validated conditions",
    "range_from": "{name} from {low}",
    "range_to": "{name} up to {high}",
    "range": "{name} {low} to {high}",
    "gallery": "Gallery, SHA-256",
    "warnings": "What the gallery lacks",
    "verify_title": "How to check this report",
    "verify_note": (
        "The folder of the scan is checked offline. The signature proves that nothing changed since it was made; by "
        "whom, it proves only to somebody who knows the thumbprint of their key."
    ),
    "signed_by": "Signed with the key of thumbprint (RFC 7638)",
    "manifest_hash": "Manifest: {rows} rows, SHA-256",
    "results_hash": "Results: {rows} rows, SHA-256",
    "training_title": "As training data",
    "training_note": "Training-data summary, in {markdown} and {json}.",
    "names_title": "Names in texts",
    "names_note": (
        "Registered names and aliases that stand in the texts that came with the inputs. A name in a text is no "
        "evidence of a voice, and is counted apart from it."
    ),
    "name": "Name",
    "rows": "Rows",
    "texts_read": "{texts} texts were searched for {names} names and aliases.",
    "seconds_of": "{value} s",
    "lr": "log10 LR {value}",
    "lr_or_more": "log10 LR {value} or more",
    "lr_or_less": "log10 LR {value} or less",
    "supported": "{words} support ({number})",
    "against": "{words} support for somebody else ({number})",
    "neither": "no support either way ({number})",
    **STRENGTH_WORDS[Language.EN],
    "match": "match",
    "sound_alike": "sound-alike",
    "no_match": "no match",
    "inconclusive": "inconclusive",
    "licensed_use": "licensed",
    "licensed_out_of_scope": "licensed, but not for this",
    "licensed_unpaid": "licensed, unpaid",
    "licence_suspended": "licence suspended",
    "licence_expired": "licence expired",
    "expired_legacy_use": "made while a licence ran",
    "consent_withdrawn": "consent withdrawn",
    "opted_out_match": "opted out",
    "unlicensed_match": "no licence",
    "explained_by_declared_source": "explained by the declared source",
    "sound_alike_review": "to review",
    "not_assessed": "not assessed",
}

_KO: Final[Words] = {
    "title": "등록된 목소리 일괄 검사 보고서",
    "made_of": "{source} — {started}부터 {finished}까지(UTC), 실연자 {performers}명과 대조함.",
    "gallery_moved": (
        "그사이 갤러리가 바뀌었습니다. 새로 들어온 실연자 {came}명은 그때부터 찾았고, 나간 실연자 {gone}명은 "
        "그때부터 찾지 않았습니다."
    ),
    "notice": (
        "증거는 허락 여부가 아니며, 일치는 입증이 아닙니다. 일치란 다른 사람이 말했을 때보다 이 실연자가 말했을 때 "
        "이 녹음이 얼마나 더 있을 법한지를 뜻할 뿐입니다. 허락된 쓰임인지는 별개의 문제이고, 누가 말했는지는 다른 "
        "모든 사정과 함께 사람이 판단해야 합니다. 이용 허락이 확인되지 않았다고 해서 위법하다는 뜻은 아닙니다."
    ),
    "no_licences_asked": (
        '이 일괄 검사는 목소리만 대조했고 이용 허락은 조회하지 않았습니다. 그래서 모든 일치는 "판정하지 않음"으로 '
        "적습니다."
    ),
    "licences_asked": "판정은 {as_of}(UTC) 당시의 동의와 이용 허락에 따른 것이며, 쓰는 쪽은 {organisation}입니다.",
    "totals": "일괄 검사한 것",
    "inputs": "입력",
    "assessed": "듣고 대조함",
    "duplicate": "다른 입력과 내용이 같음",
    "failed": "평가할 수 없음",
    "not_scanned": "빠짐",
    "hours": "오디오 시간",
    "speech_hours": "말소리 시간",
    "flagged": "표시된 입력",
    "for_review": "살펴볼 입력",
    "reconciled": "목록의 모든 입력에 결과가 한 행씩 있습니다: {parts}, 합계 {rows}.",
    "performers": "실연자별",
    "performers_note": (
        "파일과 초는 바이트가 같은 입력도 모두 센 것이고, 괄호 안은 같은 내용을 한 번만 센 것입니다. 초는 그 "
        "실연자의 목소리로 위치를 짚을 수 있었던 구간의 길이입니다."
    ),
    "performer": "실연자",
    "evidence": "증거",
    "verdict": "판정",
    "licence": "이용 허락",
    "files": "파일",
    "seconds": "초",
    "strongest": "가장 강한 증거",
    "covered_share": "일치한 실연자가 들리는 {seconds}초 중 {covered}초가 허락된 분량입니다.",
    "nobody": "등록된 목소리를 찾지 못했습니다.",
    "flagged_title": "표시된 것: 일치하는데 허락이 없는 것",
    "flagged_none": "표시된 것이 없습니다.",
    "review_title": "살펴볼 것: 비슷한 목소리",
    "review_note": (
        "견줄 만한 다른 목소리보다 실연자와 더 닮았지만, 이 규모의 갤러리에서 일치로 볼 만큼은 아닙니다. 낯선 사람 "
        "스무 명 중 한 명쯤이 이렇게 나옵니다."
    ),
    "unsettled_title": "알 수 없음",
    "unsettled_note": "엔진이 판단하지 않은 녹음을, 판단을 막은 이유별로 셉니다.",
    "reasons": "이유",
    "file": "파일",
    "why": "이유",
    "where": "위치",
    "at": "{start}–{end}: {strength}",
    "more_segments": "그 밖에 {count}개 구간",
    "not_located": "녹음 안의 위치는 짚지 못함",
    "same_bytes": "바이트가 같은 파일: {names}.",
    "and_more": "그 밖에 {count}개",
    "first_of": "{count}개 중 가장 강한 {shown}개만 여기에 싣습니다. 전체는 {file}에 있습니다.",
    "listed_of": "{count}개 중 {shown}개만 여기에 싣습니다. 전체는 {file}에 있습니다.",
    "errors_title": "평가할 수 없었던 것",
    "errors_none": "모든 입력을 읽었습니다.",
    "error": "오류",
    "count": "건수",
    "examples": "파일과 문제",
    "left_out_title": "빠진 것과 그 이유",
    "left_out_none": "빠진 것이 없습니다.",
    "beyond_limit": "정해 둔 입력 수의 한도를 넘음",
    "not_sampled": "표본으로 뽑히지 않음",
    "point_title": "기준점과 오류율",
    "target": "등록되지 않은 사람의 녹음이 일치로 나오는 비율의 목표",
    "gallery_size": "대조한 실연자",
    "threshold": "일치에 필요한 log10 LR",
    "expected": "등록된 사람이 아무도 없다면 우연히 나올 일치의 예상 수",
    "expected_of": "대조한 녹음 {searched}개 중 {expected}개",
    "bounds": "log10 LR을 말할 수 있는 범위",
    "measured": "보정을 만들 때, 맞춤에 쓰지 않은 사람들로 잰 값",
    "measured_rates": (
        "목표 비율 1 %에서, 낯선 사람 검색 {strangers}건 중 {false}가 일치로 나왔고 등록된 화자의 {missed}를 놓침"
    ),
    "at_this_size": "이 기준과 실연자 {size}명에서의 추정",
    "at_this_size_rate": "낯선 사람 녹음의 {rate}가 일치로 나옴",
    "rates_note": (
        "놓치는 비율은 녹음의 길이, 잡음, 압축에 달려 있습니다. 아무도 없다는 결과에 기대기 전에 비슷한 녹음으로 "
        "`likeness evaluate`를 돌려 재어 보십시오. 찾지 못했다는 것이 없다는 증명은 아닙니다."
    ),
    "not_validated": "검증하지 않은 것",
    "models_title": "모델 카드",
    "engine": "엔진",
    "weights": "{encoder} 가중치, SHA-256",
    "calibration": "보정, SHA-256",
    "made_on": "보정을 만든 날",
    "people": "맞춤에 쓴 사람 수",
    "validated": "검증한 조건",
    "range_from": "{name} {low} 이상",
    "range_to": "{name} {high} 이하",
    "range": "{name} {low}~{high}",
    "gallery": "대조 대상(갤러리), SHA-256",
    "warnings": "갤러리에서 부족한 것",
    "verify_title": "이 보고서를 확인하는 방법",
    "verify_note": (
        "일괄 검사 폴더는 인터넷 연결 없이 확인합니다. 서명은 만든 뒤로 아무것도 바뀌지 않았음을 증명합니다. 누가 "
        "만들었는지는 그 키의 지문을 아는 사람에게만 증명됩니다."
    ),
    "signed_by": "서명한 키의 지문(RFC 7638)",
    "manifest_hash": "입력 목록 {rows}행, SHA-256",
    "results_hash": "결과 {rows}행, SHA-256",
    "training_title": "학습 자료로서",
    "training_note": "학습 자료 요약은 {markdown} 및 {json} 파일에 있습니다.",
    "names_title": "글 속의 이름",
    "names_note": (
        "입력에 딸린 글에 나오는 등록된 이름과 별칭입니다. 글에 이름이 있다는 것은 목소리의 증거가 아니므로 따로 "
        "셉니다."
    ),
    "name": "이름",
    "rows": "행",
    "texts_read": "글 {texts}개에서 이름과 별칭 {names}개를 찾았습니다.",
    "seconds_of": "{value}초",
    "lr": "log10 LR {value}",
    "lr_or_more": "log10 LR {value} 이상",
    "lr_or_less": "log10 LR {value} 이하",
    "supported": "{words} 뒷받침 ({number})",
    "against": "다른 사람이라는 {words} 뒷받침 ({number})",
    "neither": "어느 쪽도 뒷받침하지 않음 ({number})",
    **STRENGTH_WORDS[Language.KO],
    "match": "일치",
    "sound_alike": "비슷한 목소리",
    "no_match": "들리지 않음",
    "inconclusive": "알 수 없음",
    "licensed_use": "허락된 쓰임",
    "licensed_out_of_scope": "허락은 있으나 이 쓰임은 아님",
    "licensed_unpaid": "허락은 있으나 지급되지 않음",
    "licence_suspended": "이용 허락 정지됨",
    "licence_expired": "이용 허락 기간 끝남",
    "expired_legacy_use": "허락 기간에 만들어짐",
    "consent_withdrawn": "동의를 거둠",
    "opted_out_match": "이용 허락을 하지 않음",
    "unlicensed_match": "이용 허락 없음",
    "explained_by_declared_source": "신고된 출처로 설명됨",
    "sound_alike_review": "사람이 살펴봐야 함",
    "not_assessed": "판정하지 않음",
}

WORDS: Final[Mapping[Language, Words]] = {Language.EN: _EN, Language.KO: _KO}
