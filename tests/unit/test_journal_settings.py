"""Keys of witnesses are read when a process starts, and refused when they are none."""

from __future__ import annotations

import pytest

from registry.errors import SettingsError
from registry.journal.note import KeyKind
from registry.settings import load_settings

WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
NOTE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


@pytest.mark.parametrize(
    ("said", "why"),
    [("witness.example", "verifier key"), (f"{WITNESS},x", "verifier key"), (NOTE_KEY, "its kind is 1, not 4")],
)
def test_what_is_not_the_key_of_a_witness_is_refused(monkeypatch: pytest.MonkeyPatch, said: str, why: str) -> None:
    monkeypatch.setenv("LIKENESS_JOURNAL_WITNESSES", said)
    with pytest.raises(SettingsError, match=why) as caught:
        load_settings()
    assert caught.value.figures["setting"] == "LIKENESS_JOURNAL_WITNESSES"


def test_several_witnesses_stand_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIKENESS_JOURNAL_WITNESSES", f" {WITNESS} , {WITNESS}, ")
    assert [(key.name, key.kind) for key in load_settings().witnesses] == [("remora.n621.de", KeyKind.COSIGNATURE)] * 2
    monkeypatch.delenv("LIKENESS_JOURNAL_WITNESSES")
    assert load_settings().witnesses == ()
