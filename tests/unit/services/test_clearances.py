"""Clearances: what is not plainly permitted is refused or asked, and only a fresh token that still holds counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from on_record import ASK, COPY, TERMS, WITH_APPROVAL, OnRecord, asked
from steps import Registry

from registry.domain.accounts import Principal, Role
from registry.domain.approvals import ApprovalState, Beyond
from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.clearance_status import ClearanceStanding
from registry.domain.clearances import Decision, WantedUse
from registry.domain.licences import SuspensionReason
from registry.domain.scores import Reason
from registry.domain.terms import ApprovalTerms, Permission, VolumeCap
from registry.domain.uses import Medium, Quantity, UsageUnit, UseKind, UseMode, UsePurpose
from registry.errors import (
    ApprovalExpiredError,
    ConflictError,
    FeeBelowFloorError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UseRefusedError,
)
from registry.interchange.clearances import STATUS_TYPE, TOKEN_TYPE, ClearanceStatus, ClearanceToken, accept
from registry.services import approvals, clearance_status, clearances
from registry.services.approvals import Offer
from registry.services.clearances import Answered
from registry.services.holders import HeldKind, holders_of
from registry.vault.signing import sign, verify


@pytest.fixture
def house(sqlite_registry: Registry) -> Registry:
    return sqlite_registry


@pytest.fixture
def record(house: Registry) -> OnRecord:
    return OnRecord(house.ctx, house.operator.account_id)


@pytest.fixture
def studio(house: Registry) -> Principal:
    return house.studio()


@pytest.fixture
def performer_id(house: Registry) -> str:
    return house.performer()


def ask(house: Registry, studio: Principal, wanted: WantedUse) -> Answered:
    (answered,) = clearances.ask_clearances(house.ctx, studio, [wanted])
    return answered


def codes(answered: Answered) -> list[str]:
    return [str(reason["code"]) for reason in answered.clearance.reasons]


def token(house: Registry, answered: Answered) -> ClearanceToken:
    assert answered.token is not None, answered.clearance.reasons
    return ClearanceToken.of_claims(verify(answered.token, dict(house.ctx.keys.signing_keys()), typ=TOKEN_TYPE))


def standing(house: Registry, studio: Principal, answered: Answered) -> tuple[ClearanceStanding, list[str]]:
    assert answered.token is not None
    (told,) = clearance_status.ask_status(house.ctx, studio, [answered.token]).told
    return told.stands.standing, [reason.code for reason in told.stands.reasons]


# --- what is refused -------------------------------------------------------------------------------------------------


def test_somebody_without_a_licence_and_somebody_who_is_not_there_get_the_same_answer(
    house: Registry, studio: Principal, performer_id: str
) -> None:
    nobody = "perf_" + "0" * 26
    answers = clearances.ask_clearances(house.ctx, studio, [asked(performer_id), asked(nobody)])
    for answered in answers:
        assert answered.clearance.decision is Decision.REFUSED
        assert codes(answered) == ["no_licence"]
        assert answered.token is None
        assert answered.clearance.licence_id is None


def test_a_performer_who_refused_everybody_is_not_told_apart_from_one_who_is_not_there(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.consent(performer_id, LicensingChoices())
    assert codes(ask(house, studio, asked(performer_id))) == ["no_licence"]


@pytest.mark.parametrize(
    "refused",
    [
        ({"purpose": UsePurpose.TRAINING}, "purposes_not_permitted"),
        ({"medium": Medium.GAME}, "media_not_permitted"),
        ({"territory": "US"}, "territories_not_permitted"),
        ({"language": None}, "languages_not_permitted"),
    ],
)
def test_what_the_licence_does_not_list_is_refused_and_the_term_is_named(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord, refused: tuple[dict[str, object], str]
) -> None:
    changes, code = refused
    record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id, **changes))
    assert answered.clearance.decision is Decision.REFUSED
    assert code in codes(answered)
    assert answered.clearance.reasons[0]["figures"]["term"]  # type: ignore[index]  # figures are a mapping
    assert answered.token is None


def test_a_use_that_the_performer_says_never_to_is_refused_whatever_was_signed(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    choices = LicensingChoices.of({UsePurpose.VOICE_CLONE: Disposition.ALLOW})
    record.consent(performer_id, choices)
    record.licence(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    assert answered.clearance.decision is Decision.REFUSED
    assert codes(answered) == ["use_not_consented_to"]


def test_a_day_on_which_the_work_is_said_to_be_finished_clears_nothing(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio, replace(TERMS, ends_on=house.clock().date() - timedelta(days=1)))
    wanted = asked(performer_id, fixed_on=TERMS.starts_on)
    assert ask(house, studio, wanted).clearance.decision is Decision.REFUSED


@pytest.mark.parametrize("reason", sorted(set(SuspensionReason) - {SuspensionReason.STRIKE}))  # a strike has a record
def test_a_suspended_licence_clears_nothing_and_says_why(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord, reason: SuspensionReason
) -> None:
    _, licence_id = record.ready(performer_id, studio)
    record.suspend(licence_id, reason)
    answered = ask(house, studio, asked(performer_id))
    assert codes(answered) == ["licence_suspended"]
    assert answered.clearance.reasons[0]["figures"]["cause"] == reason.value  # type: ignore[index]


@pytest.mark.parametrize(
    "refused",
    [
        (Beyond.SUBLICENCE, "sublicensing"),
        (Beyond.DERIVED_VOICE, "derived_voices"),
        (Beyond.MODEL_IMPROVEMENT, "improves_models"),
    ],
)
def test_what_goes_beyond_the_use_is_refused_unless_the_licence_says_otherwise(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord, refused: tuple[Beyond, str]
) -> None:
    beyond, term = refused
    record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id, beyond))
    assert answered.clearance.decision is Decision.REFUSED
    assert answered.clearance.reasons[0]["figures"] == {"term": term}


def test_more_than_the_cap_is_refused(house: Registry, studio: Principal, performer_id: str, record: OnRecord) -> None:
    record.ready(performer_id, studio, replace(TERMS, volume_caps=(VolumeCap(UsageUnit.LINE, 10),)))
    within, beyond = (
        ask(house, studio, asked(performer_id, quantities=(Quantity(UsageUnit.LINE, n),))) for n in (10, 11)
    )
    assert within.clearance.decision is Decision.PERMITTED
    assert codes(beyond) == ["volume_cap_reached"]


def test_only_a_studio_asks(house: Registry, performer_id: str) -> None:
    for principal in (house.operator, house.principal(Role.AUDITOR, "Ines", "Audit house")):
        with pytest.raises(ForbiddenError):
            clearances.ask_clearances(house.ctx, principal, [asked(performer_id)])


def test_a_clearance_is_nobody_elses_to_read(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio)
    given = ask(house, studio, asked(performer_id)).clearance
    with pytest.raises(NotFoundError):
        clearances.get_clearance(house.ctx, house.studio("Southlight"), given.id)
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    assert clearances.get_clearance(house.ctx, performer, given.id).token is None
    assert clearances.get_clearance(house.ctx, house.operator, given.id).token is None
    assert clearances.get_clearance(house.ctx, studio, given.id).token is not None


# --- what is permitted -----------------------------------------------------------------------------------------------


def test_a_permission_is_signed_with_its_scope_and_what_it_rests_on(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    _, licence_id = record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    assert answered.clearance.decision is Decision.PERMITTED
    said = token(house, answered)
    assert said.studio_id == studio.organisation_id
    assert said.wanted == asked(performer_id)
    assert (said.licence_id, said.licence_version) == (licence_id, 1)
    assert said.status_interval == timedelta(hours=1)
    assert said.expires_at <= house.clock() + timedelta(days=30)


def test_the_token_can_be_had_again_and_says_the_same(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    house.clock.move(hours=5)
    again = clearances.get_clearance(house.ctx, studio, answered.clearance.id)
    assert token(house, again) == token(house, answered)


def test_a_permission_never_outlives_the_licence_or_the_consent(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.consent(performer_id, expires_at=record.soon(days=3))
    record.licence(performer_id, studio)
    assert token(house, ask(house, studio, asked(performer_id))).expires_at <= record.soon(days=3)

    other = house.performer("Bea Holm")
    record.ready(other, studio, replace(TERMS, ends_on=house.clock().date()))
    ends = token(house, ask(house, studio, asked(other))).expires_at
    assert ends.date() == house.clock().date() + timedelta(days=1)
    assert (ends.hour, ends.minute) == (0, 0)


# --- whether it still holds ------------------------------------------------------------------------------------------


def test_it_holds_while_nothing_has_changed(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    house.clock.move(days=20)
    assert standing(house, studio, answered) == (ClearanceStanding.HOLDS, ["clearance_holds"])


def test_it_stops_holding_with_the_consent_and_does_not_come_back_with_another(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    consent_id, _ = record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    record.withdraw(consent_id)
    assert standing(house, studio, answered) == (ClearanceStanding.WITHDRAWN, ["consent_withdrawn"])
    house.clock.move(minutes=1)
    record.consent(performer_id)
    assert standing(house, studio, answered)[0] is ClearanceStanding.WITHDRAWN
    assert ask(house, studio, asked(performer_id)).clearance.decision is Decision.PERMITTED


def test_it_rests_while_the_licence_does(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    _, licence_id = record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    record.suspend(licence_id)
    assert standing(house, studio, answered) == (ClearanceStanding.WITHDRAWN, ["licence_suspended"])


def test_it_is_stale_once_the_terms_were_amended(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    _, licence_id = record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    record.amend(licence_id, replace(TERMS, media=TERMS.media | {Medium.ONLINE}))
    assert standing(house, studio, answered) == (ClearanceStanding.STALE, ["terms_replaced"])
    assert token(house, ask(house, studio, asked(performer_id))).licence_version == 2


def test_it_is_withdrawn_once_amended_terms_no_longer_permit_it(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    _, licence_id = record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    record.amend(licence_id, replace(TERMS, media=frozenset({Medium.ONLINE})))
    assert standing(house, studio, answered) == (ClearanceStanding.WITHDRAWN, ["media_not_permitted"])


def test_it_is_stale_once_its_own_time_is_over(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    house.clock.move(days=30)
    assert standing(house, studio, answered) == (ClearanceStanding.STALE, ["clearance_expired"])


def test_a_token_replayed_by_another_studio_is_unknown_to_it(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    thief = house.studio("Southlight")
    assert standing(house, thief, answered) == (ClearanceStanding.UNKNOWN, ["clearance_unknown"])


def test_one_bad_token_does_not_spoil_the_others(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio)
    good = ask(house, studio, asked(performer_id)).token
    assert good is not None
    head, _, tail = good.partition(".")
    forged = f"{head}.{tail[:10]}{'A' if tail[10] != 'A' else 'B'}{tail[11:]}"
    status = clearance_status.ask_status(house.ctx, studio, [forged, good, "nonsense", good])
    assert [told.stands.standing.value for told in status.told] == ["unknown", "holds", "unknown", "holds"]
    claims = verify(status.signed, dict(house.ctx.keys.signing_keys()), typ=STATUS_TYPE)
    assert list(ClearanceStatus.of_claims(claims).standings) == [status.told[1].clearance_id]


def test_a_status_is_no_token_and_a_token_is_no_status(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio)
    good = ask(house, studio, asked(performer_id)).token
    assert good is not None
    signed = clearance_status.ask_status(house.ctx, studio, [good]).signed
    (told,) = clearance_status.ask_status(house.ctx, studio, [signed]).told
    assert told.stands.standing is ClearanceStanding.UNKNOWN
    assert told.stands.reasons[0].figures["step"] == "type"


def test_an_answer_about_as_many_as_can_be_asked_about_at_once_can_be_checked_offline(house: Registry) -> None:
    countries = ", ".join(f"{first}{second}" for first in "ABCDEFGHIJ" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    long = Reason("territories_not_permitted", f"the licence's territories permit {countries}; ZZ is not among them")
    standings = {f"clr_{number:026d}": (ClearanceStanding.WITHDRAWN, long) for number in range(10_000)}
    status = ClearanceStatus("org_" + "0" * 26, house.clock().replace(microsecond=0), standings)
    signed = sign(house.ctx.keys, status.claims(), typ=STATUS_TYPE)
    assert ClearanceStatus.of_claims(verify(signed, dict(house.ctx.keys.signing_keys()), typ=STATUS_TYPE)) == status


def test_offline_a_permission_lasts_as_long_as_its_last_answer_is_fresh(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    consent_id, _ = record.ready(performer_id, studio)
    answered = ask(house, studio, asked(performer_id))
    said, keys = token(house, answered), dict(house.ctx.keys.signing_keys())

    def status() -> ClearanceStatus:
        signed = clearance_status.ask_status(house.ctx, studio, [str(answered.token)]).signed
        return ClearanceStatus.of_claims(verify(signed, keys, typ=STATUS_TYPE))

    assert accept(said, [], now=house.clock()).accepted
    house.clock.move(hours=1)
    assert accept(said, [], now=house.clock()).reasons[-1].code == "clearance_stale"
    fresh = status()
    assert accept(said, [fresh], now=house.clock()).accepted
    house.clock.move(minutes=30)
    record.withdraw(consent_id)
    assert accept(said, [fresh], now=house.clock()).accepted  # nobody has told it yet
    assert not accept(said, [fresh, status()], now=house.clock()).accepted
    house.clock.move(minutes=31)
    assert not accept(said, [fresh], now=house.clock()).accepted  # by now it had to ask


# --- approvals -------------------------------------------------------------------------------------------------------


def offer(record: OnRecord, fee_minor: int = 40_000, currency: str | None = "GBP", days: float = 7) -> Offer:
    return Offer(expires_at=record.soon(days=days), fee_minor=fee_minor, currency=currency)


def approved(house: Registry, studio: Principal, performer_id: str, record: OnRecord, copy: str = COPY) -> str:
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    wanted = asked(performer_id, copy_sha256=copy)
    approval = approvals.request_approval(house.ctx, studio, wanted, offer(record))
    return approvals.approve(house.ctx, performer, approval.id).id


def test_copy_that_was_not_approved_is_asked_about(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio, WITH_APPROVAL)
    answered = ask(house, studio, asked(performer_id, copy_sha256=COPY))
    assert answered.clearance.decision is Decision.ASK
    assert codes(answered) == ["copy_needs_approval"]
    assert answered.token is None
    assert codes(ask(house, studio, asked(performer_id))) == ["copy_needs_approval", "copy_not_declared"]


def test_an_approval_is_good_for_one_clearance(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio, WITH_APPROVAL)
    approval_id = approved(house, studio, performer_id, record)
    first, second = clearances.ask_clearances(house.ctx, studio, [asked(performer_id, copy_sha256=COPY)] * 2)
    assert first.clearance.decision is Decision.PERMITTED
    assert token(house, first).approval_id == approval_id
    assert second.clearance.decision is Decision.ASK
    again = ask(house, studio, asked(performer_id, copy_sha256=COPY))
    assert codes(again) == ["copy_needs_approval", "approval_does_not_serve"]
    assert again.clearance.reasons[1]["figures"]["state"] == "used"  # type: ignore[index]
    assert standing(house, studio, first)[0] is ClearanceStanding.HOLDS
    stored = approvals.get_approval(house.ctx, studio, approval_id)
    assert (stored.state, stored.clearance_id) == (ApprovalState.USED, first.clearance.id)


WIDE_WITH_APPROVAL = replace(
    WITH_APPROVAL,
    purposes=WITH_APPROVAL.purposes | {UsePurpose.NARRATION},
    use_modes=frozenset(UseMode),
    media=frozenset({Medium.RADIO, Medium.TELEVISION}),
    territories=frozenset({"GB", "US"}),
    derived_voices=Permission.WITH_APPROVAL,
    approval=ApprovalTerms(frozenset({UsePurpose.ADVERTISING, UsePurpose.NARRATION}), 40_000, "GBP"),
)
OTHER_USES: dict[str, object] = {
    "purpose": UsePurpose.NARRATION,
    "kind": UseKind.REFERENCE,
    "project": "Autumn",
    "medium": Medium.TELEVISION,
    "territory": "US",
    "language": "en-US",
    "use_mode": UseMode.REAL_TIME,
    "quantities": (Quantity(UsageUnit.LINE, 500),),
    "ai_disclosed": False,
}


@pytest.mark.parametrize("name", OTHER_USES)
def test_the_same_words_in_another_use_are_asked_about_anew_and_what_differs_is_named(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord, name: str
) -> None:
    record.ready(performer_id, studio, WIDE_WITH_APPROVAL)
    approved(house, studio, performer_id, record)
    answered = ask(house, studio, asked(performer_id, copy_sha256=COPY, **{name: OTHER_USES[name]}))
    assert answered.clearance.decision is Decision.ASK
    assert codes(answered) == ["copy_needs_approval", "approval_does_not_serve"]
    assert answered.clearance.reasons[1]["figures"]["differs"] == name  # type: ignore[index]
    same = ask(house, studio, asked(performer_id, copy_sha256=COPY, claimed_licence_ids=("lic_other",)))
    assert same.clearance.decision is Decision.PERMITTED


@pytest.mark.parametrize("changed", ["copy", "beyond"])
def test_an_approval_is_good_for_no_other_words_and_nothing_beyond(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord, changed: str
) -> None:
    record.ready(performer_id, studio, WIDE_WITH_APPROVAL)
    approved(house, studio, performer_id, record)
    wanted = {
        "copy": asked(performer_id, copy_sha256="b" * 64),
        "beyond": asked(performer_id, Beyond.DERIVED_VOICE, copy_sha256=COPY),
    }[changed]
    assert ask(house, studio, wanted).clearance.decision is Decision.ASK


def test_an_expired_approval_serves_nothing(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio, WITH_APPROVAL)
    approved(house, studio, performer_id, record)
    house.clock.move(days=7)
    again = ask(house, studio, asked(performer_id, copy_sha256=COPY))
    assert again.clearance.decision is Decision.ASK
    assert again.clearance.reasons[1]["figures"]["state"] == "expired"  # type: ignore[index]


def test_an_answer_that_comes_too_late_says_when_the_time_was_over(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio, WITH_APPROVAL)
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    waiting = approvals.request_approval(
        house.ctx, studio, asked(performer_id, copy_sha256=COPY), offer(record, days=1)
    )
    house.clock.move(days=1)
    with pytest.raises(ApprovalExpiredError) as refused:
        approvals.approve(house.ctx, performer, waiting.id)
    assert refused.value.figures["expired_at"] == house.clock().isoformat()


def test_an_approval_is_answered_once_and_by_the_performer_only(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio, WITH_APPROVAL)
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    waiting = approvals.request_approval(house.ctx, studio, asked(performer_id, copy_sha256=COPY), offer(record))
    for somebody in (studio, house.operator):
        with pytest.raises(ForbiddenError):
            approvals.approve(house.ctx, somebody, waiting.id)
    refused = approvals.refuse(house.ctx, performer, waiting.id, reason="not for betting")
    assert (refused.state, refused.refusal_reason) == (ApprovalState.REFUSED, "not for betting")
    with pytest.raises(ConflictError) as conflict:
        approvals.approve(house.ctx, performer, waiting.id)
    assert conflict.value.figures["state"] == "refused"
    assert ask(house, studio, asked(performer_id, copy_sha256=COPY)).clearance.decision is Decision.ASK


def test_a_performer_who_asks_to_be_asked_is_asked_though_the_licence_does_not_say_so(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.consent(performer_id, ASK)
    record.licence(performer_id, studio)
    assert codes(ask(house, studio, asked(performer_id, copy_sha256=COPY)))[0] == "performer_asks_first"
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    free = offer(record, fee_minor=0, currency=None)
    asking = approvals.request_approval(house.ctx, studio, asked(performer_id, copy_sha256=COPY), free)
    approvals.approve(house.ctx, performer, asking.id)
    answered = ask(house, studio, asked(performer_id, copy_sha256=COPY))
    assert answered.clearance.decision is Decision.PERMITTED
    assert standing(house, studio, answered)[0] is ClearanceStanding.HOLDS


def test_what_cannot_be_approved_is_not_put_before_the_performer(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio, WITH_APPROVAL)

    def request(wanted: WantedUse, given: Offer) -> None:
        approvals.request_approval(house.ctx, studio, wanted, given)

    with pytest.raises(UseRefusedError) as refused:
        request(asked(performer_id, copy_sha256=COPY, medium=Medium.GAME), offer(record))
    assert refused.value.figures["reasons"] == ["media_not_permitted"]
    with pytest.raises(FeeBelowFloorError) as low:
        request(asked(performer_id, copy_sha256=COPY), offer(record, fee_minor=39_999))
    assert low.value.figures["floor_minor"] == 40_000
    with pytest.raises(InvalidInputError):
        request(asked(performer_id, copy_sha256=COPY), offer(record, currency="EUR"))
    with pytest.raises(InvalidInputError):
        request(asked(performer_id), offer(record))
    with pytest.raises(InvalidInputError):
        request(asked(performer_id, copy_sha256=COPY), replace(offer(record), copy_text="Other words."))
    for days in (0.0, 91.0):
        with pytest.raises(InvalidInputError):
            request(asked(performer_id, copy_sha256=COPY), offer(record, days=days))
    assert not approvals.list_approvals(house.ctx, studio, state=None, after=None, limit=10)


def test_what_needs_no_approval_is_not_asked(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio)
    with pytest.raises(ConflictError):
        approvals.request_approval(house.ctx, studio, asked(performer_id, copy_sha256=COPY), offer(record))


# --- who must stop ---------------------------------------------------------------------------------------------------


def test_withdrawal_lists_every_clearance_with_the_time_by_which_its_holder_must_stop(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.ready(performer_id, studio)
    old = ask(house, studio, asked(performer_id)).clearance
    house.clock.move(days=30)
    given = ask(house, studio, asked(performer_id)).clearance
    ask(house, studio, asked(performer_id, medium=Medium.GAME))
    with house.ctx.database.read() as session:
        held = holders_of(session, performer_id, house.clock())
    cleared = {holder.id: holder for holder in held if holder.kind is HeldKind.CLEARANCE}
    assert list(cleared) == [given.id]
    assert old.id not in cleared
    assert cleared[given.id].organisation_name == "Northlight"
    assert cleared[given.id].stop_by == house.clock() + timedelta(hours=1)
