"""What was written to be kept is refused to every change by the database itself, whoever asks and however."""

from __future__ import annotations

from dataclasses import replace

import pytest
from paying import FLAT, licensed, paid_by
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from steps import Registry

from registry.domain.explanations.shipped import shipped_texts
from registry.services import explanation_texts


def refused(registry: Registry, statement: str) -> str:
    with pytest.raises(DBAPIError) as caught, registry.ctx.database.write() as session:
        session.execute(text(statement))
    return str(caught.value)


@pytest.mark.parametrize("statement", ["UPDATE ledger_entries SET amount_minor = 1", "DELETE FROM ledger_entries"])
def test_an_entry_of_the_ledger_is_neither_changed_nor_deleted(registry: Registry, statement: str) -> None:
    licensed(registry, registry.studio(), paid_by(FLAT))
    assert "an entry of the ledger is never changed" in refused(registry, statement)


@pytest.mark.parametrize("statement", ["UPDATE explanation_texts SET text = 'Other.'", "DELETE FROM explanation_texts"])
def test_a_text_that_performers_were_told_is_neither_changed_nor_deleted(registry: Registry, statement: str) -> None:
    own = replace(shipped_texts()["monitoring.en.v1"], version="own-1")
    explanation_texts.register_text(registry.ctx, registry.operator, own)
    assert "a text that was registered is never changed" in refused(registry, statement)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE licence_versions SET intended_use = 'All'", "a version that was offered is never changed"),
        ("UPDATE licence_versions SET title = 'Another'", "a version that was offered is never changed"),
        ("UPDATE licence_signatures SET signed_at = NULL", "a signature is never changed"),
    ],
)
def test_what_was_offered_and_signed_is_never_changed(registry: Registry, statement: str, words: str) -> None:
    licensed(registry, registry.studio(), paid_by(FLAT))
    assert words in refused(registry, statement)
