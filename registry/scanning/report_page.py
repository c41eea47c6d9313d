"""The report of a scan as a page for people: what was looked at, what was found, what was not, and how to check it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from registry.domain.comparison import NEITHER, strength_word
from registry.engine.matching import POOL
from registry.reports.engine_names import engine_called
from registry.scanning import reason_words
from registry.scanning.card_words import figure_called, measured, not_validated_called, people_called
from registry.scanning.findings import Failure, Finding, Findings, Strongest
from registry.scanning.page_parts import facts, named, page, paragraph, section, table, timeline, told
from registry.scanning.results import RESULTS, Status
from registry.scanning.tally import COVERED, Heard
from registry.scanning.words import WORDS, Language, Words

MOST_PERFORMERS: Final = 300
MOST_SEGMENTS: Final = 8
_MOST_WARNINGS: Final = 30
_STRONG: Final = 2.0  # log10 LR from which a stretch of a timeline is drawn as strong
_HOUR_S: Final = 3600.0
_MINUS: Final = "\N{MINUS SIGN}"
_TOUCHING: Final = 0.0005  # half of the last digit that a card gives of its bounds


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page tells.

    Attributes:
        plan: of the scan.
        summary: its counts.
        findings: what is listed.
        manifest_sha256, results_sha256: of the rows.
        thumbprint: of the key that signs.
        training: what is told of it as training data, or None.
    """

    plan: Mapping[str, Any]
    summary: Mapping[str, Any]
    findings: Findings
    manifest_sha256: str
    results_sha256: str
    thumbprint: str
    training: Mapping[str, Any] | None = None


def report_page(report: Report, language: Language) -> str:
    """Answer the page in a language; names, and the sentences of errors, are as the scan has them."""
    words = WORDS[language]
    return page(language, words["title"], _Page(report, words, language).sections())


class _Page:
    """The sections of one page."""

    def __init__(self, report: Report, words: Words, language: Language) -> None:
        self.report, self.words, self.language = report, words, language
        self.plan, self.summary, self.findings = report.plan, report.summary, report.findings
        self.card: Mapping[str, Any] = report.plan["calibration_card"]
        self.bounds: tuple[float, float] = tuple(self.card["bounds_log10_lr"])

    def sections(self) -> Iterator[str]:
        words = self.words
        yield f"<h1>{told(words['title'])}</h1>"
        yield self._made_of()
        yield self._moved()
        yield f'<p class="notice">{told(words["notice"])}</p>'
        yield self._licences()
        yield self._totals()
        yield self._performers()
        if self.report.training is not None:
            yield self._training(self.report.training)
        yield self._listed("flagged_title", "", self.findings.flagged, words["flagged_none"])
        yield self._listed("review_title", "review_note", self.findings.for_review)
        yield self._unsettled()
        yield self._failures()
        yield self._left_out()
        yield self._operating_point()
        yield self._models()
        yield self._how_to_verify()

    def _made_of(self) -> str:
        told_of = self.words["made_of"].format(
            source="\0",
            started=_minute(self.plan["started_at"]),
            finished=_minute(self.summary["finished_at"]),
            performers=self.plan["gallery"]["performers"],
        )
        before, after = told_of.split("\0")
        return f'<p class="soft">{told(before)}{named(self.plan["source"])}{told(after)}</p>'

    def _moved(self) -> str:
        """Say of a gallery that followed who comes and goes how much it did."""
        changes = self.summary.get("gallery_changes") or {}
        if not any(changes.values()):
            return ""
        said = self.words["gallery_moved"].format(came=_whole(changes["came"]), gone=_whole(changes["gone"]))
        return paragraph(said, "soft")

    def _licences(self) -> str:
        asked = self.plan.get("licences")
        if asked is None:
            return paragraph(self.words["no_licences_asked"], "soft")
        said = self.words["licences_asked"].format(organisation=asked["organisation"], as_of=_minute(asked["as_of"]))
        return f'<p class="soft">{told(said)}</p>'

    # --- what was looked at ------------------------------------------------------------------------------------------

    def _totals(self) -> str:
        words, statuses = self.words, self.summary["statuses"]
        shown = [
            (words["flagged"], _whole(self.summary["flagged"]), "loud" if self.summary["flagged"] else ""),
            (words["for_review"], _whole(self.summary["for_review"]), ""),
            (words["inputs"], _whole(self.summary["rows"]), ""),
            *((words[status.value], _whole(statuses[status.value]), "") for status in Status),
            (words["hours"], f"{self.summary['audio_s'] / _HOUR_S:,.2f}", ""),
            (words["speech_hours"], f"{self.summary['speech_s'] / _HOUR_S:,.2f}", ""),
        ]
        figures = "".join(
            f'<div class="{style}"><dt>{told(name)}</dt><dd>{value}</dd></div>' for name, value, style in shown
        )
        parts = " + ".join(_whole(statuses[status.value]) for status in Status)
        reconciled = words["reconciled"].format(parts=parts, rows=_whole(self.summary["rows"]))
        return section(words["totals"], f'<dl class="figures">{figures}</dl>', paragraph(reconciled, "soft"))

    def _performers(self) -> str:
        words, found = self.words, self.summary["performers"]
        if not found:
            return section(words["performers"], paragraph(words["nobody"]))
        lines = [(name, one) for name, findings in found.items() for one in findings]
        lines.sort(key=lambda line: (-line[1]["seconds"], line[0]))
        headings = [words[key] for key in ("performer", "evidence", "verdict", "licence", "files", "seconds")]
        rows = [
            (
                named(name),
                told(words[one["outcome"]]),
                told(words[one["verdict"]]),
                told(one["licence_id"] or "–"),
                f"{_whole(one['files'])} ({_whole(one['distinct_files'])})",
                f"{one['seconds']:,.1f} ({one['distinct_seconds']:,.1f})",
                told(self._ratio(one["strongest_log10_lr"])),
            )
            for name, one in lines[:MOST_PERFORMERS]
        ]
        matched = [one for _, one in lines if one["outcome"] == "match"]
        seconds = sum(one["seconds"] for one in matched)
        covered = sum(one["seconds"] for one in matched if one["verdict"] in COVERED)
        share = words["covered_share"].format(covered=f"{covered:,.1f}", seconds=f"{seconds:,.1f}")
        return section(
            words["performers"],
            paragraph(words["performers_note"], "soft"),
            table([*headings, words["strongest"]], rows),
            self._bounded(len(rows), len(lines), "listed_of", "summary.json"),
            paragraph(share),
        )

    def _bounded(self, shown: int, count: int, key: str = "first_of", file: str = RESULTS) -> str:
        """Say that a list is not whole, where it is not."""
        if shown == count:
            return ""
        return paragraph(self.words[key].format(shown=_whole(shown), count=_whole(count), file=f"`{file}`"), "soft")

    # --- what was found ----------------------------------------------------------------------------------------------

    def _listed(self, title: str, note: str, found: Strongest, otherwise: str = "") -> str:
        if not found.count:
            return section(self.words[title], paragraph(otherwise)) if otherwise else ""
        return section(
            self.words[title],
            paragraph(self.words[note], "soft") if note else "",
            self._bounded(len(found), found.count),
            *(self._finding(finding) for finding in found),
        )

    def _finding(self, finding: Finding) -> str:
        row, copies = finding.row, finding.copies
        parts = [f"<h3>{named(row.name)}</h3>"]
        parts += [self._heard(heard, row.duration_s) for heard in finding.heard]
        if copies.count:
            more = self._more(copies.count - len(copies.names))
            before, after = self.words["same_bytes"].split("{names}")
            parts.append(f'<p class="soft">{told(before)}{", ".join(map(named, copies.names))}{more}{told(after)}</p>')
        return f'<div class="finding">{"".join(parts)}</div>'

    def _heard(self, heard: Heard, duration_s: float) -> str:
        words = self.words
        said = f"{words[heard.outcome.value]} · {words[heard.verdict.value]} · {self._strength(heard.log10_lr)}"
        because = "".join(f"<li>{self._because(code)}</li>" for code in heard.reasons)
        line = f"<p>{named(heard.performer)}: {told(said)}</p>"
        line += f'<ul class="why">{because}</ul>' if because else ""
        if not heard.segments:
            return f'{line}<p class="soft">{told(words["not_located"])}</p>'
        stretches = [
            words["at"].format(start=_clock(start), end=_clock(end), strength=self._strength(ratio))
            for start, end, ratio in heard.segments[:MOST_SEGMENTS]
        ]
        left = len(heard.segments) - len(stretches)
        stretches += [words["more_segments"].format(count=left)] if left else []
        drawn = [(start, end, ratio >= _STRONG) for start, end, ratio in heard.segments]
        label = f"{words['where']}: {'; '.join(stretches)}"
        listed = "".join(f"<li>{told(one)}</li>" for one in stretches)
        return f"{line}{timeline(duration_s, drawn, label)}<ul>{listed}</ul>"

    def _because(self, code: str) -> str:
        return reason_words.as_html(code, self.language)

    def _strength(self, log10_lr: float) -> str:
        """Say how strongly a ratio supports what, in words and as a number."""
        words, number = self.words, self._ratio(log10_lr)
        lower, upper = self.bounds
        strength = strength_word(min(max(log10_lr, lower), upper))
        if strength == NEITHER:
            return words["neither"].format(number=number)
        return words["supported" if log10_lr > 0 else "against"].format(words=words[strength], number=number)

    def _ratio(self, log10_lr: float) -> str:
        lower, upper = self.bounds
        key = "lr_or_more" if log10_lr >= upper - _TOUCHING else "lr_or_less" if log10_lr <= lower + _TOUCHING else "lr"
        return self.words[key].format(value=f"{log10_lr:.2f}".replace("-", _MINUS))

    def _more(self, count: int) -> str:
        return f" {told(self.words['and_more'].format(count=_whole(count)))}" if count > 0 else ""

    # --- what was not ------------------------------------------------------------------------------------------------

    def _unsettled(self) -> str:
        words, counts = self.words, self.findings.unsettled
        if not counts:
            return ""
        rows = [(self._because(code), _whole(count)) for code, count in counts.most_common()]
        note = paragraph(words["unsettled_note"], "soft")
        return section(words["unsettled_title"], note, table([words["reasons"], words["count"]], rows))

    def _failures(self) -> str:
        words, failures = self.words, self.findings.failures
        if not failures:
            return section(words["errors_title"], paragraph(words["errors_none"]))
        ordered = sorted(failures.items(), key=lambda item: (-item[1].count, item[0]))
        rows = [(self._because(slug), _whole(failure.count), self._examples(failure)) for slug, failure in ordered]
        listed = sum(len(failure.examples) for failure in failures.values())
        note = self._bounded(listed, sum(failure.count for failure in failures.values()), "listed_of")
        headings = [words["error"], words["count"], words["examples"]]
        return section(words["errors_title"], table(headings, rows), note)

    def _examples(self, failure: Failure) -> str:
        lines = "".join(
            f'<li>{named(name)}: <span class="soft">{named(detail)}</span></li>' for name, detail in failure.examples
        )
        return f'<ul class="lines">{lines}</ul>'

    def _left_out(self) -> str:
        words, counts = self.words, self.summary["not_scanned"]
        if not counts:
            return section(words["left_out_title"], paragraph(words["left_out_none"]))
        rows = [
            (
                told(words.get(reason, reason)),
                _whole(count),
                ", ".join(map(named, names)) + self._more(count - len(names)),
            )
            for reason, count in counts.items()
            for names in [self.findings.left_out.get(reason, [])]
        ]
        return section(words["left_out_title"], table([words["why"], words["count"], words["files"]], rows))

    # --- what made it ------------------------------------------------------------------------------------------------

    def _operating_point(self) -> str:
        words, point = self.words, self.plan["operating_point"]
        size, threshold, target = point["gallery_size"], point["threshold_log10_lr"], point["target_fpir"]
        searched = self.summary["statuses"][Status.ASSESSED.value]
        lower, upper = (f"{end:.2f}".replace("-", _MINUS) for end in self.bounds)
        expected = words["expected_of"].format(expected=f"{target * searched:,.1f}", searched=_whole(searched))
        rate = _false_positives(self.card["tail"], threshold, size)
        rows = [
            (words["target"], _percent(target)),
            (words["gallery_size"], _whole(size)),
            (words["threshold"], f"{threshold:.2f}".replace("-", _MINUS)),
            (words["bounds"], f"{lower} … {upper}"),
            (words["expected"], told(expected)),
            (
                words["at_this_size"].format(size=_whole(size)),
                told(words["at_this_size_rate"].format(rate=_percent(rate))),
            ),
            (words["measured"], told(self._measured())),
            (words["not_validated"], told(not_validated_called(self.plan["not_validated_for"], self.language))),
        ]
        return section(words["point_title"], facts(rows), paragraph(words["rates_note"], "soft"))

    def _measured(self) -> str:
        measured = self.card["cross_validated"]
        return self.words["measured_rates"].format(
            false=_percent(measured["fpir_at_target_fpir_1_percent"]),
            strangers=_whole(measured["stranger_searches"]),
            missed=_percent(measured["fnir_at_target_fpir_1_percent"]),
        )

    def _models(self) -> str:
        words, engine, card = self.words, self.plan["engine"], self.card
        spaces = (f"{engine_called(space.partition(':')[0])} ({space})" for space in engine["spaces"])
        rows = [(words["engine"], told(" · ".join([str(engine["version"]), engine["device"], *spaces])))]
        rows += [
            (words["weights"].format(encoder=engine_called(encoder)), _hash(sha256))
            for encoder, sha256 in engine["weights"].items()
        ]
        people = people_called(card["people"], self.language)
        conditions = ", ".join(self._range(name, ends) for name, ends in card["validated"].items())
        rows += [
            (words["calibration"], _hash(engine["calibration_sha256"])),
            (words["made_on"], told(card["made_on"])),
            (words["people"], told(people)),
            (words["validated"], told(conditions)),
            (words["gallery"], _hash(self.plan["gallery"]["id"])),
        ]
        if warnings := self.plan["gallery"]["warnings"]:
            lines = "".join(f"<li>{named(warning)}</li>" for warning in warnings[:_MOST_WARNINGS])
            more = self._more(len(warnings) - _MOST_WARNINGS)
            rows.append((words["warnings"], f'<ul class="lines">{lines}</ul>{more}'))
        return section(words["models_title"], facts(rows))

    def _range(self, name: str, ends: Sequence[float | None]) -> str:
        low, high = ("" if end is None else measured(name, end, self.language) for end in ends)
        key = "range_from" if not high else "range_to" if not low else "range"
        return self.words[key].format(name=figure_called(name, self.language), low=low, high=high)

    def _how_to_verify(self) -> str:
        words, rows = self.words, _whole(self.summary["rows"])
        commands = [f"--thumbprint {self.report.thumbprint}"]
        if "scan" not in self.plan:  # whose gallery moved, so that nobody can hear its rows again
            commands.append("--recompute 20 --gallery GALLERY")
        shown = "\n".join(f"likeness scan verify DIR {told(options)}" for options in commands)
        lines = [
            (words["signed_by"], _hash(self.report.thumbprint)),
            (words["manifest_hash"].format(rows=rows), _hash(self.report.manifest_sha256)),
            (words["results_hash"].format(rows=rows), _hash(self.report.results_sha256)),
        ]
        note = paragraph(words["verify_note"])
        return section(words["verify_title"], note, f"<pre>{shown}</pre>", facts(lines))

    # --- training data -----------------------------------------------------------------------------------------------

    def _training(self, training: Mapping[str, Any]) -> str:
        words, names = self.words, training["names"]
        files = {"markdown": "`training-summary.md`", "json": "`training-summary.json`"}
        parts = [paragraph(words["training_note"].format(**files))]
        if names is not None:
            texts = words["texts_read"].format(texts=_whole(names["texts"]), names=_whole(names["searched"]))
            parts += [
                f"<h3>{told(words['names_title'])}</h3>",
                paragraph(words["names_note"], "soft"),
                paragraph(texts),
            ]
            rows = [(named(name), _whole(count)) for name, count in names["found"].items()][:MOST_PERFORMERS]
            parts.append(table([words["name"], words["rows"]], rows) if rows else "")
        return section(words["training_title"], *parts)


def _hash(digest: str) -> str:
    return f'<span class="hash">{told(digest)}</span>'


def _false_positives(tail: Sequence[float], threshold: float, gallery_size: int) -> float:
    """Answer how often a stranger's recording reaches a threshold: `registry.engine.calibration.Tail`, read backwards.

    Args:
        tail: offset, growth and decay, as a calibration's card has them.
        threshold: log10 LR.
        gallery_size: performers searched.
    """
    offset, growth, decay = tail
    return min(1.0, math.exp(offset + growth * math.log(min(max(gallery_size, 1), POOL)) - decay * threshold))


def _whole(number: int) -> str:
    return f"{number:,}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _minute(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M")


def _clock(seconds: float) -> str:
    """Answer a moment of a recording: ``1:23.4``, and with hours where there are some."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"
