"""How long policy takes to decide one use against a performer who has many licences with the studio that asks.

Every licence is in force, has two versions of whole terms and fails at another term, so that each is judged to the end;
the last one covers the use. Licences are read from their documents beforehand, as the database keeps them.

    python -m benchmarks.policy [--licences 100] [--rounds 2000]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from registry.domain.choices import LicensingChoices
from registry.domain.consents import Consent, ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.licence_facts import LicenceFacts
from registry.domain.licences import Licence, LicenceState, TermsInForce
from registry.domain.policy import PerformerRecord, decide_match
from registry.domain.terms import (
    ApprovalTerms,
    Disclosure,
    Exclusivity,
    LicenceTerms,
    Marking,
    PayBasis,
    PayTerms,
    Rate,
    VolumeCap,
)
from registry.domain.terms_document import terms_json
from registry.domain.terms_reading import terms_of_json
from registry.domain.uses import DeclaredUse, Medium, Quantity, UsageUnit, UseKind, UsePurpose
from registry.domain.verdicts import Verdict

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
COPY = "a" * 64
TARGET_MS = 1.0
USE = DeclaredUse(
    kind=UseKind.GENERATED,
    purpose=UsePurpose.DUBBING,
    project="Aurora",
    medium=Medium.STREAMING,
    territory="KR",
    language="ko-KR",
    fixed_on=date(2026, 6, 1),
    quantities=(Quantity(UsageUnit.LINE, 3),),
    copy_sha256=COPY,
    ai_disclosed=True,
)
COVERS = LicenceTerms(
    purposes=frozenset({UsePurpose.DUBBING, UsePurpose.VOICE_CLONE}),
    media=frozenset(Medium),
    territories=frozenset({"KR", "JP", "US"}),
    languages=frozenset({"ko", "en"}),
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    exclusivity=Exclusivity.NON_EXCLUSIVE,
    pay=PayTerms((Rate(PayBasis.PER_LINE, 12_000),), "KRW"),
    projects=frozenset({"Aurora", "Meridian"}),
    volume_caps=(VolumeCap(UsageUnit.LINE, 800),),
    approval=ApprovalTerms(frozenset({UsePurpose.VOICE_CLONE})),
    disclosure=Disclosure(frozenset({Marking.C2PA})),
)
FAILS: Sequence[Callable[[LicenceTerms], LicenceTerms]] = (
    lambda terms: replace(terms, territories=frozenset({"DE"})),
    lambda terms: replace(terms, languages=frozenset({"en"})),
    lambda terms: replace(terms, projects=frozenset({"Other"})),
    lambda terms: replace(terms, volume_caps=(VolumeCap(UsageUnit.LINE, 1),)),
    lambda terms: replace(terms, purposes=frozenset({UsePurpose.DUBBING})),
    lambda terms: replace(terms, starts_on=date(2026, 6, 10)),
)


def record_with(count: int) -> PerformerRecord:
    """Answer a record with that many licences, the last of which covers the use."""
    licences = [_licence(number, FAILS[number % len(FAILS)](COVERS)) for number in range(count - 1)]
    licences.append(_licence(count - 1, COVERS))
    consent = Consent(
        id="cons_1",
        performer_id="perf_1",
        purpose=ConsentPurpose.LICENSING,
        modality=Modality.VOICE,
        decision=ConsentDecision.GIVEN,
        state=ConsentState.ACTIVE,
        signed_at=datetime(2025, 12, 1, tzinfo=UTC),
        expires_at=None,
        withdrawn_at=None,
        choices=LicensingChoices(frozenset(UsePurpose)),
    )
    approved = frozenset(each for each in (USE.copy_use,) if each is not None)
    facts = LicenceFacts(used={}, approved_copies=approved)
    return PerformerRecord("perf_1", (consent,), tuple(licences), {each.id: facts for each in licences})


def _licence(number: int, terms: LicenceTerms) -> Licence:
    read = terms_of_json(terms_json(terms))
    since = datetime(2026, 1, 1, 9, tzinfo=UTC)
    return Licence(
        id=f"lic_{number:04}",
        performer_id="perf_1",
        studio_id="org_1",
        terms=read,
        state=LicenceState.ACTIVE,
        activated_at=since,
        ended_at=None,
        paid_at=None,
        suspension_reason=None,
        versions=(TermsInForce(1, read, since), TermsInForce(2, read, since)),
    )


def measure(count: int, rounds: int) -> list[float]:
    """Answer the milliseconds that each round took."""
    record = record_with(count)
    ruling = decide_match(USE, record, now=NOW)
    if ruling.verdict is not Verdict.LICENSED_USE or ruling.licence_id != record.licences[-1].id:
        raise AssertionError(f"the use is covered by the last licence, and policy says {ruling}")
    taken = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        decide_match(USE, record, now=NOW)
        taken.append((time.perf_counter_ns() - start) / 1e6)
    return taken


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table; exit code 1 when the median is not below the target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policy", description=__doc__)
    parser.add_argument("--licences", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2000)
    wanted = parser.parse_args(arguments)
    print("| licences | rounds | median ms | p95 ms | worst ms |")
    print("|---|---|---|---|---|")
    for count in sorted({1, 10, wanted.licences}):
        taken = sorted(measure(count, wanted.rounds))
        median, p95 = statistics.median(taken), taken[int(len(taken) * 0.95)]
        print(f"| {count} | {wanted.rounds} | {median:.3f} | {p95:.3f} | {taken[-1]:.3f} |")
    return 0 if median < TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
