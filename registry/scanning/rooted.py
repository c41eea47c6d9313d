"""A request for a scan, as the source that it means: what lies below a root, behind its fence. It needs no engine."""

from __future__ import annotations

from pathlib import Path

from registry.domain.scan_requests import ScanPlaces, ScanRequest, ScanRoot
from registry.errors import NotFoundError
from registry.scanning.fences import FolderFence, StoreFence
from registry.scanning.lists import Columns
from registry.scanning.places import Patience, store_of
from registry.scanning.sources import Asked


def fence_around(root: ScanRoot) -> FolderFence | StoreFence:
    """Answer the fence around a root.

    Raises:
        SourceError: the package that reads such a store is not installed.
    """
    if root.is_store:
        store, path = store_of(root.url)
        return StoreFence(root.name, str(store.unstrip_protocol(path)).rstrip("/"))
    return FolderFence(root.name, str(Path(root.folder).resolve()))


def source_of(places: ScanPlaces, request: ScanRequest) -> tuple[Asked, FolderFence | StoreFence]:
    """Answer the source that a request means, and the fence that is around it.

    Raises:
        NotFoundError: its root is none of this machine's.
        SourceError: its store cannot be read here.
    """
    root = places.roots.get(request.root)
    if root is None:
        raise NotFoundError(f"the root {request.root} is not among those of this worker", root=request.root)
    fence = fence_around(root)
    asked = Asked(
        source=fence.source(request.path),
        columns=Columns(request.columns, request.stratify),
        declared_use=request.declared_use,
        project=request.project,
        patience=Patience(),
        fence=fence,
    )
    return asked, fence


def told_source(request: ScanRequest) -> str:
    """Answer the source as people are told of it."""
    return f"{request.root}/{request.path}".rstrip("/")
