"""Scopes in words: what a token may do, as people say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.pages.language import N_
from registry.domain.accounts import Scope

SCOPES: Final[Mapping[Scope, str]] = {
    Scope.ACCOUNTS_READ: N_("read accounts"),
    Scope.ACCOUNTS_WRITE: N_("add and disable accounts"),
    Scope.TOKENS_WRITE: N_("make and revoke tokens, end sessions"),
    Scope.PERFORMERS_READ: N_("read performers' records"),
    Scope.PERFORMERS_WRITE: N_("change performers' records"),
    Scope.CONSENTS_WRITE: N_("give and take back consents"),
    Scope.ENROLMENTS_WRITE: N_("enrol voices"),
    Scope.LICENCES_READ: N_("read licences"),
    Scope.LICENCES_WRITE: N_("draft, offer and sign licences"),
    Scope.CLEARANCES_READ: N_("read clearances and approvals"),
    Scope.CLEARANCES_WRITE: N_("ask for clearances and approvals, and answer them"),
    Scope.APPROACHES_WRITE: N_("note who asked a performer"),
    Scope.ATTESTATIONS_READ: N_("read attestations of sources"),
    Scope.ATTESTATIONS_WRITE: N_("attest sources"),
    Scope.PROPOSALS_READ: N_("read proposals of changes"),
    Scope.PROPOSALS_WRITE: N_("propose and approve changes"),
    Scope.LEDGER_READ: N_("read use and pay"),
    Scope.LEDGER_WRITE: N_("report use and payments"),
    Scope.RETENTION_WRITE: N_("destroy what is past its time"),
    Scope.CHECKS_READ: N_("read checks"),
    Scope.CHECKS_WRITE: N_("submit checks"),
    Scope.FINDINGS_READ: N_("read findings"),
    Scope.JOURNAL_READ: N_("read the journal of records"),
    Scope.WEBHOOKS_READ: N_("read webhooks"),
    Scope.WEBHOOKS_WRITE: N_("add, change and test webhooks"),
    Scope.SCANS_READ: N_("read scans"),
    Scope.SCANS_WRITE: N_("ask for scans and file them"),
    Scope.REVIEWS_WRITE: N_("decide what becomes of findings"),
    Scope.CASES_READ: N_("read cases"),
    Scope.CASES_WRITE: N_("open cases and speak in them"),
}
