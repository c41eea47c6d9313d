"""Reading licence terms from the JSON documents that `registry.domain.terms_document` writes, of every version.

Version 1, from before use modes, caps, approvals and circumstances, is still read: what it did not know has the reading
that permits least, but an assistant was always one that answers in real time.
"""

from __future__ import annotations

from dataclasses import fields

from registry.domain.reading import Node
from registry.domain.terms import (
    ApprovalTerms,
    Attribution,
    Circumstances,
    CollectiveAgreement,
    Disclosure,
    Exclusivity,
    Label,
    LicenceTerms,
    Marking,
    Multiplier,
    PayBasis,
    PayTerms,
    Permission,
    Rate,
    ReplicaClass,
    Representation,
    RepresentationKind,
    VolumeCap,
)
from registry.domain.terms_document import TYPE, VERSION
from registry.domain.uses import Medium, UsageUnit, UseMode, UsePurpose


def terms_of_json(value: object) -> LicenceTerms:
    """Read terms from a document of any version.

    Raises:
        InvalidInputError: it is no such document, of an unknown version, or says something that no terms can hold;
            figure ``pointer`` where it is a member that is wrong.
    """
    node = Node(value)
    return _terms_1(node) if node.tagged(TYPE, {1, VERSION}) == 1 else _terms_2(node)


_FIELDS = ("type", "version", *(field.name for field in fields(LicenceTerms)))
_FIELDS_1 = ("type", "version", "purposes", "media", "territories", "languages", "projects")
_FIELDS_1_TERM = ("starts_on", "ends_on", "exclusivity", "pay")


def _terms_1(node: Node) -> LicenceTerms:
    node.only(*_FIELDS_1, *_FIELDS_1_TERM)
    purposes = node.member("purposes").set_of(_purpose)
    answers_people = {UseMode.REAL_TIME} if UsePurpose.ASSISTANT in purposes else set()
    return LicenceTerms(
        purposes=purposes,
        media=node.member("media").set_of(_medium),
        territories=node.member("territories").set_of(Node.text),
        languages=node.member("languages").set_of(Node.text),
        starts_on=node.member("starts_on").day(),
        ends_on=node.member("ends_on").day(),
        exclusivity=node.member("exclusivity").one_of(Exclusivity),
        pay=_pay_1(node.member("pay")),
        projects=_projects(node),
        use_modes=frozenset({UseMode.FIXED, *answers_people}),
    )


def _pay_1(node: Node) -> PayTerms:
    node.only("basis", "amount_minor", "currency", "due_within_days")
    return PayTerms(
        rates=(_rate_of(node),),
        currency=_text(node.maybe("currency")),
        due_within_days=node.member("due_within_days").integer(),
    )


def _terms_2(node: Node) -> LicenceTerms:
    node.only(*_FIELDS)
    replica_class, approval, attribution = (
        node.maybe("replica_class"),
        node.maybe("approval"),
        node.maybe("attribution"),
    )
    return LicenceTerms(
        purposes=node.member("purposes").set_of(_purpose),
        media=node.member("media").set_of(_medium),
        territories=node.member("territories").set_of(Node.text),
        languages=node.member("languages").set_of(Node.text),
        starts_on=node.member("starts_on").day(),
        ends_on=node.member("ends_on").day(),
        exclusivity=node.member("exclusivity").one_of(Exclusivity),
        pay=pay_of_json(node.member("pay")),
        projects=_projects(node),
        replica_class=None if replica_class is None else replica_class.one_of(ReplicaClass),
        use_modes=node.member("use_modes").set_of(lambda mode: mode.one_of(UseMode)),
        intended_uses=node.member("intended_uses").each(Node.text),
        volume_caps=node.member("volume_caps").each(_cap),
        approval=None if approval is None else _approval(approval),
        attribution=None
        if attribution is None
        else Attribution(attribution.only("credit_line").member("credit_line").text()),
        sublicensing=node.member("sublicensing").one_of(Permission),
        derived_voices=node.member("derived_voices").one_of(Permission),
        improves_models=node.member("improves_models").truth(),
        disclosure=_disclosure(node.member("disclosure")),
        circumstances=circumstances_of_json(node.member("circumstances")),
    )


def pay_of_json(node: Node) -> PayTerms:
    """Read the terms on pay."""
    node.only("rates", "currency", "minimum_guarantee_minor", "multipliers", "due_within_days")
    return PayTerms(
        rates=node.member("rates").each(lambda rate: _rate_of(rate.only("basis", "amount_minor"))),
        currency=_text(node.maybe("currency")),
        minimum_guarantee_minor=node.member("minimum_guarantee_minor").integer(),
        multipliers=node.member("multipliers").each(_multiplier),
        due_within_days=node.member("due_within_days").integer(),
    )


def _rate_of(node: Node) -> Rate:
    return Rate(node.member("basis").one_of(PayBasis), node.member("amount_minor").integer())


def _multiplier(node: Node) -> Multiplier:
    factor = node.member("factor").decimal()
    if mode := node.only("use_mode", "medium", "factor").maybe("use_mode"):
        node.only("use_mode", "factor")
        return Multiplier(mode.one_of(UseMode), factor)
    return Multiplier(_medium(node.member("medium")), factor)


def _cap(node: Node) -> VolumeCap:
    node.only("unit", "limit")
    return VolumeCap(node.member("unit").one_of(UsageUnit), node.member("limit").integer())


def _approval(node: Node) -> ApprovalTerms:
    node.only("purposes", "floor_minor", "currency")
    purposes, floor = node.member("purposes").set_of(_purpose), node.member("floor_minor").integer()
    return ApprovalTerms(purposes, floor, _text(node.maybe("currency")))


def _disclosure(node: Node) -> Disclosure:
    node.only("markings", "labels", "artistic_exception")
    return Disclosure(
        markings=node.member("markings").set_of(lambda marking: marking.one_of(Marking)),
        labels=node.member("labels").each(_label),
        artistic_exception=node.member("artistic_exception").truth(),
    )


def _label(node: Node) -> Label:
    node.only("language", "text")
    return Label(node.member("language").text(), node.member("text").text())


def circumstances_of_json(node: Node) -> Circumstances:
    """Read the circumstances of a licence."""
    node.only(*(field.name for field in fields(Circumstances)))
    representation = node.member("representation").only("kind", "name")
    cba, of_age_on = node.maybe("cba"), node.maybe("of_age_on")
    kept, told = node.maybe("raw_audio_retention_days"), node.maybe("purpose_represented_at_recording")
    return Circumstances(
        replaces_in_person_work=node.member("replaces_in_person_work").truth(),
        representation=Representation(
            representation.member("kind").one_of(RepresentationKind), _text(representation.maybe("name"))
        ),
        cba=None if cba is None else _cba(cba),
        of_age_on=None if of_age_on is None else of_age_on.day(),
        minor_court_approval_ref=_text(node.maybe("minor_court_approval_ref")),
        clear_and_conspicuous=node.member("clear_and_conspicuous").truth(),
        separately_signed=node.member("separately_signed").truth(),
        security_controls=_text(node.maybe("security_controls")),
        raw_audio_retention_days=None if kept is None else kept.integer(),
        training_sublicence_notice=node.member("training_sublicence_notice").truth(),
        purpose_represented_at_recording=None if told is None else told.set_of(_purpose),
        governing_law=_text(node.maybe("governing_law")),
    )


def _cba(node: Node) -> CollectiveAgreement:
    node.only("name", "section", "version", "addresses_replicas")
    return CollectiveAgreement(
        name=node.member("name").text(),
        section=_text(node.maybe("section")),
        version=_text(node.maybe("version")),
        addresses_replicas=node.member("addresses_replicas").truth(),
    )


def _projects(node: Node) -> frozenset[str] | None:
    """Every project is permitted only where the member is there and null."""
    projects = node.member("projects")
    return None if projects.value is None else projects.set_of(Node.text)


def _purpose(node: Node) -> UsePurpose:
    return node.one_of(UsePurpose)


def _medium(node: Node) -> Medium:
    return node.one_of(Medium)


def _text(node: Node | None) -> str | None:
    return None if node is None else node.text()
