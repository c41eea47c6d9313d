"""A report as a page that people read: first what came of it, then the facts, then what an expert computes again.

One template makes the page for a browser and the one that is printed. It fetches nothing and runs nothing, and shows no
more than the signed document holds; long texts are shortened, and say so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from registry.domain.cases import CaseSide, PaperKind
from registry.domain.comparison import verbal
from registry.domain.licence_text.writing import LANGUAGES
from registry.domain.reading import parse_json
from registry.reports.analyses import facts_of_engine, shown_analysis
from registry.reports.engine_names import engine_called
from registry.reports.envelope import SignedReport
from registry.reports.marking import name_of, named, prose
from registry.reports.model import CaseReport, CheckPart, FindingPart, PaperPart, ReasonPart, Report, read_report
from registry.reports.notice_forms import form_of
from registry.reports.own_texts import told
from registry.reports.plain_cases import case_page
from registry.reports.plain_checks import check_page
from registry.reports.reason_words import as_told, sentence
from registry.reports.words import N_, Language, Words

COMMAND: Final = "likeness report verify REPORT.json --key KEYS.json"
LONGEST_TEXT: Final = 6_000
"""Characters of one text that a page shows; the signed document has all of it."""
ALL_TEXTS: Final = 600_000
"""Characters of all statements together that a page shows at that length; beyond, each is shown by its beginning."""
SHORTEST_TEXT: Final = 600

_HERE: Final = Path(__file__).parent
_NOT_SAID: Final = N_(
    "This report says what records and recordings support. It is no proof of identity, and it does not say that "
    "anything infringes: that is for a court."
)


@dataclass(frozen=True, slots=True)
class Issued:
    """What a page says of the signed document that it was drawn from."""

    report_id: str
    sha256: str
    key_id: str
    seq: int
    at: str


def issued_of(signed: SignedReport) -> Issued:
    """Answer what a page says of the signed document."""
    header = parse_json(_decoded(signed.jws.partition(".")[0]))
    leaf = parse_json(signed.proof.leaf)
    return Issued(
        report_id=signed.proof.report_id,
        sha256=str(signed.proof.details["report_sha256"]),
        key_id=str(header["kid"]),
        seq=signed.proof.seq,
        at=str(leaf["at"]),
    )


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and the policy that a browser shows it under."""

    html: str
    policy: str


def page_of(signed: SignedReport, language: Language, *, faces: str = "") -> Page:
    """Draw a signed report.

    Args:
        signed: the report.
        language: of the page.
        faces: style rules that name fonts, where the page is printed; empty for a browser, which has its own.

    Raises:
        InvalidInputError: the document cannot be read.
    """
    report = read_report(dict(signed.document))
    return _Drawing(report, issued_of(signed), Words(language), faces).made()


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )


class _Drawing:
    """One page of one report."""

    def __init__(self, report: Report, issued: Issued, words: Words, faces: str) -> None:
        self._report, self._issued, self._words = report, issued, words
        self._ = words.catalogue.gettext
        self._style = f"{faces}{(_HERE / 'style.css').read_text(encoding='utf-8')}{self._foot()}"
        self._longest = LONGEST_TEXT
        if isinstance(report, CaseReport):
            whole = sum(min(len(paper.text or ""), LONGEST_TEXT) for paper in report.papers)
            self._longest = LONGEST_TEXT if whole <= ALL_TEXTS else SHORTEST_TEXT

    def made(self) -> Page:
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode("ascii")
        policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        environment = _templates().overlay()
        environment.install_gettext_translations(self._words.catalogue, newstyle=True)  # type: ignore[attr-defined]
        template = environment.get_template(f"{self._report.kind}.html")
        return Page(template.render(**self._shared(policy), **self._own()), policy)

    def _foot(self) -> str:
        """Answer the line at the foot of every printed page: ids and digests, and nothing that people wrote."""
        said = self._("Report %(id)s, as of %(day)s. SHA-256 %(digest)s…") % {
            "id": self._issued.report_id,
            "day": self._words.day(self._report.as_of),
            "digest": self._issued.sha256[:16],
        }
        quoted = said.replace("\\", "").replace('"', "").replace("<", "")
        return f'@page {{ @bottom-left {{ content: "{quoted}"; font: 7pt Pretendard, sans-serif; color: #444; }} }}\n'

    def _shared(self, policy: str) -> dict[str, Any]:
        report, words = self._report, self._words
        return {
            "report": report,
            "issued": self._issued,
            "language": words.language.value,
            "policy": policy,
            "style": Markup(self._style),  # noqa: S704  (our own rules, and a line of ids)
            "title": self._title(),
            "over": self._title(),
            "plain": case_page(report, words) if isinstance(report, CaseReport) else check_page(report, words),
            "command": COMMAND,
            "not_said": self._(_NOT_SAID),
            **self._filters(),
        }

    def _filters(self) -> dict[str, Callable[..., object]]:
        words = self._words
        return {
            "day": lambda text: words.unbroken(words.day(text)),
            "moment": lambda text: words.unbroken(words.moment(text)),
            "label": self._label,
            "name": named,
            "person": name_of,
            "prose": prose,
            "unbroken": words.unbroken,
            "purpose": lambda code: _phrase(LANGUAGES[words.language.value].purposes, code),
            "medium": lambda code: _phrase(LANGUAGES[words.language.value].media, code),
            "form": lambda notice: form_of(notice, words),
            "told": lambda text: told(text, words),
            "sentence": lambda reason: sentence(reason, words),
            "strength": lambda value: verbal(value, words.language.value),
            "engine_called": engine_called,
            "strengths": strengths_of,
            "picture": lambda svg: f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}",
            "shortened": self._shortened,
            "is_shortened": lambda text: len(text) > self._longest,
            "first_read": self._first_read,
        }

    def _label(self, kind: str, code: object) -> Markup:
        return self._words.unbroken(self._words.label(kind, code))

    def _title(self) -> str:
        if isinstance(self._report, CaseReport):
            return self._("Report about a case, as of %(day)s") % {"day": self._words.day(self._report.as_of)}
        return self._("Report about a check, as of %(day)s") % {"day": self._words.day(self._report.as_of)}

    def _shortened(self, text: str) -> str:
        return text if len(text) <= self._longest else f"{text[: self._longest]} …"

    def _first_read(self, paper: PaperPart) -> str:
        """Say when each side first read a paper: of who filed it that goes without saying."""
        said = []
        for side in (CaseSide.COMPLAINANT, CaseSide.RESPONDENT, CaseSide.REGISTRY):
            if side is paper.side:
                continue
            at = paper.first_read.get(side.value)
            text = self._("%(side)s: read on %(at)s") if at else self._("%(side)s: not read yet")
            said.append(text % {"side": self._words.label("side", side), "at": self._words.moment(at)})
        return "; ".join(said)

    # --- what is told of a case, and of a check ----------------------------------------------------------------------

    def _own(self) -> dict[str, Any]:
        report, words = self._report, self._words
        if isinstance(report, CaseReport):
            return {
                "case": report.case,
                "proposals": report.proposals,
                "statements": [each for each in report.papers if each.kind is PaperKind.STATEMENT],
                "documents": [each for each in report.papers if each.kind is not PaperKind.STATEMENT],
                "analyses": [shown_analysis(each, words) for each in report.analyses],
            }
        return {
            "check": report.check,
            "licences": [
                (
                    each.id,
                    named(each.title),
                    words.label("licence", each.state),
                    f"{words.day(each.starts_on)} – {words.day(each.ends_on)}",
                    f"{each.number}: {each.terms_sha256}",
                )
                for each in report.licences
            ],
            "problem": _problem_of(report.check),
            "facts": list(facts_of_engine(report.check.engine or {}, words)),
            "numbers": [
                (
                    name_of(each.performer),
                    strengths_of(each, decimals=4)(each.log10_lr),
                    _engines_of(each),
                    f"{each.cohort_percentile:.2f}",
                    words.label("outcome", each.outcome),
                )
                for each in report.findings
            ],
        }


def _phrase(phrases: Mapping[Any, str], code: str) -> Markup:
    """Answer what a licence's own text calls a purpose or a medium; one that is not known is shown as it is."""
    return named(next((phrase for each, phrase in phrases.items() if each == code), code))


def _problem_of(check: CheckPart) -> ReasonPart | None:
    """Answer why a check came to nothing, as reasons are told."""
    if check.problem is None:
        return None
    code = str(check.problem.get("slug", ""))
    return ReasonPart(code=code, detail=str(check.problem.get("detail", code)))


def strengths_of(finding: FindingPart, *, decimals: int = 2) -> Callable[[float], str]:
    """Answer what writes the strengths of a finding: an end of what validation supports as such, as its reasons do."""
    details = "; ".join(reason.detail for reason in finding.evidence_reasons)
    return lambda log10_lr: as_told(log10_lr, details, decimals)


def _engines_of(finding: FindingPart) -> str:
    strength_of = strengths_of(finding, decimals=4)
    return ", ".join(f"{engine_called(name)} {strength_of(value)}" for name, value in sorted(finding.engines.items()))
