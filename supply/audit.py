"""Known holes in what is pinned: the advisories of an index, or of a copy of them that was brought along.

``python -m supply.audit`` (``make audit``) asks PyPI about each pinned version. Where it cannot be reached,
``--advisories`` names a folder or an archive of advisories in the OSV format: a checkout of
github.com/pypa/advisory-database, or the PyPI archive of osv.dev.

A version that nobody could be asked about is not taken for a good one. Exit code 0: every pinned version was looked
up, and nothing is known against it; 1: something is; 3: nothing is known, and some could not be looked up.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from supply.packages import pinned

INDEX = "https://pypi.org"
HOLES, UNKNOWN = 1, 3
_TIMEOUT_S = 20.0
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Hole:
    """What is known against a version."""

    id: str
    summary: str
    fixed_in: tuple[str, ...]


class NotCheckedError(Exception):
    """A version could not be looked up; says why."""


Look = Callable[[str, str], list[Hole]]
"""Answers what is known against a package's version, or raises `NotCheckedError`."""


def ask_index(client: httpx.Client) -> Look:
    """Look versions up at an index, by the interface that PyPI has for that."""

    def look(name: str, version: str) -> list[Hole]:
        try:
            answer = client.get(f"/pypi/{canonicalize_name(name)}/{version}/json")
        except httpx.HTTPError as error:
            raise NotCheckedError(f"the index does not answer ({type(error).__name__})") from error
        if answer.status_code != HTTPStatus.OK:
            raise NotCheckedError(f"the index answers {answer.status_code}")
        try:
            listed = answer.json()["vulnerabilities"]
            return [_hole(entry, entry["fixed_in"]) for entry in listed if not entry.get("withdrawn")]
        except (ValueError, KeyError, TypeError) as error:
            raise NotCheckedError("the index does not say what is known") from error

    return look


def read_advisories(place: Path) -> Look:
    """Look versions up among advisories in the OSV format: a folder of JSON or YAML files, or a ZIP archive of JSON.

    Raises:
        NotCheckedError: there is not one advisory in it.
    """
    known: dict[str, list[Mapping[str, Any]]] = {}
    count = 0
    for advisory in _advisories(place):
        count += 1
        if advisory.get("withdrawn"):
            continue
        for affected in advisory.get("affected", ()):
            if affected.get("package", {}).get("ecosystem") == "PyPI":
                name = canonicalize_name(affected["package"]["name"])
                known.setdefault(name, []).append({**affected, "advisory": advisory})
    if not count:
        raise NotCheckedError(f"there are no advisories in {place}")

    def look(name: str, version: str) -> list[Hole]:
        return [
            _hole(affected["advisory"], _fixes(affected))
            for affected in known.get(canonicalize_name(name), ())
            if _affects(affected, version)
        ]

    return look


def _advisories(place: Path) -> Iterator[Mapping[str, Any]]:
    if place.is_file():
        with zipfile.ZipFile(place) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    yield json.loads(archive.read(name))
        return
    for path in sorted(place.rglob("*")):
        if path.suffix == ".json":
            yield json.loads(path.read_bytes())
        elif path.suffix in {".yaml", ".yml"}:
            yield yaml.safe_load(path.read_bytes())


def _affects(affected: Mapping[str, Any], version: str) -> bool:
    """Whether a version is named, or lies in a range (OSV schema 1.6, "affected[].ranges[].events")."""
    if version in affected.get("versions", ()):
        return True
    spans = [span for each in affected.get("ranges", ()) if each["type"] == "ECOSYSTEM" for span in _spans(each)]
    return any(_within(Version(version), *span) for span in spans)


def _spans(ranges: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str | None]]:
    """Answer from where on, up to before what, and up to and with what."""
    begun = None
    for event in ranges["events"]:
        if "introduced" in event:
            begun = event["introduced"]
        elif begun is not None:
            yield begun, event.get("fixed"), event.get("last_affected")
            begun = None
    if begun is not None:
        yield begun, None, None


def _within(version: Version, begun: str, fixed: str | None, last: str | None) -> bool:
    try:
        return (
            version >= Version(begun)
            and (fixed is None or version < Version(fixed))
            and (last is None or version <= Version(last))
        )
    except InvalidVersion:
        return True  # a range that cannot be read is no reason to be calm


def _fixes(affected: Mapping[str, Any]) -> list[str]:
    return [event["fixed"] for each in affected.get("ranges", ()) for event in each["events"] if "fixed" in event]


def _hole(entry: Mapping[str, Any], fixed_in: Iterable[str]) -> Hole:
    told = entry.get("summary") or entry.get("details") or ""
    first = next(iter(str(told).strip().splitlines()), "")
    return Hole(str(entry["id"]), first, tuple(fixed_in))


def audit(look: Look, versions: Mapping[str, str]) -> tuple[dict[str, list[Hole]], dict[str, str]]:
    """Look every version up; answer what is known against which package, and why others could not be looked up."""
    holes: dict[str, list[Hole]] = {}
    unknown: dict[str, str] = {}

    def one(name: str, version: str) -> None:
        try:
            if found := look(name, version):
                holes[name] = found
        except NotCheckedError as error:
            unknown[name] = str(error)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(one, versions, versions.values()))
    return holes, unknown


def tell(holes: Mapping[str, list[Hole]], unknown: Mapping[str, str], versions: Mapping[str, str]) -> int:
    """Say what was found; answer the exit code."""
    for name, found in sorted(holes.items()):
        for hole in found:
            fixed = f"; fixed in {', '.join(hole.fixed_in)}" if hole.fixed_in else "; no fix is known"
            sys.stdout.write(f"{name} {versions[name]}: {hole.id}{fixed}: {hole.summary}\n")
    for reason in sorted(set(unknown.values())):
        names = sorted(name for name, why in unknown.items() if why == reason)
        sys.stdout.write(f"NOT CHECKED, {reason}: {len(names)} packages ({', '.join(names[:5])}…)\n")
    checked = len(versions) - len(unknown)
    sys.stdout.write(f"{checked} of {len(versions)} pinned versions were looked up; {len(holes)} have known holes\n")
    return HOLES if holes else UNKNOWN if unknown else 0


def main(arguments: list[str] | None = None) -> int:
    """Look up what is pinned, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m supply.audit", description="Known holes in what is pinned.")
    parser.add_argument("--index", default=INDEX, help="index that has PyPI's JSON interface")
    parser.add_argument("--advisories", type=Path, help="folder or ZIP archive of OSV advisories, in place of an index")
    chosen = parser.parse_args(arguments)
    versions = pinned()
    try:
        if chosen.advisories is not None:
            return tell(*audit(read_advisories(chosen.advisories), versions), versions)
        with httpx.Client(base_url=chosen.index, timeout=_TIMEOUT_S, follow_redirects=True) as client:
            return tell(*audit(ask_index(client), versions), versions)
    except NotCheckedError as error:
        sys.stdout.write(f"NOT CHECKED: {error}\n")
        return UNKNOWN


if __name__ == "__main__":
    sys.exit(main())
