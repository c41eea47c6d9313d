"""What a three-way comparison of files is made of: recordings of each voice, by the digests of their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from registry.domain.comparison import Role
from registry.errors import InvalidInputError
from registry.scanning.page_parts import visible

STATED: Final = "stated"
_BLOCK: Final = 2**20


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of a party or of a cohort.

    Attributes:
        path: where it lies; never written anywhere.
        name: what it is called in the document.
        sha256: of its bytes.
    """

    path: Path
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CohortFiles:
    """One cohort.

    Attributes:
        name: of it.
        criteria: by which its members were chosen, in words.
        members: their recordings, by what they are called.
        ranked: whether ranks among them are told.
    """

    name: str
    criteria: str
    members: Mapping[str, Sequence[InputFile]]
    ranked: bool = True


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that is compared.

    Attributes:
        parties: files by role; no `Role.SOURCE` where nobody is declared.
        cohorts: the stated one first, then alternatives.
        sealed: whether the source is under seal: their files are not called by their names.
        said_to_hold: see `registry.domain.comparison.Comparison`.
        stated: of each voice, what somebody states of its recordings, by one of
            `registry.domain.case_analyses.STATED_FIGURES`.
        undescribed: voices of which the document does not say what they are like.
        coarse: voices of which figures are told in steps.
    """

    parties: Mapping[Role, Sequence[InputFile]]
    cohorts: Sequence[CohortFiles]
    sealed: bool = False
    said_to_hold: tuple[str, ...] = ()
    stated: Mapping[Role, Mapping[str, str]] = field(default_factory=dict)
    undescribed: frozenset[Role] = frozenset()
    coarse: frozenset[Role] = frozenset()

    def require_apart(self) -> None:
        """Refuse a recording that stands for two voices: it would be compared with itself.

        Raises:
            InvalidInputError: naming both.
        """
        parties = [(file, f"the {role.value}") for role, files in self.parties.items() for file in files]
        owned = [(file.sha256, file.name, owner) for file, owner in parties]
        require_apart(owned)
        for cohort in self.cohorts:
            members = [
                (file.sha256, file.name, f"{member} of the cohort {cohort.name}")
                for member, files in cohort.members.items()
                for file in files
            ]
            require_apart([*owned, *members])


def require_apart(owned: Sequence[tuple[str, str, str]]) -> None:
    """Refuse a recording that stands for two voices: hash, name and whose it is, of each.

    Raises:
        InvalidInputError: naming both.
    """
    owners: dict[str, str] = {}
    for sha256, name, owner in owned:
        before = owners.setdefault(sha256, owner)
        if before != owner:
            raise InvalidInputError(
                f"{name} is given for {owner} and, the same bytes, for {before}: no recording is compared with itself",
                file=name,
                sha256=sha256,
            )


def files_of(paths: Sequence[Path], *, called: str | None = None) -> list[InputFile]:
    """Answer files with their hashes; of two with the same bytes the first.

    Args:
        paths: of files.
        called: what they are called, with a number, in place of their names.

    Raises:
        InvalidInputError: one cannot be read.
    """
    found: dict[str, InputFile] = {}
    for path in paths:
        sha256 = sha256_of(path)
        name = visible(path.name) if called is None else f"{called} {len(found) + 1}"
        found.setdefault(sha256, InputFile(path, name, sha256))
    return list(found.values())


def sha256_of(path: Path) -> str:
    """Answer the hash of a file's bytes.

    Raises:
        InvalidInputError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as content:
            while block := content.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    return digest.hexdigest()
