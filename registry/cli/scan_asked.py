"""A scan as it was asked for on the command line, and what does not go together."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from typer import BadParameter

from registry.cli.remote import RemoteRegistry
from registry.cli.scan_engines import ENGINES, RAY, Where
from registry.cli.scan_galleries import FolderGallery, Galleries, RegistryGallery
from registry.cli.scan_gallery_file import FileOpens
from registry.cli.scan_remote import RemoteGallery, RemoteOptions
from registry.domain.gallery_files import SearchPurpose
from registry.domain.uses import UseKind
from registry.errors import DeclaredUseUnknownError, InvalidInputError
from registry.scanning.declared import declared_use as read_declared_use
from registry.scanning.lists import FIELDS, Columns
from registry.scanning.manifest import Choice, Manifest, draw
from registry.scanning.places import shown
from registry.scanning.results import LAYOUT_VERSION, InputRow
from registry.scanning.sources import Asked, folder_here, inputs
from registry.settings import Settings

CATALOGUE: Final = "catalogue"
TRAINING: Final = "training"
KINDS: Final = (CATALOGUE, TRAINING)


@dataclass(frozen=True)
class AskedScan:
    """A scan as it was asked for."""

    asked: Asked
    out: Path
    gallery: Path | None
    opens: FileOpens
    remote: RemoteOptions
    organisation: str | None
    as_of: date | None
    kind: str
    limit: int | None
    sample: int | None
    seed: int
    target_fpir: float
    device: str
    where: Where
    threads: int | None
    shard_rows: int
    resume: bool
    dry_run: bool
    yes: bool
    names: Path | None
    jsonl: bool
    csv: bool

    @property
    def options(self) -> dict[str, Any]:
        """What decides the rows, as a plan holds it."""
        return {
            "columns": dict(self.asked.columns.named),
            "declared_use": self.asked.declared_use,
            "project": self.asked.project,
            "organisation": self.organisation,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "limit": self.limit,
            "sample": self.sample,
            "stratify": self.asked.columns.stratify or None,
            "seed": self.seed,
            "target_fpir": self.target_fpir,
            "shard_rows": self.shard_rows,
        }

    @property
    def given(self) -> dict[str, Any]:
        """What a plan must have in common with this, as far as is known without the engine."""
        source = shown(self.asked.source)
        return {"layout": LAYOUT_VERSION, "kind": self.kind, "source": source, "options": self.options}

    @property
    def use_kind(self) -> UseKind:
        """What the inputs are, where a row does not say."""
        return UseKind.TRAINING if self.kind == TRAINING else UseKind.GENERATED

    @contextmanager
    def galleries(self, settings: Settings) -> Iterator[Galleries]:
        """Answer what is searched, for a block; a registry that is asked for it has no connection left afterwards."""
        if self.remote.url is not None:
            with self.remote.registry() as registry:
                yield self._remote_gallery(registry)
        elif self.gallery is not None and self.gallery.is_file():
            yield self.opens.gallery(self.gallery, SearchPurpose(self.kind))
        elif self.gallery is not None:
            yield FolderGallery(self.gallery)
        else:
            yield RegistryGallery(settings, self.organisation or "", self.as_of, self.use_kind)

    def _remote_gallery(self, registry: RemoteRegistry) -> RemoteGallery:
        if self.opens.key is None:
            raise InvalidInputError("a gallery file is opened with --gallery-key")
        return RemoteGallery(
            registry,
            SearchPurpose(self.kind),
            self.out,
            key=self.opens.key,
            pinned=self.opens.registry_keys,
            file_id=self.remote.gallery_file,
        )

    def inputs(self, galleries: Galleries) -> Iterable[InputRow]:
        """Answer the inputs, in the order of the source."""
        return galleries.readable(inputs(self.asked))

    def choice(self, manifest: Manifest) -> Choice:
        """Answer which rows are scanned."""
        return Choice(self.limit) if self.sample is None else draw(manifest, self.sample, self.seed)


def columns_of(given: list[str], stratify: str) -> Columns:
    """Read ``FIELD=COLUMN``.

    Raises:
        BadParameter: it is none, or the field is unknown, or named twice.
    """
    named: dict[str, str] = {}
    for each in given:
        field, mark, column = each.partition("=")
        if not mark or field not in FIELDS or not column or field in named:
            raise BadParameter(f"{each!r} is not FIELD=COLUMN with a FIELD of {', '.join(FIELDS)}, each once")
        named[field] = column
    return Columns(named, stratify)


def refuse_wrong_use(wanted: AskedScan) -> None:
    """Refuse options that do not go together.

    Raises:
        BadParameter: it says which.
    """
    if wanted.kind not in KINDS:
        raise BadParameter(f"--kind is {' or '.join(KINDS)}, not {wanted.kind}")
    if wanted.where.engine not in ENGINES:
        raise BadParameter(f"--engine is {' or '.join(ENGINES)}, not {wanted.where.engine}")
    if wanted.where.address is not None and wanted.where.engine != RAY:
        raise BadParameter("--ray-address goes with --engine ray")
    if wanted.names is not None and wanted.kind != TRAINING:
        raise BadParameter("--names goes with --kind training")
    if wanted.limit is not None and wanted.sample is not None:
        raise BadParameter("--limit and --sample do not go together")
    if wanted.asked.columns.stratify and wanted.sample is None:
        raise BadParameter("--stratify says how --sample draws: give both")
    _refuse_wrong_asking(wanted)
    folder = folder_here(wanted.asked.source)
    if folder is not None and wanted.out.resolve().is_relative_to(Path(folder).resolve()):
        raise BadParameter("--out lies in the source: the scan would read what it writes")
    if not (wanted.yes or wanted.dry_run or (sys.stdin.isatty() and sys.stderr.isatty())):
        raise BadParameter("there is no terminal to ask on: give --yes, or --dry-run to see what would be done")


def _refuse_wrong_asking(wanted: AskedScan) -> None:
    """Refuse to ask licences of nobody, for a use that they do not know, or where a withdrawal does not reach.

    Raises:
        BadParameter: it says which.
    """
    if wanted.remote.url is not None:
        _refuse_wrong_remote(wanted)
        return
    if wanted.remote.has_more:
        raise BadParameter("--gallery-file, --token-file, --ca-file and --submit go with --registry")
    of_a_file = wanted.gallery is not None and wanted.gallery.is_file()
    if of_a_file and wanted.where.engine == RAY:
        raise BadParameter("a gallery file is opened in this process alone: not with --engine ray")
    if of_a_file is not wanted.opens.is_whole or (wanted.opens.is_asked and not of_a_file):
        raise BadParameter(
            "--gallery FILE goes with --gallery-key and --registry-keys; they and --gallery-status go with nothing else"
        )
    if wanted.gallery is not None:
        if wanted.organisation is not None or wanted.as_of is not None:
            raise BadParameter("--organisation and --as-of ask the registry's licences: not with --gallery")
        return
    if not wanted.organisation:
        raise BadParameter(
            "give --gallery FOLDER, or --organisation ORG_ID: who uses the inputs, to search the registry's database"
        )
    if wanted.where.engine == RAY:
        raise BadParameter("--engine ray searches a gallery that is given: --gallery")
    try:
        read_declared_use(wanted.asked.declared_use, wanted.use_kind)
    except DeclaredUseUnknownError as error:
        raise BadParameter(f"--declared-use: {error.detail}") from error


def _refuse_wrong_remote(wanted: AskedScan) -> None:
    """Refuse to ask a registry over HTTP for what is given here.

    Raises:
        BadParameter: it says which.
    """
    if wanted.gallery is not None or wanted.opens.status:
        raise BadParameter(
            "--registry fetches the gallery file and asks about it: not with --gallery or --gallery-status"
        )
    if wanted.opens.key is None:
        raise BadParameter("--registry goes with --gallery-key: your private key, to open what is fetched")
    if wanted.organisation is not None or wanted.as_of is not None:
        raise BadParameter(
            "--organisation and --as-of ask the licences in a registry's own database: not with --registry"
        )
    if wanted.where.engine == RAY:
        raise BadParameter("a gallery file is opened in this process alone: not with --engine ray")
