"""Running a page at a registry of its own: a performer, a studio, and a licence between them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from pages import blocks
from shell import Ran, run_bash

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "services"))

from migrated import migrate
from paying import paid_by
from steps import Clock, Registry

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.consents import ConsentPurpose
from registry.domain.terms import PayBasis, PayTerms, Rate
from registry.settings import Settings
from registry.vault.keys import FileKeyring

_VARYING = re.compile(r"[a-z]{2,4}_[0-9a-z]{26}|\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")
_MARK = "=== block ==="


def furnished(home: Path) -> Mapping[str, str]:
    """Make a registry in a folder; answer the variables that a page may use."""
    home.mkdir()
    settings = Settings(home=home)
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    migrate(settings)
    clock = Clock(utc_now())
    with build_context(settings, clock=clock) as ctx:
        registry = Registry(ctx, clock)
        studio, performer_id = registry.studio(), registry.performer()
        registry.sign(performer_id, ConsentPurpose.LICENSING)
        today = clock().date()
        pay = PayTerms((Rate(PayBasis.FLAT, 450_000), Rate(PayBasis.PER_LINE, 250)), "GBP")
        terms = replace(paid_by(pay), starts_on=today - timedelta(days=9), ends_on=today + timedelta(days=300))
        licence = registry.licence(performer_id, studio, terms)
    return {
        "LIKENESS_HOME": str(home),
        "PERFORMER": performer_id,
        "STUDIO": licence.studio_id,
        "LICENCE": licence.id,
        "COLUMNS": "120",
    }


def followed(page: str, here: Path, variables: Mapping[str, str]) -> tuple[Ran, list[tuple[str, str]]]:
    """Run every bash block of a page, in order; answer what each that is followed by a text block said, and shows."""
    shown = [block for block in blocks(page) if block.language in {"bash", "text"}]
    commands = [block.text for block in shown if block.language == "bash"]
    script = "".join(f"{command}\necho '{_MARK}'\n" for command in commands)
    ran = run_bash(script, cwd=here, settings=variables)
    said = iter(ran.out.split(f"{_MARK}\n"))
    pairs = []
    for block in shown:
        if block.language == "bash":
            last = next(said, "")
        else:
            pairs.append((plain(last), plain(block.text)))
    return ran, pairs


def plain(text: str) -> str:
    """Answer a text without what differs from run to run: ids, days and moments, and spaces at the ends of lines."""
    return "\n".join(_VARYING.sub("…", line).rstrip() for line in text.strip().splitlines())
