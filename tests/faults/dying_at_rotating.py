"""The verbs that rotate and retire keys, for a process that dies at every commit of one: see `dying`.

They have many commits, and change the keyring's file between them: what the file is at each is what a crash leaves.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from dying import COMMIT, Death, Subjects, Verb, attempt, copied, in_a_child

from registry.cli.operator import choose_operator
from registry.domain.house_keys import Purpose
from registry.logs import configure_logs
from registry.services import house_keys, key_rotation
from registry.services.context import Context
from registry.vault.house import FileHouse
from registry.vault.keyring_file import KeyringFile


def house_of(ctx: Context) -> FileHouse:
    """Answer the keys of a registry on SQLite: the keyring lies beside its database."""
    return FileHouse(KeyringFile(Path(str(ctx.database.engine.url.database)).with_name("keyring.json")))


def rotate(ctx: Context, _: Subjects) -> None:
    """Rotate every kind of key."""
    for purpose in Purpose:
        key_rotation.rotate_key(ctx, choose_operator(ctx, None), house_of(ctx), purpose)


def retire(ctx: Context, subjects: Subjects) -> None:
    """Take an old key out of the keyring."""
    house = house_of(ctx)
    to = Path(str(ctx.database.engine.url.database)).with_name("retired.json")
    house_keys.retire_key(ctx, choose_operator(ctx, None), house, subjects["key"], to=to)


VERBS: Mapping[str, Verb] = {"rotate": rotate, "retire": retire}


def main() -> None:
    """Be the program: die before and after every commit of a verb, and print the table."""
    configure_logs("error")  # to standard error: what is printed is the table
    home, verb, subjects = Path(sys.argv[1]), VERBS[sys.argv[2]], json.loads(sys.argv[3])
    writes = attempt(copied(home, "counted"), verb, subjects, None)
    deaths = []
    for number in (number for number, what in enumerate(writes, 1) if what == COMMIT):
        for when in ("before", "after"):
            own = copied(home, f"{number}-{when}")
            code = in_a_child(lambda own=own, at=(number, when): attempt(own, verb, subjects, at))  # type: ignore[misc]
            deaths.append(Death(number, when, COMMIT, str(own), code))
    sys.stdout.write(json.dumps([asdict(death) for death in deaths]))


if __name__ == "__main__":
    main()
