"""A report as PDF: the same page, printed in a child process that fetches nothing and is bounded in time and memory.

The document is tagged and names its language and title (PDF/UA-1), and carries the signed file along. Hangul and Latin
are set in Pretendard, which ships with the registry; for other scripts the machine's own fonts are used. It ships as
TrueType: the OpenType files name their glyphs by numbers that have gaps, and a reader that goes by these numbers, as
the format has it, shows no digits.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from registry.errors import PrintingUnavailableError
from registry.reports.envelope import SignedReport
from registry.reports.pages import page_of
from registry.reports.words import Language
from registry.vault.signing import canonical

TIMEOUT_S: Final = 120
PROCESSOR_S: Final = 60
MEMORY_BYTES: Final = 3 * 2**30
LARGEST_PDF: Final = 64 * 2**20

AT_ONCE: Final = 2
"""Printings of one process that run at the same time: each may take `MEMORY_BYTES`."""

_FONTS: Final = Path(__file__).parent / "fonts"
_FONT: Final = "likeness-font:"
_DRAWING: Final = "data:image/svg+xml;base64,"
_WEIGHTS: Final = {"Regular": 400, "Bold": 700}
_FACES: Final = "".join(
    f"@font-face {{ font-family: Pretendard; font-weight: {weight}; src: url({_FONT}{name}); }}\n"
    for name, weight in _WEIGHTS.items()
)
_ENVIRONMENT: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "TMPDIR")
"""What the child needs of ours; secrets stay here."""


_printers: Final = threading.BoundedSemaphore(AT_ONCE)


def pdf_of(signed: SignedReport, language: Language, *, timeout_s: float = TIMEOUT_S) -> bytes:
    """Print a signed report.

    Args:
        signed: the report.
        language: of the page.
        timeout_s: how long it may take.

    Raises:
        PrintingUnavailableError: what prints is not installed, and the sentence names it; or it took too long, or too
            much memory, or others were printed for as long, figure ``timeout_s``. HTML and JSON need none of it.
    """
    if find_spec("weasyprint") is None:
        raise PrintingUnavailableError("PDF needs the extra `reports`: pip install 'likeness-registry[reports]'")
    if not _printers.acquire(timeout=timeout_s):
        raise PrintingUnavailableError(
            f"{AT_ONCE} other reports were being printed for {timeout_s:.0f} s: try again, or take it as HTML or JSON",
            timeout_s=timeout_s,
            at_once=AT_ONCE,
        )
    try:
        return _printed_elsewhere(signed, language, timeout_s)
    finally:
        _printers.release()


def _printed_elsewhere(signed: SignedReport, language: Language, timeout_s: float) -> bytes:
    """Print in a child process."""
    job = {
        "html": page_of(signed, language, faces=_FACES).html,
        "attachment": canonical(signed.as_json()).decode(),
        "identifier": str(signed.proof.details["report_sha256"]),
    }
    command = [sys.executable, "-m", "registry.reports.pdf"]
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603  (our own module, by the interpreter that runs)
            command, input=json.dumps(job).encode(), capture_output=True, timeout=timeout_s, check=False, env=kept
        )
    except subprocess.TimeoutExpired as error:
        raise PrintingUnavailableError(
            f"the report was not printed within {timeout_s:.0f} s: take it as HTML or JSON", timeout_s=timeout_s
        ) from error
    if done.returncode == _NOT_INSTALLED:
        raise PrintingUnavailableError(
            "PDF needs the library Pango of the system (on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
            "libharfbuzz-subset0); HTML and JSON do not"
        )
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise PrintingUnavailableError("the report could not be printed: take it as HTML or JSON", timeout_s=timeout_s)
    return done.stdout


# --- the child -------------------------------------------------------------------------------------------------------

_NOT_INSTALLED: Final = 3


def printed(job: Mapping[str, Any]) -> bytes:
    """Print a page. It raises OSError where a library of the system is missing."""
    from weasyprint import HTML, Attachment
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    signed = Attachment(
        string=job["attachment"].encode(), name="report.json", description="The signed report", relationship="Source"
    )
    document = HTML(string=job["html"], url_fetcher=_fetcher(), base_url=None)
    content: bytes = document.write_pdf(
        font_config=fonts,
        pdf_variant="pdf/ua-1",
        attachments=[signed],
        pdf_identifier=bytes.fromhex(job["identifier"])[:16],
        custom_metadata=False,
        optimize_images=False,
    )
    return content


def _fetcher() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Fetcher(URLFetcher):  # type: ignore[misc]  # the library has no types
        """Answers what a page may have, and ends the printing on anything else."""

        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ARG002  (the library's form)
            content, kind = held_at(url)
            return URLFetcherResponse(url, body=content, headers={"Content-Type": kind})

    return Fetcher(fail_on_errors=True)


def held_at(url: str) -> tuple[bytes, str]:
    """Answer what a page may have, with its type: its own fonts, and the drawings that stand in it.

    Raises:
        ValueError: it is anything else: a report fetches nothing.
    """
    if url.startswith(_DRAWING):
        return b64decode(url.removeprefix(_DRAWING), validate=True), "image/svg+xml"
    name = url.removeprefix(_FONT)
    if name not in _WEIGHTS:
        raise ValueError(f"a report fetches nothing: {url[:100]}")
    return (_FONTS / f"Pretendard-{name}.ttf").read_bytes(), "font/ttf"


def _main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    job = json.loads(sys.stdin.buffer.read())
    try:
        content = printed(job)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return _NOT_INSTALLED
    if len(content) > LARGEST_PDF:
        return 1
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    raise SystemExit(_main())
