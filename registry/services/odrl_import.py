"""Reading terms from ODRL, for a draft: what was read is held against everything that drafted terms are."""

from __future__ import annotations

from registry.domain.accounts import Principal, Scope
from registry.domain.contradictions import require_consistent
from registry.domain.terms import LicenceTerms
from registry.domain.terms_document import terms_sha256
from registry.interchange.odrl import terms_of_odrl


def terms_from_policy(principal: Principal, policy: object) -> tuple[LicenceTerms, str]:
    """Answer the terms of a policy, and the digest of their document. Nothing is kept.

    Raises:
        ForbiddenError: the caller drafts no licences.
        InvalidInputError: not a policy of the registry's profile; figure ``pointer``.
        TermsContradictError: the terms cannot all be meant.
    """
    principal.require(Scope.LICENCES_WRITE)
    terms = terms_of_odrl(policy)
    require_consistent(terms)
    return terms, terms_sha256(terms)
