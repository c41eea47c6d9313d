"""Licence terms as W3C ODRL 2.2 in JSON-LD, and back: nothing is lost on the way.

What ODRL has a word for is said with it: purpose, media, spatial, language, dateTime and count as constraints;
compensate, attribute, inform and obtainConsent as duties; grantUse and derive as permission or prohibition. What it has
none for is said in the profile `PROFILE`, under the prefix ``lk``. Conflicts prohibit.

Reading is strict: a policy of another profile, or one that says something this reader does not know, is refused. A
constraint that were passed over would permit more than was agreed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from registry.domain.iso import CURRENCIES
from registry.domain.reading import Node
from registry.domain.terms import LicenceTerms, PayTerms, Permission
from registry.domain.terms_document import TYPE, VERSION, Json, terms_json
from registry.domain.terms_reading import terms_of_json
from registry.errors import InvalidInputError

PROFILE = "urn:likeness-registry:odrl:1"
CONTEXT = ["http://www.w3.org/ns/odrl.jsonld", {"lk": f"{PROFILE}#", "xsd": "http://www.w3.org/2001/XMLSchema#"}]
_URN = "urn:likeness-registry"
_CURRENCY = "urn:iso:std:iso:4217:"
_ASKING = {"action": "obtainConsent"}
_AMOUNT = re.compile(r"[0-9]{1,16}(\.[0-9]{1,4})?", re.ASCII)
"""As `_compensate` writes it: no sign, no exponent, and no more digits than an amount can have."""

_LISTS = {
    "purposes": "purpose",
    "media": "media",
    "territories": "spatial",
    "languages": "language",
    "projects": "lk:project",
    "use_modes": "lk:useMode",
}
"""Terms that are lists of what is permitted, and the operand that each constrains."""

_DAYS = {"starts_on": "gteq", "ends_on": "lteq"}
_ACTIONS = {"sublicensing": "grantUse", "derived_voices": "derive"}
_OWN = ("exclusivity", "replica_class", "intended_uses", "circumstances")


@dataclass(frozen=True, slots=True)
class PolicyParties:
    """What a policy names beside the terms.

    Attributes:
        licence_id, number: which licence, and which version of it.
        performer_id, studio_id: its parties.
        agreed: whether both have signed it; it is an offer otherwise.
    """

    licence_id: str
    number: int
    performer_id: str
    studio_id: str
    agreed: bool


# --- writing ---------------------------------------------------------------------------------------------------------


def odrl_of(terms: LicenceTerms, parties: PolicyParties) -> Json:
    """Write terms as an ODRL agreement or offer.

    Raises:
        InvalidInputError: an amount is in a currency that ISO 4217 does not know.
    """
    document = terms_json(terms)
    voice = f"{_URN}:performer:{parties.performer_id}:voice"
    permitted, prohibited = _extra_rules(terms, voice)
    return {
        "@context": CONTEXT,
        "@type": "Agreement" if parties.agreed else "Offer",
        "uid": f"{_URN}:licence:{parties.licence_id}:{parties.number}",
        "profile": PROFILE,
        "conflict": "prohibit",
        "assigner": f"{_URN}:performer:{parties.performer_id}",
        "assignee": f"{_URN}:organisation:{parties.studio_id}",
        "permission": [_main_rule(terms, document, voice), *permitted],
        "prohibition": prohibited,
        "lk:terms": {name: document[name] for name in _OWN},
    }


def _main_rule(terms: LicenceTerms, document: Json, voice: str) -> Json:
    return {
        "target": voice,
        "action": "use",
        "constraint": list(_constraints(document)),
        "duty": list(_duties(terms, document)),
        "lk:pay": _pay_beside_rates(document),
    }


def _constraints(document: Json) -> Iterator[Json]:
    for term, operand in _LISTS.items():
        if document[term] is not None:  # every project is permitted: no constraint
            yield {"leftOperand": operand, "operator": "isAnyOf", "rightOperand": document[term]}
    for term, operator in _DAYS.items():
        day = {"@value": document[term], "@type": "xsd:date"}
        yield {"leftOperand": "dateTime", "operator": operator, "rightOperand": day}
    for cap in _objects(document["volume_caps"]):
        unit = f"lk:{cap['unit']}"
        yield {"leftOperand": "count", "operator": "lteq", "rightOperand": cap["limit"], "unit": unit}


def _objects(listed: object) -> Iterable[Mapping[str, object]]:
    return listed if isinstance(listed, list) else []


def _duties(terms: LicenceTerms, document: Json) -> Iterator[Json]:
    if not terms.pay.is_unpaid:
        yield from (_compensate(terms.pay, rate.basis.value, rate.amount_minor) for rate in terms.pay.rates)
    if terms.approval is not None:
        yield {**_ASKING, "lk:approval": document["approval"]}
    if terms.attribution is not None:
        yield {"action": "attribute", "lk:attribution": document["attribution"]}
    yield {"action": "inform", "lk:disclosure": document["disclosure"]}


def _compensate(pay: PayTerms, basis: str, amount_minor: int) -> Json:
    digits = CURRENCIES.get(pay.currency or "")
    if digits is None:
        raise InvalidInputError(f"{pay.currency} is no currency of ISO 4217", currency=pay.currency)
    amount = {"@value": f"{Decimal(amount_minor).scaleb(-digits):f}", "@type": "xsd:decimal"}
    owed = {"leftOperand": "payAmount", "operator": "eq", "rightOperand": amount, "unit": f"{_CURRENCY}{pay.currency}"}
    return {"action": "compensate", "constraint": [owed], "lk:basis": basis}


def _pay_beside_rates(document: Json) -> Json:
    pay = document["pay"]
    return {name: value for name, value in pay.items() if name != "rates"} if isinstance(pay, dict) else {}


def _extra_rules(terms: LicenceTerms, voice: str) -> tuple[list[Json], list[Json]]:
    """Answer what is permitted, and what is prohibited, beside the use itself."""
    permitted: list[Json] = []
    prohibited: list[Json] = []
    for term, action in _ACTIONS.items():
        answer: Permission = getattr(terms, term)
        rule: Json = {"target": voice, "action": action}
        if answer is Permission.REFUSED:
            prohibited.append(rule)
        else:
            permitted.append(rule if answer is Permission.PERMITTED else {**rule, "duty": [dict(_ASKING)]})
    (permitted if terms.improves_models else prohibited).append({"target": voice, "action": "lk:improveModels"})
    return permitted, prohibited


# --- reading ---------------------------------------------------------------------------------------------------------


def terms_of_odrl(value: object) -> LicenceTerms:
    """Read terms from a policy that `odrl_of` could have written. Its uid and its parties are not read.

    Every rule is about one and the same target: rules about another voice are no terms of this one.

    Raises:
        InvalidInputError: another profile, something this reader does not know, or terms that no licence can hold;
            figure ``pointer`` where it is a member that is wrong.
    """
    policy = Node(value).only(
        "@context",
        "@type",
        "uid",
        "profile",
        "conflict",
        "assigner",
        "assignee",
        "permission",
        "prohibition",
        "lk:terms",
    )
    _require(policy.member("@context"), CONTEXT)
    _require(policy.member("profile"), PROFILE)
    _require(policy.member("conflict"), "prohibit")
    if policy.member("@type").text() not in {"Agreement", "Offer"}:
        raise policy.member("@type").refuse("an Agreement or an Offer is needed")
    main, *permitted = list(policy.member("permission").items()) or [policy.member("permission")]
    main.only("target", "action", "constraint", "duty", "lk:pay")
    _require(main.member("action"), "use")
    prohibited = list(policy.member("prohibition").items())
    for rule in (*permitted, *prohibited):
        _require(rule.member("target"), main.member("target").text())
    own = policy.member("lk:terms").only(*_OWN)
    document: Json = {
        "type": TYPE,
        "version": VERSION,
        **{name: own.member(name).value for name in _OWN},
        **_read_constraints(main.member("constraint")),
        **_read_duties(main),
        **_read_extra_rules(permitted, prohibited),
    }
    return terms_of_json(document)


def _require(node: Node, wanted: object) -> None:
    if node.value != wanted:
        raise node.refuse(f"this must be {wanted}")


def _read_constraints(listed: Node) -> Json:
    """Read every constraint; each but the caps at most once, and none but the projects may be missing."""
    found: Json = {}
    caps: list[Json] = []
    terms = {operand: term for term, operand in _LISTS.items()}
    days = {operator: term for term, operator in _DAYS.items()}
    for node in listed.items():
        operand = node.only("leftOperand", "operator", "rightOperand", "unit").member("leftOperand").text()
        operator = node.member("operator").text()
        if operand == "count" and operator == "lteq":
            limit = node.member("rightOperand").integer()
            caps.append({"unit": _without(node.member("unit"), "lk:"), "limit": limit})
            continue
        node.only("leftOperand", "operator", "rightOperand")
        if operand in terms and operator == "isAnyOf":
            term, said = terms[operand], node.member("rightOperand").value
        elif operand == "dateTime" and operator in days:
            term, said = days[operator], _typed(node.member("rightOperand"), "xsd:date")
        else:
            raise node.refuse(f"a constraint {operand} {operator} is not known here")
        if term in found:
            raise node.refuse(f"{operand} {operator} is constrained twice")
        found[term] = said
    for term in (*_LISTS, *_DAYS):
        if term not in found and term != "projects":
            raise listed.refuse(f"no constraint says the {term}; what is not said is not permitted")
    return {"projects": None, **found, "volume_caps": caps}


def _without(node: Node, prefix: str) -> str:
    text = node.text()
    if not text.startswith(prefix):
        raise node.refuse(f"this begins with {prefix}")
    return text.removeprefix(prefix)


def _typed(node: Node, wanted: str) -> str:
    _require(node.only("@value", "@type").member("@type"), wanted)
    return node.member("@value").text()


def _read_duties(main: Node) -> Json:
    own = {"obtainConsent": "approval", "attribute": "attribution", "inform": "disclosure"}
    found: Json = {}
    rates: list[Json] = []
    pay = main.member("lk:pay").only("currency", "minimum_guarantee_minor", "multipliers", "due_within_days")
    for node in main.member("duty").items():
        action = node.member("action").text()
        if action == "compensate":
            rates.append(_read_rate(node, pay.member("currency")))
        elif action in own and own[action] not in found:
            found[own[action]] = node.only("action", f"lk:{own[action]}").member(f"lk:{own[action]}").value
        else:
            raise node.refuse(f"the duty {action} is not known here, or stands twice")
    if "disclosure" not in found:
        raise main.member("duty").refuse("the duty inform is missing")
    members = pay.value if isinstance(pay.value, dict) else {}
    said = {**members, "rates": rates or [{"basis": "none", "amount_minor": 0}]}
    return {"approval": None, "attribution": None, **found, "pay": said}


def _read_rate(node: Node, currency: Node) -> Json:
    node.only("action", "constraint", "lk:basis")
    listed = list(node.member("constraint").items())
    if len(listed) != 1:
        raise node.refuse("one payAmount is needed")
    owed = listed[0].only("leftOperand", "operator", "rightOperand", "unit")
    _require(owed.member("leftOperand"), "payAmount")
    _require(owed.member("operator"), "eq")
    code = _without(owed.member("unit"), _CURRENCY)
    if code != currency.value or code not in CURRENCIES:
        raise owed.member("unit").refuse(f"{code} is not the currency of this licence")
    return {"basis": node.member("lk:basis").value, "amount_minor": _minor(owed.member("rightOperand"), code)}


def _minor(node: Node, currency: str) -> int:
    written = _typed(node, "xsd:decimal")
    if not _AMOUNT.fullmatch(written):
        raise node.refuse("an amount such as 12.50 is needed, of at most 16 digits before the point")
    amount = Decimal(written).scaleb(CURRENCIES[currency])
    if amount != amount.to_integral_value():
        raise node.refuse(f"{currency} has no smaller unit than its minor unit")
    return int(amount)


def _read_extra_rules(permitted: list[Node], prohibited: list[Node]) -> Json:
    """Read what is permitted or prohibited beside the use: each action exactly once."""
    terms = {action: term for term, action in _ACTIONS.items()} | {"lk:improveModels": "improves_models"}
    found: Json = {}
    for node, answer in [(n, Permission.PERMITTED) for n in permitted] + [(n, Permission.REFUSED) for n in prohibited]:
        action = node.only("target", "action", "duty").member("action").text()
        if action not in terms or terms[action] in found:
            raise node.refuse(f"the action {action} is not known here, or stands twice")
        asked = [duty.value for duty in node.member("duty").items()] if node.maybe("duty") else []
        if asked not in ([], [_ASKING]) or (asked and answer is Permission.REFUSED):
            raise node.refuse("no duty but obtainConsent is known here, and none on what is prohibited")
        found[terms[action]] = (Permission.WITH_APPROVAL if asked else answer).value
    if missing := sorted(set(terms.values()) - set(found)):
        raise InvalidInputError(f"nothing is said of {', '.join(missing)}", missing=missing)
    if found["improves_models"] == Permission.WITH_APPROVAL.value:
        raise InvalidInputError("improving models is permitted or not, and nothing between")
    return {**found, "improves_models": found["improves_models"] == Permission.PERMITTED.value}
