"""Sources: what is to be scanned, as rows in an order that does not depend on the machine.

A source is a folder, a pattern, a list (`registry.scanning.lists`), a tar (`registry.scanning.archives`), or one file;
on this machine, or in any store that fsspec knows. Every file is an input, whatever its name: what turns out to be no
recording ends as a named error, so that nothing was passed over.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from registry.errors import SourceError
from registry.scanning.archives import is_archive, members
from registry.scanning.lists import Columns, is_list, listed
from registry.scanning.places import Patience, is_url, local_path, locator_of, shown, store_of
from registry.scanning.results import InputRow

BY_FOLDER: Final = "folder"
"""What files of a folder can be stratified by: the folder that each lies in."""

_Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be scanned.

    Attributes:
        source: as it was given.
        columns: of a list.
        declared_use, project: of inputs that declare none themselves.
        patience: with stores.
    """

    source: str
    columns: Columns = field(default_factory=Columns)
    declared_use: str = ""
    project: str = ""
    patience: Patience = field(default_factory=Patience)


def inputs(asked: Asked) -> Iterator[InputRow]:
    """Yield every input of a source in order, numbered from 0.

    Raises:
        SourceError: the source is not there, or cannot be listed, or its columns do not fit.
    """
    for number, row in enumerate(_listed(asked)):
        yield replace(
            row,
            number=number,
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
        return listed(_absolute(source), asked.columns)
    if asked.columns.named:
        raise SourceError("columns can be named for a list only: CSV, TSV, JSON lines or Parquet", source=source)
    if stratify not in {"", BY_FOLDER}:
        raise SourceError(f"files can be stratified by {BY_FOLDER} only, not by {stratify}", stratify=stratify)
    found = _in_store(source, asked.patience) if is_url(source) else _here(local_path(source))
    return found if stratify else (replace(row, group="") for row in found)


def _absolute(place: str) -> str:
    return place if is_url(place) else os.path.abspath(local_path(place))  # noqa: PTH100  (no link is followed)


# --- on this machine -------------------------------------------------------------------------------------------------


def _here(source: str) -> Iterator[InputRow]:
    path = os.path.abspath(source)  # noqa: PTH100  (no link is followed)
    if os.path.isdir(path):  # noqa: PTH112  (the path is text throughout)
        return _walked(path, path)
    if os.path.lexists(path):
        return members(path, "", "") if is_archive(path) else iter([_file(path, os.path.dirname(path))])  # noqa: PTH120
    if glob.has_magic(source):
        return _matched(path)
    raise SourceError(f"there is nothing at {shown(source)}", source=shown(source))


def _matched(pattern: str) -> Iterator[InputRow]:
    """Yield the files that a pattern matches, and those in folders that it matches; ``**`` reaches those by itself."""
    root = pattern
    while glob.has_magic(root):
        root = os.path.dirname(root)  # noqa: PTH120
    found = sorted(glob.iglob(pattern, recursive=True), key=os.fsencode)  # noqa: PTH207  (the same rules as in a store)
    for path in found:
        if not os.path.isdir(path):  # noqa: PTH112
            yield from _at(path, root)
        elif "**" not in pattern:
            yield from _walked(path, root)
    if not found:
        raise SourceError(f"nothing matches {shown(pattern)}", source=shown(pattern))


def _walked(folder: str, root: str) -> Iterator[InputRow]:
    """Yield what is below a folder, depth first, by name; a link back to a folder above is a row, and not followed."""
    way: list[tuple[Iterator[str], _Identity]] = []

    def enter(path: str) -> InputRow | None:
        try:
            status = os.stat(path)  # noqa: PTH116
            identity = status.st_dev, status.st_ino
            if identity in [above for _, above in way]:
                return _folder_problem(path, root, "symlink_loop", "the link leads back to a folder that it lies in")
            names = sorted(os.listdir(path), key=os.fsencode)  # noqa: PTH208
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
        elif not os.path.isdir(path):  # noqa: PTH112
            yield from _at(path, root)
        elif (problem := enter(path)) is not None:
            yield problem


def _at(path: str, root: str) -> Iterator[InputRow]:
    """Yield the row of one file, or those of the members of a tar."""
    if is_archive(path) and os.path.isfile(path):  # noqa: PTH113
        return members(path, os.path.relpath(path, root), _group(path, root))
    return iter([_file(path, root)])


def _file(path: str, root: str) -> InputRow:
    try:
        size = os.stat(path).st_size  # noqa: PTH116
    except OSError:
        size = -1
    return InputRow(-1, shown(os.path.relpath(path, root)), locator_of(path), size, _group(path, root))


def _group(path: str, root: str) -> str:
    return shown(os.path.relpath(os.path.dirname(path), root))  # noqa: PTH120


def _folder_problem(path: str, root: str, slug: str, detail: str) -> InputRow:
    name = shown(os.path.relpath(path, root)) + "/"
    return InputRow(-1, name, locator_of(path), group=_group(path, root), problem=slug, problem_detail=detail)


# --- in a store ------------------------------------------------------------------------------------------------------


def _in_store(url: str, patience: Patience) -> Iterator[InputRow]:
    """Yield what is in a store.

    Raises:
        SourceError: nothing is there, or the store does not answer.
    """
    store, root = store_of(url)
    try:
        if glob.has_magic(root):
            yield from _matched_in_store(store, root, patience)
            return
        about = patience.try_often(lambda: store.info(root))
    except OSError as error:
        raise SourceError(f"{url} cannot be listed: {error or type(error).__name__}", source=url) from error
    if about["type"] == "directory":
        yield from _walked_in_store(store, root, patience)
    else:
        yield from _object(store, about, root.rpartition("/")[0], name_archive=False)


def _matched_in_store(store: Any, pattern: str, patience: Patience) -> Iterator[InputRow]:
    root = pattern
    while glob.has_magic(root):
        root = root.rpartition("/")[0]
    found = patience.try_often(lambda: store.glob(pattern, detail=True))
    if not found:
        raise SourceError(f"nothing matches {pattern}", source=pattern)
    for _, about in sorted(found.items()):
        if about["type"] != "directory":
            yield from _object(store, about, root)
        elif "**" not in pattern:
            yield from _walked_in_store(store, about["name"], patience, root)


def _walked_in_store(store: Any, folder: str, patience: Patience, root: str | None = None) -> Iterator[InputRow]:
    """Yield what is below a folder of a store, depth first, by name."""
    root = folder if root is None else root
    try:
        found = patience.try_often(lambda: store.ls(folder, detail=True))
    except OSError as error:
        name = _below(folder, root) + "/"
        detail = f"the folder cannot be listed: {error or type(error).__name__}"
        yield InputRow(-1, name, store.unstrip_protocol(folder), problem="folder_unreadable", problem_detail=detail)
        return
    for about in sorted(found, key=lambda about: str(about["name"])):
        if about["type"] == "directory":
            yield from _walked_in_store(store, about["name"], patience, root)
        elif about["name"].rstrip("/") != folder.rstrip("/"):  # some stores keep an empty object for a folder
            yield from _object(store, about, root)


def _object(store: Any, about: Any, root: str, *, name_archive: bool = True) -> Iterator[InputRow]:
    path, name = str(about["name"]), _below(str(about["name"]), root)
    url, group = store.unstrip_protocol(path), _below(path.rpartition("/")[0], root) or "."
    if is_archive(path):
        return members(url, name if name_archive else "", group)
    return iter([InputRow(-1, shown(name), shown(url), _known_size(about), shown(group))])


def _below(path: str, root: str) -> str:
    return path.removeprefix(root).strip("/")


def _known_size(about: Any) -> int:
    return -1 if about["size"] is None else int(about["size"])
