"""Versions of a licence: what each says, what changed from one to the next, and what can be taken along of each."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Final

from flask import Response

from api.answers import file
from api.pages.language import language
from api.pages.personal import page_of, personal, stands_for
from api.pages.studio.licences import LICENCES
from api.pages.terms import Change, changed
from api.state import context, principal
from registry.services import licence_versions, people
from registry.store.licence_versions import LicenceVersion

_ALL: Final = f"{LICENCES}/<id:licence_id>/versions"
_OPERATION: Final = "/v1/licences/{licence_id}/versions"
_VERSION: Final = f"{_OPERATION}/{{number}}"


@personal.get(_ALL)
@stands_for(f"GET {_OPERATION}", f"GET {_VERSION}", f"GET {_VERSION}/text")
def show_licence_versions(licence_id: str) -> Response:
    """Show every version of a licence, the newest first, with its signatures and what it says otherwise than before."""
    found = licence_versions.list_versions(context(), principal(), licence_id)
    texts = [each[language()] for each in licence_versions.texts_of_versions(context(), found)]
    changes: list[list[Change]] = [
        [],
        *(changed(before, after) for before, after in pairwise(texts)),
    ]
    signers = {each.signed_by for version in found for each in version.signatures}
    names = people.accounts_named(context(), signers | {version.created_by for version in found})
    return page_of(
        "studio/licence_versions",
        licence_id=licence_id,
        versions=list(reversed(list(zip(found, changes, strict=True)))),
        names=names,
    )


@personal.get(f"{_ALL}/<int:number>/text")
@stands_for(f"GET {_VERSION}/text")
def get_version_text(licence_id: str, number: int) -> Response:
    """Answer the human text of a version in the reader's language, in Markdown, to be kept."""
    version, text = licence_versions.text_of(context(), principal(), licence_id, language=language(), number=number)
    return file(text.encode(), "text/markdown", f"{_name(version)}.{language()}.md")


@personal.get(f"{_ALL}/<int:number>/agreement")
@stands_for(f"GET {_VERSION}/agreement")
def get_version_agreement(licence_id: str, number: int) -> Response:
    """Answer what both sides sign of a version, as JSON."""
    version = licence_versions.get_version(context(), principal(), licence_id, number)
    agreement = licence_versions.agreement_of(context(), principal(), licence_id, number)
    return file(_json(agreement), "application/json", f"{_name(version)}.agreement.json")


@personal.get(f"{_ALL}/<int:number>/odrl")
@stands_for(f"GET {_VERSION}/odrl")
def get_version_odrl(licence_id: str, number: int) -> Response:
    """Answer a version as W3C ODRL 2.2 in JSON-LD."""
    version = licence_versions.get_version(context(), principal(), licence_id, number)
    policy = licence_versions.odrl_of_version(context(), principal(), licence_id, number)
    return file(_json(policy), "application/ld+json", f"{_name(version)}.odrl.json")


@personal.get(f"{_ALL}/<int:number>/signed")
@stands_for(f"GET {_VERSION}/signed")
def get_signed_version(licence_id: str, number: int) -> Response:
    """Answer a version with its texts and signatures as one signed file that can be checked anywhere."""
    version = licence_versions.get_version(context(), principal(), licence_id, number)
    token = licence_versions.signed_licence(context(), principal(), licence_id, number)
    return file(f"{token}\n".encode(), "application/jose", f"{_name(version)}.jws")


def _name(version: LicenceVersion) -> str:
    return f"{version.licence_id}-{version.number}"


def _json(document: object) -> bytes:
    return f"{json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()
