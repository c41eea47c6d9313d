"""Contracts as files: what `likeness licence lint` reads before there is any licence."""

from __future__ import annotations

from registry.domain.reading import Node
from registry.domain.rules.catalogue import Contract, Parties
from registry.domain.terms_document import TYPE as TERMS_TYPE
from registry.domain.terms_reading import terms_of_json

TYPE, VERSION = "contract", 1


def contract_of_json(value: object) -> Contract:
    """Read a contract, or terms alone.

    A contract is an object with ``"type": "contract"`` and ``"version": 1``: ``terms`` as licences have them,
    ``description`` (what the voice will be used for, in words) and ``parties`` (``minor``, ``adult_on``, ``deceased``),
    the last two as far as they are known.

    Raises:
        InvalidInputError: it is neither; figure ``pointer`` where it is a member that is wrong.
    """
    node = Node(value)
    if node.member("type").value == TERMS_TYPE:
        return Contract(terms_of_json(value))
    node.tagged(TYPE, {VERSION})
    node.only("type", "version", "description", "parties", "terms")
    description, parties = node.maybe("description"), node.maybe("parties")
    return Contract(
        terms=terms_of_json(node.member("terms").value),
        parties=Parties() if parties is None else _parties(parties),
        description="" if description is None else description.text(),
    )


def _parties(node: Node) -> Parties:
    node.only("minor", "adult_on", "deceased")
    minor, adult_on, deceased = node.maybe("minor"), node.maybe("adult_on"), node.maybe("deceased")
    return Parties(
        minor=None if minor is None else minor.truth(),
        adult_on=None if adult_on is None else adult_on.day(),
        deceased=None if deceased is None else deceased.truth(),
    )
