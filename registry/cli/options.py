"""Options that several commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import BadParameter, Option

LONGEST_LINE = 200
LONGEST_NOTE = 500

Acting = Annotated[
    str | None,
    Option("--as", metavar="ACCOUNT_ID", help="The operator who acts; by default the only one in service."),
]

RegistryUrl = Annotated[
    str | None,
    Option(
        "--registry",
        metavar="URL",
        help="A registry to ask over HTTP, such as https://registry.example; no proxy is used.",
    ),
]

Registry = Annotated[
    str,
    Option(
        "--registry",
        metavar="URL",
        envvar="LIKENESS_REGISTRY",
        help="The registry to ask over HTTP, such as https://registry.example; no proxy is used.",
    ),
]

TokenFile = Annotated[
    Path | None,
    Option(
        metavar="FILE", help="Your token, in a file of mode 0600; by default it is in LIKENESS_TOKEN.", dir_okay=False
    ),
]

CaFile = Annotated[
    Path | None,
    Option(
        metavar="FILE.pem",
        help="Certificates of the authorities to trust for --registry, in place of the usual ones.",
        exists=True,
        dir_okay=False,
    ),
]

GalleryKey = Annotated[
    Path | None, Option(help="Your private key, to open a gallery file with.", exists=True, dir_okay=False)
]

RegistryKeys = Annotated[
    Path | None,
    Option(metavar="JWKS.json", help="Keys of the registry that issued the gallery file.", exists=True, dir_okay=False),
]

GalleryStatus = Annotated[
    list[Path] | None,
    Option(metavar="FILE", help="What the registry last said of the gallery file.", dir_okay=False),
]

AsJson = Annotated[bool, Option("--json", help="Print JSON, for machines.")]


def one_line(text: str) -> str:
    """Read a name or a title: one line of 1 to 200 printable characters.

    Raises:
        BadParameter: it is none.
    """
    return _printable(text, LONGEST_LINE)


def note(text: str) -> str:
    """Read a remark: 1 to 500 printable characters.

    Raises:
        BadParameter: it is none.
    """
    return _printable(text, LONGEST_NOTE)


def _printable(text: str, longest: int) -> str:
    stripped = text.strip()
    if not 1 <= len(stripped) <= longest:
        raise BadParameter(f"it must have 1 to {longest} characters, not {len(stripped)}")
    if not stripped.isprintable():
        raise BadParameter("it must be one line of printable characters")
    return stripped
