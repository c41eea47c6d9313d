"""The retention schedule: what is kept, what for, for how long, and who destroys it. Public, and what `purge` goes by.

Every kind of record has a rule. A rule is never made longer for what was stored under it before: what changes is its
digest, and certificates of destruction name the digest of the schedule that they went by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from registry.domain.rules.texts import Text

SCHEDULE_VERSION = 1
BIPA = "740 ILCS 14/15(a)"
_BIPA_READ_ON = date(2026, 11, 24)


class DestroyedBy(StrEnum):
    """Who destroys what is past its time."""

    AT_ONCE = "at_once"  # the verb that ends its purpose, in the same transaction
    WORKER = "worker"  # any running worker, within minutes
    PURGE = "purge"  # `likeness purge`, to be run each night
    BY_HAND = "by_hand"  # nobody but the operator: it is evidence, or the law of bookkeeping asks for it
    NOTHING = "nothing"  # it is kept for good, and holds no personal data


class RuleId(StrEnum):
    """Names of the rules. The list only grows."""

    UPLOAD = "upload"
    VOICEPRINT = "voiceprint"
    IDLE_VOICEPRINT = "idle_voiceprint"
    OFFERED_GALLERY_FILE = "offered_gallery_file"
    CHECK = "check"
    REFUSED_CHECK = "refused_check"
    SHARED_SOUND = "shared_sound"
    SCAN = "scan"
    REFUSED_ENROLMENT = "refused_enrolment"
    REFUSED_STATEMENT = "refused_statement"
    UNFINISHED_EXPLANATION = "unfinished_explanation"
    ENDED_TOKEN = "ended_token"  # noqa: S105  (a rule, not a secret)
    ENDED_SESSION = "ended_session"
    IDEMPOTENT_ANSWER = "idempotent_answer"
    WEBHOOK_MESSAGE = "webhook_message"
    CONSENT_RECORD = "consent_record"
    LICENCE_RECORD = "licence_record"
    CASE_RECORD = "case_record"
    STAY_DOWN_ENTRY = "stay_down_entry"
    MISUSE_STRIKE = "misuse_strike"
    MISUSE_LIMIT = "misuse_limit"
    LEDGER = "ledger"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long one kind of record is kept.

    Attributes:
        id: of the rule.
        what: is kept.
        purpose: it is kept for.
        kept_for: how long, after ``counted_from``; None for as long as the purpose lasts, or for good.
        counted_from: when the time begins.
        destroyed_by: who.
        basis: law or practice that the time comes from.
        checked_on: when somebody last read the law; None for from memory, to be verified, and for our own practice.
    """

    id: RuleId
    what: Text
    purpose: Text
    kept_for: timedelta | None
    counted_from: Text
    destroyed_by: DestroyedBy
    basis: str
    checked_on: date | None = None

    def cutoff(self, now: datetime) -> datetime:
        """Answer the moment before which the time must have begun for a record to be past it.

        Raises:
            ValueError: the rule has no time of its own.
        """
        if self.kept_for is None:
            raise ValueError(f"the rule {self.id.value} has no time of its own")
        return now - self.kept_for


_PRACTICE = "practice of this registry"
_PROOF = Text("Proof of what was agreed, when a claim is made.", "다툼이 있을 때 무엇에 합의했는지 보이기 위해.")
_ENDED = Text("Its end.", "끝난 때.")
_FINISHED = Text("The day it was finished.", "끝난 날.")

SCHEDULE: tuple[RetentionRule, ...] = (
    RetentionRule(
        RuleId.UPLOAD,
        Text("Recordings that were sent in, sealed.", "보낸 녹음. 봉인된 상태로."),
        Text("To be assessed once.", "한 번 듣고 평가하기 위해."),
        timedelta(minutes=15),
        Text(
            "The end of the check, enrolment or statement they were sent for.",
            "녹음을 보낸 검사, 등록, 음성 진술이 끝난 때.",
        ),
        DestroyedBy.WORKER,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.VOICEPRINT,
        Text("Voiceprints and the key that opens them.", "성문과 그것을 여는 열쇠."),
        Text(
            "To look for the performer, as long as consent to monitoring is in force.",
            "목소리를 찾아도 된다는 동의가 유효한 동안 찾기 위해.",
        ),
        None,
        Text("The end of consent to monitoring.", "목소리를 찾아도 된다는 동의가 끝난 때."),
        DestroyedBy.AT_ONCE,
        f"{BIPA}; GDPR Art. 7(3) and 17(1)(b), from memory: verify",
    ),
    RetentionRule(
        RuleId.IDLE_VOICEPRINT,
        Text("Voiceprints of a performer nobody has heard of.", "연락이 끊긴 실연자의 성문."),
        Text(
            "The same; without a sign of the performer it lapses.", "위와 같음. 본인의 활동이 없으면 더 보관하지 않음."
        ),
        timedelta(days=3 * 365),
        Text("The last sign of the performer or of who acts for them.", "실연자 또는 대리인의 마지막 활동."),
        DestroyedBy.PURGE,
        f"{BIPA}: three years after the last interaction",
        _BIPA_READ_ON,
    ),
    RetentionRule(
        RuleId.OFFERED_GALLERY_FILE,
        Text(
            "Copies of gallery files on offer, sealed for the organisation that they are for.",
            "조직이 가져가도록 둔 갤러리 파일의 사본. 그 조직의 열쇠로 봉인된 상태로.",
        ),
        Text("To be fetched by that organisation.", "그 조직이 가져가도록."),
        None,
        Text(
            "The end of the file's term, or of a consent to monitoring that it rests on.",
            "파일의 기한이 끝나거나, 바탕이 되는 목소리 찾기 동의가 끝난 때.",
        ),
        DestroyedBy.AT_ONCE,
        f"{BIPA}; practice of this registry",
    ),
    RetentionRule(
        RuleId.CHECK,
        Text(
            "Checks with their findings, what was decided about them and which reports were issued, unless pay or a "
            "case rests on them.",
            "대가나 분쟁의 근거가 아닌 검사와 그 발견, 그에 대한 결정, 발급한 보고서의 기록.",
        ),
        Text("To show what was found, and to dispute it.", "무엇을 찾았는지 보이고, 이의를 낼 수 있도록."),
        timedelta(days=3 * 365),
        _FINISHED,
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.REFUSED_CHECK,
        Text("Checks that could not be done.", "평가할 수 없었던 검사."),
        Text("To tell the sender why.", "보낸 쪽에 이유를 알리기 위해."),
        timedelta(days=90),
        _FINISHED,
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.SHARED_SOUND,
        Text(
            "Sound that an organisation shares with a performer, sealed, and the key that opens it. That it was "
            "shared, and who listened, stays with the check.",
            "조직이 실연자에게 들려주는 소리와 그것을 여는 열쇠. 봉인된 상태로. 들려준 사실과 누가 들었는지는 검사와 "
            "함께 보관.",
        ),
        Text("To let the performer hear where they are heard.", "실연자가 자기 목소리가 들리는 곳을 듣도록."),
        timedelta(0),
        Text(
            "The end of the days that it is shared for. Before that, whoever shared it ends it, or the end of consent "
            "to monitoring does, at once.",
            "들려주기로 한 기간이 끝난 때. 들려주던 조직이 그 전에 끝내거나 목소리를 찾아도 된다는 동의가 끝나면 바로.",
        ),
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.SCAN,
        Text(
            "Scans, unless a case rests on them: counts, signed reports, rows with somebody in them, findings and what "
            "was decided about them; samples, and what persons said of their rows; the folders of those that workers "
            "ran, or whose rows were sent.",
            "분쟁의 근거가 아닌 일괄 검사: 수, 서명된 보고서, 누군가 나온 행, 발견과 그에 대한 결정, 표본과 그 "
            "행에 대한 사람들의 답, 작업자가 했거나 행을 받은 일괄 검사의 폴더.",
        ),
        Text("To show what was found, and to dispute it.", "무엇을 찾았는지 보이고, 이의를 낼 수 있도록."),
        timedelta(days=3 * 365),
        _ENDED,
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.REFUSED_ENROLMENT,
        Text("Enrolments that were refused, failed or erased.", "거절되었거나 실패했거나 지워진 등록."),
        Text("To tell the performer what to mend.", "실연자에게 무엇을 고치면 되는지 알리기 위해."),
        timedelta(days=90),
        _FINISHED,
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.REFUSED_STATEMENT,
        Text(
            "Spoken statements that were refused, failed or never spoken.", "거절·실패했거나 녹음되지 않은 음성 진술."
        ),
        Text(
            "To tell the performer why, and to notice who tries again and again.",
            "실연자에게 이유를 알리고, 거듭되는 시도를 알아보기 위해.",
        ),
        timedelta(days=90),
        _FINISHED,
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.UNFINISHED_EXPLANATION,
        Text("Explanations that were begun and never finished.", "시작하고 끝내지 않은 설명."),
        Text("To let the performer come back to them.", "실연자가 돌아와 이어 갈 수 있도록."),
        timedelta(days=365),
        Text("The day they were begun.", "시작한 날."),
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.ENDED_TOKEN,
        Text("Digests of tokens that have expired or were revoked.", "기한이 지났거나 취소된 토큰의 다이제스트."),
        Text(
            "To trace what was done with them; a performer's, as long as its last use keeps voiceprints.",
            "토큰으로 한 일을 되짚기 위해. 실연자의 토큰은 그 마지막 사용이 성문을 보관하는 근거인 동안.",
        ),
        timedelta(days=90),
        _ENDED,
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.ENDED_SESSION,
        Text("Sessions and one-time sign-in links that are over.", "끝난 로그인 세션과 일회용 로그인 링크."),
        Text("To see when somebody was signed in as oneself.", "언제 누가 내 이름으로 로그인했는지 볼 수 있도록."),
        timedelta(days=30),
        Text("The end of the time that they were opened for.", "정해진 시간이 끝난 때."),
        DestroyedBy.WORKER,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.IDEMPOTENT_ANSWER,
        Text(
            "Answers to requests with an idempotency key.",
            "같은 일을 두 번 하지 않게 하는 키(Idempotency-Key)가 붙은 요청의 답.",
        ),
        Text("To answer the same request the same way.", "같은 요청에 같은 답을 하기 위해."),
        timedelta(hours=24),
        Text("The answer.", "답한 때."),
        DestroyedBy.WORKER,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.WEBHOOK_MESSAGE,
        Text("Messages of webhooks, and the log of sending them.", "웹훅 메시지와 그 전송 기록."),
        Text(
            "To see what has arrived, and to send again what has not.",
            "무엇이 도착했는지 보고, 도착하지 않은 것을 다시 보내기 위해.",
        ),
        timedelta(days=30),
        Text("The day it arrived, or was given up.", "도착했거나 보내기를 그만둔 날."),
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.CONSENT_RECORD,
        Text(
            "Explanations, consents, accepted spoken statements, refusals, agreements to be one of many that are "
            "compared with, and who acted for the performer.",
            "설명, 동의, 거절, 받아들인 음성 진술, 비교군에 들겠다는 동의, 누가 실연자를 대리했는지.",
        ),
        _PROOF,
        timedelta(days=10 * 365),
        _ENDED,
        DestroyedBy.BY_HAND,
        "GDPR Art. 7(1), from memory: verify; limitation of claims differs by country",
    ),
    RetentionRule(
        RuleId.LICENCE_RECORD,
        Text(
            "Licences, clearances, approvals, approaches, attestations.",
            "이용 허락, 사전 확인, 승인, 제안, 출처 증명 기록.",
        ),
        _PROOF,
        timedelta(days=10 * 365),
        _ENDED,
        DestroyedBy.BY_HAND,
        "limitation of claims differs by country: verify",
    ),
    RetentionRule(
        RuleId.CASE_RECORD,
        Text(
            "Cases: what both sides filed, who read it, analyses, steps, proposals, pauses, notices with their steps, "
            "who was said to be a public figure, which reports were issued, and the findings that opened them.",
            "분쟁: 양쪽이 낸 것, 누가 읽었는지, 분석, 단계, 제안된 결론, 정지, 통지와 그 단계, 공인 여부에 관한 판단, "
            "발급한 보고서의 기록, 그리고 분쟁의 근거가 된 발견.",
        ),
        _PROOF,
        timedelta(days=10 * 365),
        _ENDED,
        DestroyedBy.BY_HAND,
        "limitation of claims differs by country: verify",
    ),
    RetentionRule(
        RuleId.STAY_DOWN_ENTRY,
        Text(
            "Digests and fingerprints of recordings that served notices were about; a fingerprint goes when its entry "
            "ends.",
            "송달된 통지가 가리키는 녹음의 다이제스트와 지문. 지문은 항목이 끝날 때 없앰.",
        ),
        Text("To tell the same recording again.", "같은 녹음을 알아보기 위해."),
        timedelta(days=30),
        Text("The end of the entry, or of its term.", "항목이나 그 기한이 끝난 때."),
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.MISUSE_STRIKE,
        Text(
            "Strikes for misuse of notices, and what was said against them.",
            "통지를 잘못 쓴 데 대한 경고와 그에 대한 이의.",
        ),
        Text("To answer whoever asks what counted against them.", "왜 경고를 받았는지 묻는 사람에게 답하기 위해."),
        timedelta(days=365),
        Text("The day on which they counted no more.", "경고의 효력이 끝난 날."),
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.MISUSE_LIMIT,
        Text("Limits that were decided on because of strikes.", "경고 때문에 정한 제한."),
        Text(
            "To answer whoever asks why something took two operators.",
            "왜 운영자 두 사람이 필요했는지 묻는 사람에게 답하기 위해.",
        ),
        timedelta(days=365),
        _ENDED,
        DestroyedBy.PURGE,
        _PRACTICE,
    ),
    RetentionRule(
        RuleId.LEDGER,
        Text(
            "Use that was counted, entries, payments, and the findings they rest on.",
            "센 사용량, 장부의 기재, 지급, 그리고 근거가 된 발견.",
        ),
        Text("Books that both sides can rely on.", "양쪽이 믿을 수 있는 장부."),
        timedelta(days=10 * 365),
        Text("The end of the year in which it was written.", "적은 해의 끝."),
        DestroyedBy.BY_HAND,
        "Korean Commercial Act Art. 33 (ten years), from memory: verify",
    ),
    RetentionRule(
        RuleId.JOURNAL,
        Text(
            "Leaves of the journal, proofs and certificates of destruction.",
            "일지의 항목, 증명, 기록을 없앴다는 증명서.",
        ),
        Text(
            "That nobody can rewrite what happened. No personal data.",
            "일어난 일을 아무도 고쳐 쓸 수 없도록. 개인 정보가 들어 있지 않음.",
        ),
        None,
        Text("Never: it is kept for good.", "없음: 영구히 보관."),
        DestroyedBy.NOTHING,
        _PRACTICE,
    ),
)

RULES: Mapping[RuleId, RetentionRule] = MappingProxyType({rule.id: rule for rule in SCHEDULE})


def rule_facts(rule: RetentionRule, language: str) -> dict[str, object]:
    """Answer a rule as JSON has it, here, over HTTP and at the command line."""
    return {
        "id": rule.id.value,
        "what": rule.what.in_language(language),
        "purpose": rule.purpose.in_language(language),
        "kept_for_s": None if rule.kept_for is None else int(rule.kept_for.total_seconds()),
        "counted_from": rule.counted_from.in_language(language),
        "destroyed_by": rule.destroyed_by.value,
        "basis": rule.basis,
        "checked_on": None if rule.checked_on is None else rule.checked_on.isoformat(),
    }


def schedule_sha256() -> str:
    """Answer the digest of the schedule, of every language of it."""
    body = {
        "version": SCHEDULE_VERSION,
        "rules": [[rule_facts(rule, language) for language in ("en", "ko")] for rule in SCHEDULE],
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
