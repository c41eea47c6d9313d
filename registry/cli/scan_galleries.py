"""What `likeness scan` searches, and who judges: a folder of recordings and nobody, or the registry's database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from registry.bootstrap import build_context
from registry.cli.progress import tracked
from registry.clock import utc_now
from registry.domain.uses import UseKind
from registry.errors import ScanMismatchError
from registry.scanning.declared import with_readable_uses
from registry.scanning.following import Following
from registry.scanning.galleries import Searched, enrol_gallery, recordings_in
from registry.scanning.judging import Judge, WithoutLicences
from registry.scanning.licensed import RegisteredLicences, coverage_json, moment_of, require_known
from registry.scanning.listening import Listener, performers_in
from registry.scanning.places import shown
from registry.scanning.registered import SOURCE, most_registered, registered_gallery
from registry.scanning.results import InputRow
from registry.services.context import Context
from registry.services.gallery import SearchedIn
from registry.services.searches import note_search
from registry.settings import Settings


def _nobody() -> int:
    return 0


@dataclass(frozen=True)
class Opened:
    """A gallery in memory, while a scan searches it.

    Attributes:
        searched: the gallery.
        judge: gives verdicts.
        plan: further members of the plan.
        gone: answers how many were taken out of it since; who, is nobody's to read.
    """

    searched: Searched
    judge: Judge
    plan: Mapping[str, Any] = field(default_factory=dict)
    gone: Callable[[], int] = _nobody


class Galleries(Protocol):
    """Where a gallery comes from."""

    def told(self) -> tuple[str, int]:
        """Answer what the gallery is called, and how many performers it may have, before it is opened."""

    def readable(self, rows: Iterable[InputRow]) -> Iterable[InputRow]:
        """Pass inputs on, each whose declaration cannot be judged with that as its problem."""

    def opened(
        self, listener: Listener, planned: Mapping[str, Any] | None, console: Console
    ) -> AbstractContextManager[Opened]:
        """Answer the gallery for a block.

        Args:
            listener: hears recordings of performers, and says where is searched.
            planned: the plan of a scan that goes on; None for a new one.
            console: for progress.
        """

    def coverage(
        self, performer_ids: Collection[str], plan: Mapping[str, Any]
    ) -> Mapping[str, list[dict[str, Any]]] | None:
        """Answer how performers stand to training; None where nobody can be asked."""


@dataclass(frozen=True)
class FolderGallery:
    """One folder for each performer, with their recordings: no licences can be asked."""

    folder: Path

    def told(self) -> tuple[str, int]:
        """Answer the folder, and its performers."""
        return shown(str(self.folder)), len(performers_in(self.folder))

    def readable(self, rows: Iterable[InputRow]) -> Iterable[InputRow]:
        """Pass inputs on as they are: what they declare is nobody's to judge."""
        return rows

    @contextmanager
    def opened(self, listener: Listener, planned: Mapping[str, Any] | None, console: Console) -> Iterator[Opened]:
        """Enrol everybody; see `Galleries`."""
        del planned
        recordings = recordings_in(self.folder)
        heard = tracked(listener.listen(recordings), console, "enrolling", len(recordings))
        yield Opened(enrol_gallery(listener, self.folder, heard), WithoutLicences())

    def coverage(
        self, performer_ids: Collection[str], plan: Mapping[str, Any]
    ) -> Mapping[str, list[dict[str, Any]]] | None:
        """Answer None: there is nobody to be asked."""
        del performer_ids, plan
        return None


@dataclass(frozen=True)
class RegistryGallery:
    """Everybody whom the registry may search, and the licences of one organisation.

    Attributes:
        settings: name the database and the keyring.
        organisation_id: who uses the recordings.
        as_of: the day as of which licences are asked; None for now.
        kind: what the inputs are, where a row does not say.
    """

    settings: Settings
    organisation_id: str
    as_of: date | None
    kind: UseKind

    def told(self) -> tuple[str, int]:
        """Answer the registry's size, once it is sure that it can answer for the organisation and the day.

        Raises:
            RegistryError: it cannot, or the database is not there, or not of this version.
        """
        with build_context(self.settings) as ctx:
            ctx.database.require_current_schema()
            require_known(ctx, self.organisation_id, moment_of(self.as_of, ctx.clock()))
            return SOURCE, most_registered(ctx)

    def readable(self, rows: Iterable[InputRow]) -> Iterable[InputRow]:
        """Pass inputs on; a declared use that policy does not know is a problem."""
        return with_readable_uses(rows, self.kind)

    @contextmanager
    def opened(self, listener: Listener, planned: Mapping[str, Any] | None, console: Console) -> Iterator[Opened]:
        """Open everybody, and keep up with who may be searched; see `Galleries`.

        All rows are judged as of one moment, which a scan that goes on takes from its plan.

        Raises:
            RegistryError: the database does not answer, nobody can be opened, or nobody is there.
        """
        del console
        with build_context(self.settings) as ctx:
            ctx.database.require_current_schema()
            asked = self._asked(ctx, planned)
            judge = RegisteredLicences(ctx, self.organisation_id, self.kind, datetime.fromisoformat(asked["as_of"]))
            with followed(ctx, listener, self.organisation_id, self.kind.value) as (searched, following):
                yield Opened(searched, judge, {"licences": asked}, lambda: following.gone)

    def _asked(self, ctx: Context, planned: Mapping[str, Any] | None) -> dict[str, Any]:
        """Answer what the plan says of the licences that are asked.

        Raises:
            ScanMismatchError: the scan that goes on asked other records.
        """
        moment = moment_of(self.as_of, ctx.clock())
        require_known(ctx, self.organisation_id, moment)
        schema = ctx.database.current_revision()
        asked = {"organisation": self.organisation_id, "as_of": said(moment), "schema": schema}
        if planned is None:
            return asked
        then = planned.get("licences") or {}
        if {**then, "as_of": None} != {**asked, "as_of": None}:
            raise ScanMismatchError(
                f"the scan cannot go on as it began: the records were {then}, and are {asked}", differs=["licences"]
            )
        return dict(then)

    def coverage(
        self, performer_ids: Collection[str], plan: Mapping[str, Any]
    ) -> Mapping[str, list[dict[str, Any]]] | None:
        """Answer how performers stand at the moment of the scan and, where a day was asked for, on that day."""
        moments = [datetime.fromisoformat(plan["started_at"])]
        if self.as_of is not None:
            moments.append(datetime.fromisoformat(plan["licences"]["as_of"]))
        with build_context(self.settings) as ctx:
            return coverage_json(ctx, self.organisation_id, performer_ids, moments)


@contextmanager
def followed(
    ctx: Context, listener: Listener, organisation_id: str, purpose: str
) -> Iterator[tuple[Searched, Following]]:
    """Open the registry's gallery in the spaces of a listener's engine, and keep up with it for a block.

    That it is searched, for whom and for what, is in the journal before anybody can be.
    """
    engine = listener.engine
    found = registered_gallery(ctx, SearchedIn(engine.spaces, engine.calibration.cohorts))
    note_search(
        ctx, organisation_id=organisation_id, purpose=purpose, performers=len(found.searched.gallery.performers())
    )
    following = Following(
        ctx,
        found.searched.gallery,
        found.seq,
        device=engine.identity.device,
        engine_version=f"{engine.identity.version}+{engine.identity.calibration}",
    )
    with following:
        yield found.searched, following


@contextmanager
def opened_again(
    folder: Path | None, listener: Listener, settings: Settings, plan: Mapping[str, Any]
) -> Iterator[Searched]:
    """Answer the gallery of an earlier scan for a block: that in a folder, or None for the registry's database."""
    if folder is not None:
        yield enrol_gallery(listener, folder)
        return
    with build_context(settings) as ctx:
        ctx.database.require_current_schema()
        organisation_id, purpose = str(plan["options"]["organisation"]), str(plan["kind"])
        with followed(ctx, listener, organisation_id, purpose) as (searched, _):
            yield searched


def said(moment: datetime) -> str:
    """Answer a moment as a plan holds it."""
    return moment.isoformat().replace("+00:00", "Z")


def moment() -> str:
    """Answer now, as a plan holds it."""
    return said(utc_now())
