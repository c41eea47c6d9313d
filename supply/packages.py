"""The packages that are pinned, what brings each of them, and under which licence it comes.

Read from `constraints.txt` and from what is installed; what a package does not say clearly stands in
`looked_up.toml`, with where it was read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
RUNS = "runs"
"""What every installation brings; every other use is an extra of `pyproject.toml`."""

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$", re.MULTILINE)

_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_PLAIN = frozenset({"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "MPL-2.0 AND MIT"})


class UnknownLicenceError(Exception):
    """A package does not say clearly under which licence it comes, and nobody has looked it up."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """A library of others inside of a package's wheel.

    Attributes:
        name: of the library.
        licence: SPDX expression.
        files: pattern of its files, from where packages are installed.
    """

    name: str
    licence: str
    files: str


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned package.

    Attributes:
        name, version: as pinned.
        licence: SPDX expression.
        uses: what brings it: `RUNS`, or extras.
        bundled: what is inside of its wheel.
        note: what else is to be known.
    """

    name: str
    version: str
    licence: str
    uses: tuple[str, ...]
    bundled: tuple[Bundled, ...]
    note: str


@cache
def looked_up() -> Mapping[str, Mapping[str, object]]:
    """Answer what was looked up, by the name of the package."""
    entries: Mapping[str, Mapping[str, object]] = tomllib.loads(
        (ROOT / "supply" / "looked_up.toml").read_text(encoding="utf-8")
    )
    return entries


def pinned() -> dict[str, str]:
    """Answer the version of every pinned package, by its name as pinned."""
    return dict(_PINNED.findall((ROOT / "constraints.txt").read_text(encoding="utf-8")))


def packages(*, installed_only: bool = False) -> list[Package]:
    """Answer every pinned package, by name.

    Args:
        installed_only: leave out what is not installed here, as in an image without the tools of tests.

    Raises:
        UnknownLicenceError: nobody knows a package's licence.
        PackageNotFoundError: a pinned package is not installed.
    """
    used = {extra: _closure(asked) for extra, asked in _asked().items()}
    found = []
    for name, version in pinned().items():
        if installed_only and not _is_installed(name):
            continue
        known = looked_up().get(canonicalize_name(name), {})
        uses = tuple(extra for extra, names in used.items() if canonicalize_name(name) in names)
        bundled = tuple(_bundled(known))
        note = str(known.get("note", ""))
        found.append(Package(name, version, _licence(name), (RUNS,) if RUNS in uses else uses, bundled, note))
    return sorted(found, key=lambda package: package.name.lower())


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _licence(name: str) -> str:
    """Answer a package's licence: what was looked up, or its own clear word for it."""
    if told := looked_up().get(canonicalize_name(name), {}).get("licence"):
        return str(told)
    about = metadata.metadata(name).json
    if expression := about.get("license_expression"):
        return str(expression)
    said = str(about.get("license", "")).strip()
    for word in (said, *(each.rsplit(" :: ", 1)[-1] for each in about.get("classifier", ()))):
        if word in _PLAIN:
            return word
        if word in _SPDX:
            return _SPDX[word]
    raise UnknownLicenceError(f"{name}: look its licence up, and put it into supply/looked_up.toml (it says {said!r})")


def _bundled(known: Mapping[str, object]) -> Iterator[Bundled]:
    listed = known.get("bundled", [])
    assert isinstance(listed, list)  # noqa: S101  (TOML's own type)
    for entry in listed:
        yield Bundled(entry["name"], entry["licence"], entry["files"])


def _asked() -> dict[str, list[str]]:
    """Answer what the registry asks for: always, and with each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {RUNS: project["dependencies"], **project["optional-dependencies"]}


def _closure(asked: Iterable[str]) -> frozenset[str]:
    """Answer the names of all that some requirements bring, and what these bring in turn."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [each for line in asked for each in _named(Requirement(line), "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found.add(name)
        waiting += [each for requirement in _requirements(name) for each in _named(requirement, extra)]
    return frozenset(found)


def _named(requirement: Requirement, extra: str) -> Iterator[tuple[str, str]]:
    """Answer what a requirement brings on this machine: the package, and the package with each extra asked for."""
    if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
        for each in ("", *requirement.extras):
            yield canonicalize_name(requirement.name), each


def _requirements(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in metadata.requires(name) or ()]
    except metadata.PackageNotFoundError:
        return []
