"""What workers may be asked to scan: roots that the operator allows, and a request for something below one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self
from urllib.parse import unquote

from registry.domain.gallery_files import SearchPurpose
from registry.errors import InvalidInputError, NotFoundError

CHAINED: Final = "::"
"""What joins one URL to another, as fsspec reads them."""
SCAN_KEY: Final = "scan-key.json"
"""Name of the file with the key that reports of scans are signed with, in the home folder."""
ROOT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
STORES: Final = frozenset({"abfs", "abfss", "az", "gcs", "gs", "memory", "oci", "oss", "s3", "s3a"})
"""Schemes of stores that know no links, so that what is below a place is in it."""
LONGEST_PATH: Final = 1000
MOST_ROWS: Final = 1_000_000_000

_SCHEME: Final = re.compile(r"([A-Za-z0-9+.-]+)://")
_FILE: Final = "file://"


# --- roots -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScanRoot:
    """A place that organisations may have scanned.

    Attributes:
        name: by which it is asked for.
        url: a folder of every worker's machine, or a place in a store of `STORES`.
        organisations: ids of those who may.
    """

    name: str
    url: str
    organisations: frozenset[str]

    def __post_init__(self) -> None:
        if not ROOT_NAME.fullmatch(self.name):
            raise ValueError(f"the name of a root is of a-z, 0-9, - and _, 40 at most, and not {self.name!r}")
        scheme = _SCHEME.match(self.url)
        if CHAINED in self.url or (scheme and scheme[1] not in {*STORES, "file"}):
            raise ValueError(
                f"the root {self.name} is a folder, or in a store without links ({', '.join(sorted(STORES))}), "
                f"and not {self.url!r}"
            )
        if not self.is_store and not Path(self.folder).is_absolute():
            raise ValueError(f"the folder of the root {self.name} is an absolute path, and not {self.url!r}")

    @property
    def is_store(self) -> bool:
        """Whether it is in a store, and no folder."""
        return "://" in self.url and not self.url.startswith(_FILE)

    @property
    def folder(self) -> str:
        """The path of a root that is a folder."""
        return unquote(self.url.removeprefix(_FILE)) if self.url.startswith(_FILE) else self.url


@dataclass(frozen=True, slots=True)
class ScanPlaces:
    """Where scans of this registry read and write.

    Attributes:
        folder: of the scans' own folders; None where none can be run.
        roots: by name.
        key: file of the key that signs their reports.
        takes_scans: whether this worker runs any.
    """

    folder: Path | None = None
    roots: Mapping[str, ScanRoot] = field(default_factory=lambda: MappingProxyType({}))
    key: Path | None = None
    takes_scans: bool = True

    def root_for(self, name: str, organisation_id: str) -> ScanRoot:
        """Answer a root that an organisation may have scanned.

        Raises:
            NotFoundError: there is none of this name, or it is not theirs; which of the two is not said.
        """
        root = self.roots.get(name)
        if root is None or organisation_id not in root.organisations:
            raise NotFoundError(f"there is no root {name} to scan", root=name)
        return root


NOTHING_TO_SCAN: Final = ScanPlaces()


def path_below(path: str) -> str:
    """Answer a path as it may be asked for below a root: relative, one way to write it; empty for all of the root.

    Whether anything is there, and whether a link leads out, is for whoever opens it.

    Raises:
        NotFoundError: what is written so is nothing below any root.
    """
    parts = path.removesuffix("/").split("/") if path else []
    unusual = len(path) > LONGEST_PATH or CHAINED in path or "\\" in path or not path.isprintable()
    if unusual or _SCHEME.match(path) or any(part in {"", ".", ".."} for part in parts):
        raise NotFoundError("there is nothing at this path: it is relative to the root, such as 2026/spring", path=path)
    return "/".join(parts)


# --- requests --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What is asked for.

    Attributes:
        root, path: what is to be scanned.
        kind: what the recordings are.
        organisation_id: who uses them; None for the caller's own organisation.
        declared_use, project: of inputs that declare none themselves.
        columns: of a list, by field, the column that stands for it.
        limit: scan the first so many only; None for all.
        sample: scan so many only, drawn at random; None for all.
        stratify: of what each value has its share of a sample; empty for none.
        seed: of the draw.
        as_of: consents and licences as they stood at the end of that day; None for when the scan begins.
        target_fpir: wanted chance that a recording of nobody enrolled brings up a match, where that is to be less than
            what is in force; None for what is.
    """

    root: str
    path: str = ""
    kind: SearchPurpose = SearchPurpose.CATALOGUE
    organisation_id: str | None = None
    declared_use: str = ""
    project: str = ""
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    limit: int | None = None
    sample: int | None = None
    stratify: str = ""
    seed: int = 0
    as_of: date | None = None
    target_fpir: float | None = None

    def __post_init__(self) -> None:
        _require_rows("limit", self.limit)
        _require_rows("sample", self.sample)
        if not 0 <= self.seed < 2**53:
            raise InvalidInputError("the seed is from 0 to 2^53 - 1", seed=str(self.seed))
        if self.limit is not None and self.sample is not None:
            raise InvalidInputError("limit and sample do not go together", limit=self.limit, sample=self.sample)
        if self.stratify and self.sample is None:
            raise InvalidInputError("stratify says how a sample is drawn: give sample as well", stratify=self.stratify)

    def as_json(self) -> dict[str, Any]:
        """Answer it as it is stored, and shown."""
        return {
            "root": self.root,
            "path": self.path,
            "declared_use": self.declared_use,
            "project": self.project,
            "columns": dict(self.columns),
            "limit": self.limit,
            "sample": self.sample,
            "stratify": self.stratify,
            "seed": self.seed,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "target_fpir": self.target_fpir,
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any], *, kind: SearchPurpose, organisation_id: str) -> Self:
        """Read what `as_json` made."""
        as_of = date.fromisoformat(stored["as_of"]) if stored["as_of"] else None
        return cls(**{**stored, "as_of": as_of}, kind=kind, organisation_id=organisation_id)


def _require_rows(name: str, rows: int | None) -> None:
    if rows is not None and not 1 <= rows <= MOST_ROWS:
        raise InvalidInputError(f"{name} is from 1 to {MOST_ROWS} rows", **{name: rows})
