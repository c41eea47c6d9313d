"""Sources: what is to be scanned, as rows in an order that does not depend on the machine.

A source is a folder, a pattern, a list (`registry.scanning.lists`), a tar (`registry.scanning.archives`), or one file;
on this machine, or in any store that fsspec knows. Every file is an input, whatever its name: what turns out to be no
recording ends as a named error, so that nothing was passed over.
"""

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from registry.errors import InputOutsideError, SourceError
from registry.scanning.archives import is_archive, members
from registry.scanning.fences import UNFENCED, Fence
from registry.scanning.lists import Columns, is_list, listed
from registry.scanning.places import Patience, is_url, local_path, locator_of, shown, store_of
from registry.scanning.results import InputRow
from registry.scanning.samples import FIELDS as SAMPLE_FIELDS

BY_FOLDER: Final = "folder"
"""What files of a folder can be stratified by: the folder that each lies in."""

_Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Tar:
    """A tar that was found; its members are the inputs."""

    place: str
    name: str
    group: str


_Found = Iterator[InputRow | _Tar]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be scanned.

    Attributes:
        source: as it was given.
        columns: of a list, or of what a tar has beside its recordings.
        declared_use, project: of inputs that declare none themselves.
        patience: with stores.
        fence: around what may be looked at. Inside of one, a source is a place and no pattern, and rows write places as
            the fence tells them.
    """

    source: str
    columns: Columns = field(default_factory=Columns)
    declared_use: str = ""
    project: str = ""
    patience: Patience = field(default_factory=Patience)
    fence: Fence = UNFENCED

    @property
    def is_fenced(self) -> bool:
        """Whether not everything may be looked at."""
        return self.fence is not UNFENCED


def inputs(asked: Asked) -> Iterator[InputRow]:
    """Yield every input of a source in order, numbered from 0.

    Raises:
        SourceError: the source is not there, or cannot be listed, or its columns do not fit.
    """
    for number, row in enumerate(_listed(asked)):
        yield replace(
            row,
            number=number,
            locator=asked.fence.told(row.locator),
            declared_use=row.declared_use or asked.declared_use,
            project=row.project or asked.project,
        )


def is_list_source(source: str) -> bool:
    """Whether a source is a list of inputs, which alone has columns."""
    return is_list(source) and not _is_folder_here(source)


def folder_here(source: str) -> str | None:
    """Answer the absolute path of a source that is a folder of this machine; None for any other source."""
    return os.path.abspath(local_path(source)) if _is_folder_here(source) else None  # noqa: PTH100  (no link is followed)


def _is_folder_here(source: str) -> bool:
    return not is_url(source) and os.path.isdir(local_path(source))  # noqa: PTH112  (it may hold no valid path)


def _listed(asked: Asked) -> Iterator[InputRow]:
    source, stratify = asked.source, asked.columns.stratify
    if is_list_source(source):
        return listed(_absolute(source), asked.columns, asked.fence)
    _require_columns_fit(asked)
    if stratify not in {"", BY_FOLDER}:
        raise SourceError(f"files can be stratified by {BY_FOLDER} only, not by {stratify}", stratify=stratify)
    found = _in_store(source, asked) if is_url(source) else _here(local_path(source), asked)
    rows = _with_members(found, asked)
    return rows if stratify else (replace(row, group="") for row in rows)


def _require_columns_fit(asked: Asked) -> None:
    named = set(asked.columns.named)
    if named and not is_archive(asked.source):
        raise SourceError("columns can be named for lists (CSV, TSV, JSON lines, Parquet) and tars only")
    if unfit := sorted(named - set(SAMPLE_FIELDS)):
        raise SourceError(f"a tar has no column for {', '.join(unfit)}: its members are the inputs", columns=unfit)


def _with_members(found: _Found, asked: Asked) -> Iterator[InputRow]:
    for one in found:
        if isinstance(one, _Tar):
            yield from members(one.place, one.name, one.group, asked.columns, asked.fence)
        else:
            yield one


def _absolute(place: str) -> str:
    return place if is_url(place) else os.path.abspath(local_path(place))  # noqa: PTH100  (no link is followed)


# --- on this machine -------------------------------------------------------------------------------------------------


def _here(source: str, asked: Asked) -> _Found:
    path = os.path.abspath(source)  # noqa: PTH100  (no link is followed)
    if not asked.fence.is_inside(path):
        raise SourceError(f"there is nothing at {shown(asked.fence.told(path))}", source=shown(asked.fence.told(path)))
    if os.path.isdir(path):  # noqa: PTH112  (the path is text throughout)
        return _walked(path, path, asked.fence)
    if os.path.lexists(path):
        return iter([_Tar(path, "", "") if is_archive(path) else _file(path, os.path.dirname(path))])  # noqa: PTH120
    if glob.has_magic(source) and not asked.is_fenced:
        return _matched(path)
    place = shown(asked.fence.told(source))
    raise SourceError(f"there is nothing at {place}", source=place)


def _matched(pattern: str) -> _Found:
    """Yield the files that a pattern matches, and those in folders that it matches; ``**`` reaches those by itself."""
    root = pattern
    while glob.has_magic(root):
        root = os.path.dirname(root)  # noqa: PTH120
    found = sorted(glob.iglob(pattern, recursive=True), key=os.fsencode)  # noqa: PTH207  (the same rules as in a store)
    for path in found:
        if not os.path.isdir(path):  # noqa: PTH112
            yield _at(path, root)
        elif "**" not in pattern:
            yield from _walked(path, root)
    if not found:
        raise SourceError(f"nothing matches {shown(pattern)}", source=shown(pattern))


def _walked(folder: str, root: str, fence: Fence = UNFENCED) -> _Found:
    """Yield what is below a folder, depth first, by name; a link back to a folder above is a row, and not followed.

    A link that leads out of the fence is a row, too, and where it leads is not looked at.
    """
    way: list[tuple[Iterator[str], _Identity]] = []

    def enter(path: str) -> InputRow | None:
        try:
            status = os.stat(path)  # noqa: PTH116
            identity = status.st_dev, status.st_ino
            if identity in [above for _, above in way]:
                return _folder_problem(path, root, "symlink_loop", "the link leads back to a folder that it lies in")
            names = sorted(_names_in(path, fence), key=os.fsencode)
        except OSError as error:
            return _folder_problem(path, root, "folder_unreadable", f"the folder cannot be listed: {error.strerror}")
        way.append((iter([os.path.join(path, name) for name in names]), identity))  # noqa: PTH118
        return None

    if (problem := enter(folder)) is not None:
        raise SourceError(f"{shown(folder)}: {problem.problem_detail}", source=shown(folder))
    while way:
        path = next(way[-1][0], None)
        if path is None:
            way.pop()
        elif os.path.islink(path) and not fence.is_inside(path):  # noqa: PTH114
            yield _outside(path, root)
        elif not os.path.isdir(path):  # noqa: PTH112
            yield _at(path, root)
        elif (problem := enter(path)) is not None:
            yield problem


def _at(path: str, root: str) -> InputRow | _Tar:
    if is_archive(path) and os.path.isfile(path):  # noqa: PTH113
        return _Tar(path, os.path.relpath(path, root), _group(path, root))
    return _file(path, root)


def _file(path: str, root: str) -> InputRow:
    try:
        size = os.stat(path).st_size  # noqa: PTH116
    except OSError:
        size = -1
    return InputRow(-1, shown(os.path.relpath(path, root)), locator_of(path), size, _group(path, root))


def _names_in(folder: str, fence: Fence) -> list[str]:
    """Answer the names in a folder.

    Raises:
        OSError: it cannot be listed, or was exchanged for one outside of the fence.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fence.require_open(descriptor)
    except InputOutsideError as error:
        os.close(descriptor)
        raise PermissionError(errno.EACCES, error.detail) from error
    try:
        return os.listdir(descriptor)  # noqa: PTH208  (what was opened, wherever its name leads by now)
    finally:
        os.close(descriptor)


def _outside(path: str, root: str) -> InputRow:
    detail = "the link leads out of what may be scanned"
    name, locator = shown(os.path.relpath(path, root)), locator_of(path)
    return InputRow(-1, name, locator, -1, _group(path, root), problem=InputOutsideError.slug, problem_detail=detail)


def _group(path: str, root: str) -> str:
    return shown(os.path.relpath(os.path.dirname(path), root))  # noqa: PTH120


def _folder_problem(path: str, root: str, slug: str, detail: str) -> InputRow:
    name = shown(os.path.relpath(path, root)) + "/"
    return InputRow(-1, name, locator_of(path), group=_group(path, root), problem=slug, problem_detail=detail)


# --- in a store ------------------------------------------------------------------------------------------------------


def _in_store(url: str, asked: Asked) -> _Found:
    """Yield what is in a store.

    Raises:
        SourceError: nothing is there, or the store does not answer.
    """
    store, root = store_of(url)
    patience = asked.patience
    try:
        if glob.has_magic(root) and not asked.is_fenced:
            yield from _matched_in_store(store, root, patience)
            return
        about = patience.try_often(lambda: store.info(root))
    except OSError as error:
        raise SourceError(f"{url} cannot be listed: {error or type(error).__name__}", source=url) from error
    if about["type"] == "directory":
        yield from _walked_in_store(store, root, patience)
    else:
        yield _object(store, about, root.rpartition("/")[0], name_archive=False)


def _matched_in_store(store: Any, pattern: str, patience: Patience) -> _Found:
    root = pattern
    while glob.has_magic(root):
        root = root.rpartition("/")[0]
    found = patience.try_often(lambda: store.glob(pattern, detail=True))
    if not found:
        raise SourceError(f"nothing matches {pattern}", source=pattern)
    for _, about in sorted(found.items()):
        if about["type"] != "directory":
            yield _object(store, about, root)
        elif "**" not in pattern:
            yield from _walked_in_store(store, about["name"], patience, root)


def _walked_in_store(store: Any, folder: str, patience: Patience, root: str | None = None) -> _Found:
    """Yield what is below a folder of a store, depth first, by name."""
    root = folder if root is None else root
    try:
        found = patience.try_often(lambda: store.ls(folder, detail=True))
    except OSError as error:
        yield _unlisted(store, folder, root, str(error) or type(error).__name__)
        return
    for about in sorted(found, key=lambda about: str(about["name"])):
        is_itself = about["name"].rstrip("/") == folder.rstrip("/")
        if about["type"] == "directory" and is_itself:  # it would be entered again and again
            yield _unlisted(store, folder, root, "a name in it begins with a slash")
        elif about["type"] == "directory":
            yield from _walked_in_store(store, about["name"], patience, root)
        elif not is_itself:  # some stores keep an empty object for a folder
            yield _object(store, about, root)


def _unlisted(store: Any, folder: str, root: str, why: str) -> InputRow:
    name, detail = _below(folder, root) + "/", f"the folder cannot be listed: {why}"
    return InputRow(-1, name, store.unstrip_protocol(folder), problem="folder_unreadable", problem_detail=detail)


def _object(store: Any, about: Any, root: str, *, name_archive: bool = True) -> InputRow | _Tar:
    path, name = str(about["name"]), _below(str(about["name"]), root)
    url, group = store.unstrip_protocol(path), _below(path.rpartition("/")[0], root) or "."
    if is_archive(path):
        return _Tar(url, name if name_archive else "", group)
    return InputRow(-1, shown(name), shown(url), _known_size(about), shown(group))


def _below(path: str, root: str) -> str:
    return path.removeprefix(root).strip("/")


def _known_size(about: Any) -> int:
    return -1 if about["size"] is None else int(about["size"])
