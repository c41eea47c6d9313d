"""What an auditor's pages say of something that is not taken: what is wrong, and what to do.

An error's own sentence is for developers and in English; pages speak their reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.pages.language import N_, _, number
from registry.errors import DeclaredUseUnknownError, RegistryError, ScanReportError

Said = tuple[str, str]
"""What is wrong, and what to do."""

NO_ROOT: Final = (N_("No place was chosen."), N_("Choose one of those that are open to you."))
_ASKING: Final[Mapping[str, Said]] = {
    "not_found": (
        N_("There is nothing that you may have scanned at this place."),
        N_("A path is relative to the place, such as 2026/spring; leave it empty for all of it."),
    ),
    "source_unusable": (
        N_("This server sees nothing at this place, or cannot list it."),
        N_("Mend the path. Where only the workers see it, ask for the scan: it says what it found."),
    ),
    "conflict": (
        N_("As many scans as may be are under way."),
        N_("Let one end, or call one off."),
    ),
    "signature_invalid": (
        N_("The signature does not hold: the file is not what was signed."),
        N_("Send report.json as the scan wrote it. A page that shows a file may have changed it."),
    ),
    "scan_report_unusable": (
        N_("These two files are no report of a scan that can be filed here."),
        N_("File report.json and findings.jsonl of one folder, of a scan that was made with a gallery file from here."),
    ),
    "gallery_file_unknown": (
        N_("The scan was made with a gallery file that was not issued to you by this registry."),
        N_("File the report with the registry that issued the file, as the organisation that it was issued to."),
    ),
    "scan_out_of_time": (
        N_("The scan did not run within the time of its gallery file."),
        N_("Scan again with a gallery file that is issued now."),
    ),
}
_NOT_AS_IT_IS: Final = N_("This cannot be asked for as it is.")
_LOOK: Final = N_("Look at what you filled in, and try again.")


def said_of_asking(error: RegistryError) -> Said:
    """Say why a scan is not asked for, or a report not filed."""
    if isinstance(error, DeclaredUseUnknownError):
        word = str(error.figures.get("word", ""))
        return (
            _("The declared use has a word that is not known: %(word)s") % {"word": word},
            _("First the purpose, then what else is known, as in the example."),
        )
    found = _ASKING.get(error.slug)
    return (_(found[0]), _(found[1])) if found is not None else (_(_NOT_AS_IT_IS), _(_LOOK))


def said_of_rows(error: RegistryError) -> Said:
    """Say why the rows of a reported scan are not taken."""
    title, figures = _("These rows are not taken."), error.figures
    if "open" in figures:
        return title, _("Of too many scans some rows were sent and not all. Send the others first.")
    if "unresolved" in figures:
        return title, _("The report speaks of somebody who may not be looked for any more. Scan again.")
    if isinstance(error, ScanReportError):
        if "row" in figures:
            return title, _("Line %(number)s cannot be used. Send the file as the scan wrote it.") % {
                "number": number(int(str(figures["row"])) + 1)
            }
        return title, _("They are not those that the report signs. Choose results.jsonl of the very scan, unchanged.")
    return title, _("They are being sent at this moment, or are here already. Load the page anew.")


def said_of_marks(error: RegistryError) -> Said:
    """Say why marks on a sample are not kept."""
    if error.figures.keys() & {"people", "number", "mark"}:
        return _("This cannot be marked."), _why_not_marked(error.figures)
    return _("This list cannot be read."), _why_not_read(error.figures)


def _why_not_marked(figures: Mapping[str, Any]) -> str:
    if "people" in figures:
        return _("%(people)s persons have marked this sample, and no more may. Draw another, by another number.") % {
            "people": number(int(figures["people"]))
        }
    if "number" in figures:
        return _("Number %(number)s is no row of this sample. A list belongs to the draw that it was taken from.") % {
            "number": number(int(figures["number"]))
        }
    return _(_LOOK)


def _why_not_read(figures: Mapping[str, Any]) -> str:
    if "most" in figures:
        return _("It is too large to be the list that was taken from here.")
    if figures.get("line") == 1:
        return _("Its first line has to name the columns, as it did when it was taken.")
    if "line" in figures:
        return _(
            "Line %(line)s: each row stands there once, and its last column says agree, disagree, unsure, or nothing."
        ) % {"line": number(int(figures["line"]))}
    return _("Save it as CSV in UTF-8, and send it again.")


_ENDS: Final[Mapping[str, Said]] = {
    "source_unusable": (
        N_("The workers see nothing at this place, or cannot list it."),
        N_("Ask whoever runs this registry what is there, and ask for another scan."),
    ),
    "input_outside": (
        N_("The place leads out of what may be scanned."),
        N_("Ask for a scan of something that lies below the place."),
    ),
    "invalid_input": (
        N_("What was asked for cannot be done."),
        N_("Look at how it was asked for, further down, and ask for another scan."),
    ),
    "worker_failed": (
        N_("Workers ended again and again before they had finished one more file."),
        N_("Ask for another scan; if it ends so again, tell whoever runs this registry."),
    ),
    "scan_mismatch": (
        N_("Something that the scan rests on is not as it was when it began."),
        N_("Ask for another scan."),
    ),
    "scan_storage": (
        N_("What came of it could not be written down."),
        N_("Whoever runs this registry has to make room; then ask for another scan."),
    ),
}
_ENDED: Final = (
    N_("The registry could not finish it."),
    N_("Ask for another scan; if it ends so again, tell whoever runs this registry."),
)


def said_of_end(problem: Mapping[str, Any] | None) -> Said | None:
    """Say why a scan could not go on; None for one that could."""
    if problem is None:
        return None
    said = _ENDS.get(str(problem["slug"]), _ENDED)
    return _(said[0]), _(said[1])
