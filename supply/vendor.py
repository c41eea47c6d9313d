"""Files of others that browsers load, brought into the tree: ``python -m supply.vendor``.

Each package of the npm registry is fetched by version, through ``npm pack``, and refused unless it is the one whose
digest stands here. What is taken out of it lies in the tree, beside a manifest that says where each file comes from,
under which licence, and what its digests are. Nothing is fetched when the registry runs, or when it is installed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from supply.packages import ROOT

MANIFEST = "manifest.json"
FOR_PAGES = ROOT / "api" / "pages" / "static" / "vendor"
FOR_TESTS = ROOT / "tests" / "browser" / "vendor"


class VendorError(Exception):
    """A package is not the one that was pinned, or cannot be had."""


@dataclass(frozen=True, slots=True)
class Vendored:
    """A package whose files lie in the tree.

    Attributes:
        name, version: in the npm registry.
        integrity: of its archive, as the registry gives it (W3C Subresource Integrity).
        licence: SPDX expression.
        files: name in the archive → name beside the manifest; the licence's text among them.
        home: the folder that they lie in.
    """

    name: str
    version: str
    integrity: str
    licence: str
    files: Mapping[str, str]
    home: Path


PACKAGES = (
    Vendored(
        "htmx.org",
        "2.0.11",
        "sha512-Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==",
        "0BSD",
        {"package/dist/htmx.min.js": "htmx.min.js", "package/LICENSE": "htmx.LICENSE"},
        FOR_PAGES,
    ),
    Vendored(
        "@picocss/pico",
        "2.1.1",
        "sha512-kIDugA7Ps4U+2BHxiNHmvgPIQDWPDU4IeU6TNRdvXQM1uZX+FibqDQT2xUOnnO2yq/LUHcwnGlu1hvf4KfXnMg==",
        "MIT",
        {"package/css/pico.classless.min.css": "pico.classless.min.css", "package/LICENSE.md": "pico.LICENSE"},
        FOR_PAGES,
    ),
    Vendored(
        "wavesurfer.js",
        "8.0.1",
        "sha512-h0OnRWSVTqIYLSw3/IVrBtsun/xw9L5u4FA3bjfSDTFMX/xswVWS1JwK4fFu3ulmxRUSHg8zQORl6zENG983eg==",
        "BSD-3-Clause",
        {"package/dist/wavesurfer.min.js": "wavesurfer.min.js", "package/LICENSE": "wavesurfer.LICENSE"},
        FOR_PAGES,
    ),
    Vendored(
        "uplot",
        "1.6.32",
        "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        "MIT",
        {
            "package/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
            "package/dist/uPlot.min.css": "uPlot.min.css",
            "package/LICENSE": "uPlot.LICENSE",
        },
        FOR_PAGES,
    ),
    Vendored(
        "axe-core",
        "4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        "MPL-2.0",
        {"package/axe.min.js": "axe.min.js", "package/LICENSE": "axe.LICENSE"},
        FOR_TESTS,
    ),
)


def digests(data: bytes) -> dict[str, str]:
    """Answer the digests of a file: SHA-256 in hex, and as a browser takes it (``integrity``)."""
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "integrity": f"sha384-{b64encode(hashlib.sha384(data).digest()).decode('ascii')}",
    }


def described(package: Vendored) -> dict[str, object]:
    """Answer what the manifest says of a package, from the files that lie in the tree."""
    return {
        "name": package.name,
        "version": package.version,
        "integrity": package.integrity,
        "licence": package.licence,
        "files": {name: digests((package.home / name).read_bytes()) for name in sorted(package.files.values())},
    }


def manifest(home: Path) -> str:
    """Answer the manifest of a folder."""
    return json.dumps([described(package) for package in PACKAGES if package.home == home], indent=2) + "\n"


def fetch(package: Vendored) -> None:
    """Fetch a package, and put its files into the tree.

    Raises:
        VendorError: npm does not give it, or gives another; a file is not in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = f"{package.name}@{package.version}"
        command = ["npm", "pack", wanted, "--json", "--ignore-scripts", "--pack-destination", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise VendorError(f"npm does not give {wanted}: {done.stderr.strip()[-400:]}")
        (archive,) = Path(folder).glob("*.tgz")
        found = f"sha512-{b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode('ascii')}"
        if found != package.integrity:
            raise VendorError(f"{wanted} has the digest {found}, and {package.integrity} is pinned")
        _unpack(archive, package)


def _unpack(archive: Path, package: Vendored) -> None:
    package.home.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as inside:
        for source, target in package.files.items():
            member = inside.extractfile(source)
            if member is None:
                raise VendorError(f"{source} is no file of {package.name} {package.version}")
            (package.home / target).write_bytes(member.read())


def main() -> None:
    """Fetch every package, and write the manifests."""
    for package in PACKAGES:
        fetch(package)
        sys.stdout.write(f"{package.name} {package.version}\n")
    for home in sorted({package.home for package in PACKAGES}):
        (home / MANIFEST).write_text(manifest(home), encoding="utf-8")
        sys.stdout.write(f"wrote {(home / MANIFEST).relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
