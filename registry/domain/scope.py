"""Scope: which terms of a licence do not permit a use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from registry.domain.licence_facts import NOTHING_KNOWN, LicenceFacts
from registry.domain.scores import Reason
from registry.domain.terms import ANY_LANGUAGE, WORLD, LicenceTerms, VolumeCap
from registry.domain.uses import DeclaredUse, UseKind, UsePurpose

Figures = dict[str, str | int | float | bool | None]


def refusals(
    terms: LicenceTerms,
    use: DeclaredUse,
    used_on: date,
    facts: LicenceFacts = NOTHING_KNOWN,
    asked_each_time: frozenset[UsePurpose] = frozenset(),
    *,
    approvals_follow: bool = False,
) -> Iterator[Reason]:
    """Name every term that does not permit the use, other than the end of the time: empty when all of them do.

    Args:
        terms: of the licence.
        use: as declared.
        used_on: the day that counts as the day of use, for the beginning of the term.
        facts: what has happened under the licence.
        asked_each_time: what the performer, when consenting, said of: a licence, and ask me each time.
        approvals_follow: whether whoever asks will ask the performer for approval of the exact copy next; then the
            lack of one is not held against the use here.
    """
    yield from _not_listed(terms, use)
    if used_on < terms.starts_on:
        yield _not_begun(terms, used_on)
    for cap in terms.volume_caps:
        yield from _beyond_cap(cap, use, facts)
    if not approvals_follow:
        yield from _not_approved(terms, use, facts, asked_each_time)
    yield from _not_disclosed(terms, use)


def _not_listed(terms: LicenceTerms, use: DeclaredUse) -> Iterator[Reason]:
    """Name every term whose list the use is not on."""
    required = use.required_purposes
    for purpose in () if required <= terms.purposes else sorted(required - terms.purposes):
        yield _refusal("purposes", purpose.value, sorted(p.value for p in terms.purposes))
    if use.mode not in terms.use_modes:
        yield _refusal("use_modes", use.mode.value, sorted(mode.value for mode in terms.use_modes))
    if use.medium not in terms.media:
        yield _refusal("media", use.medium.value, sorted(m.value for m in terms.media))
    if not _territory_permitted(terms, use.territory):
        yield _refusal("territories", use.territory, sorted(terms.territories))
    if not _language_permitted(terms, use.language):
        yield _refusal("languages", use.language or "not declared", sorted(terms.languages))
    if terms.projects is not None and use.project not in terms.projects:
        yield _refusal("projects", use.project, sorted(terms.projects))


def _refusal(term: str, wanted: str, permitted: list[str]) -> Reason:
    listed = ", ".join(permitted) or "nothing"
    return Reason(
        f"{term}_not_permitted",
        f"the licence's {term.replace('_', ' ')} permit {listed}; {wanted} is not among them",
        {"term": term, "wanted": wanted, "permitted": listed},
    )


def _not_begun(terms: LicenceTerms, used_on: date) -> Reason:
    begins = terms.starts_on.isoformat()
    return Reason(
        "term_not_begun",
        f"the licence's term begins on {begins}; the use is of {used_on.isoformat()}",
        {"term": "starts_on", "starts_on": begins, "used_on": used_on.isoformat()},
    )


def _beyond_cap(cap: VolumeCap, use: DeclaredUse, facts: LicenceFacts) -> Iterator[Reason]:
    """Refuse what would go beyond a cap, or cannot be held against it: an amount that nobody knows is too much."""
    if not use.is_counted_in(cap.unit):
        return
    wanted = use.amount_of(cap.unit)
    if facts.used is not None and wanted is not None and facts.used.get(cap.unit, 0) + wanted <= cap.limit:
        return
    unit = cap.unit.value
    about: Figures = {"term": "volume_caps", "unit": unit, "limit": cap.limit}
    if facts.used is None:
        yield Reason(
            "usage_not_known", f"the licence permits {cap.limit} × {unit}; how much was used is unknown", about
        )
        return
    used = facts.used.get(cap.unit, 0)
    if used >= cap.limit or used + (wanted or 0) > cap.limit:
        more = "no more" if wanted is None else f"{wanted} more"
        detail = f"the licence permits {cap.limit} × {unit}; {used} were used, and {more} would be beyond that"
        yield Reason("volume_cap_reached", detail, {**about, "used": used, "wanted": wanted})
    elif wanted is None:
        detail = f"the licence permits {cap.limit} × {unit}; how much this use takes is not declared"
        yield Reason("quantity_not_declared", detail, {**about, "used": used})


def _not_approved(
    terms: LicenceTerms, use: DeclaredUse, facts: LicenceFacts, asked_each_time: frozenset[UsePurpose]
) -> Iterator[Reason]:
    """Refuse copy that the performer wants to see first, by the licence or by consent, and has not approved."""
    by_licence = terms.approval.purposes if terms.approval is not None else frozenset()
    purposes = (by_licence | asked_each_time) & use.required_purposes
    if not purposes or use.copy_use in facts.approved_copies:
        return
    asked = ", ".join(sorted(purposes))
    about: Figures = {"term": "approval", "purposes": asked}
    if use.copy_sha256 is None:
        detail = f"the performer approves the exact copy for {asked}, and the use does not name its copy (copy_sha256)"
        yield Reason("copy_not_declared", detail, about)
    else:
        detail = f"the performer approves the exact copy for {asked}, and has not approved this one for this use"
        yield Reason("copy_not_approved", detail, {**about, "copy_sha256": use.copy_sha256})


def _not_disclosed(terms: LicenceTerms, use: DeclaredUse) -> Iterator[Reason]:
    """Refuse what a machine made, unless it is declared to be marked and labelled as agreed."""
    if use.kind is not UseKind.GENERATED or not terms.disclosure.is_owed or use.ai_disclosed:
        return
    owed = ", ".join([*sorted(terms.disclosure.markings), *(f"label ({x.language})" for x in terms.disclosure.labels)])
    said = "not declared" if use.ai_disclosed is None else "missing"
    yield Reason(
        "disclosure_missing",
        f"what a machine made is to carry {owed}; that is {said}",
        {"term": "disclosure", "owed": owed, "ai_disclosed": use.ai_disclosed},
    )


def _territory_permitted(terms: LicenceTerms, territory: str) -> bool:
    return WORLD in terms.territories or territory in terms.territories


def _language_permitted(terms: LicenceTerms, language: str | None) -> bool:
    if ANY_LANGUAGE in terms.languages:
        return True
    if language is None:
        return False
    if language in terms.languages or language.partition("-")[0] in terms.languages:
        return True
    wanted = language.lower().split("-")
    return any(wanted[: len(parts)] == parts for parts in (tag.lower().split("-") for tag in terms.languages))
