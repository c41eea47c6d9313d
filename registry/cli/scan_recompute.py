"""Hearing rows of a scan again, with the gallery that it searched: a folder, a gallery file, or the registry's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console

from registry.bootstrap import build_engine
from registry.cli.scan_galleries import opened_again
from registry.cli.scan_gallery_file import FileOpens
from registry.domain.gallery_files import SearchPurpose
from registry.errors import InvalidInputError
from registry.scanning.galleries import Searched
from registry.scanning.listening import Listener, opened_listener
from registry.scanning.pipeline import Scanner
from registry.scanning.plan import engine_json
from registry.scanning.recompute import Again, Setting, drawn, recompute
from registry.settings import Settings, load_settings


@dataclass(frozen=True)
class Searching:
    """What is searched when rows are heard again.

    Attributes:
        gallery: a folder or a gallery file; None for the registry's database, as far as it still may be searched.
        key, registry_keys, status: what opens a gallery file.
    """

    gallery: Path | None
    key: Path | None
    registry_keys: Path | None
    status: tuple[Path, ...]

    @contextmanager
    def opened(self, listener: Listener, settings: Settings, plan: Mapping[str, Any]) -> Iterator[Searched]:
        """Answer the gallery for a block.

        Raises:
            InvalidInputError: it is a gallery file, and the scan was for nothing that one serves.
            RegistryError: it cannot be opened, or must not be searched any more.
        """
        if self.gallery is None or self.gallery.is_dir():
            with opened_again(self.gallery, listener, settings, plan) as searched:
                yield searched
            return
        kind = str(plan.get("kind"))
        if kind not in set(SearchPurpose):
            raise InvalidInputError(f"the plan does not say what the scan was for: {kind!r}", kind=kind)
        file = FileOpens(self.key, self.registry_keys, self.status).gallery(self.gallery, SearchPurpose(kind))
        with file.opened(listener, None, Console(stderr=True)) as opened:
            yield opened.searched


def heard_again(
    folder: Path, plan: Mapping[str, Any], searching: Searching, count: int, seed: int
) -> tuple[list[Again], bool]:
    """Hear rows again with the operating point of then; say, too, whether the gallery is another one.

    Args:
        folder: of the scan.
        plan: that was signed.
        searching: with which gallery.
        count: of rows to draw.
        seed: of the draw.

    Raises:
        ScanMismatchError: the engine that is installed is not that of the scan.
        RegistryError: the gallery cannot be opened.
    """
    settings, then = load_settings(), Setting.of_plan(plan)
    engine = build_engine(settings, target_fpir=then.target_fpir)
    then.require_engine(engine_json(engine, settings.calibration_sha256))
    rows = drawn(folder, count, Random(seed).randrange)  # noqa: S311  (a draw that anybody can repeat)
    with (
        opened_listener(engine, settings.listening_memory_mib) as listener,
        searching.opened(listener, settings, plan) as searched,
    ):
        heard = list(recompute(folder, rows, Scanner(listener, searched.gallery).scan))
    return heard, searched.id != then.gallery_id
