"""``likeness report``: fetch a report about a case or a check, and check one without the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, BadParameter, Exit, Option, Typer, echo

from registry.cli.asking import asked, write_new
from registry.cli.options import AsJson, CaFile, Registry, TokenFile
from registry.cli.output import print_facts, print_json, remark
from registry.cli.reading import content_of
from registry.cli.salts import Salts, salts_in
from registry.reports.words import Language

if TYPE_CHECKING:
    from registry.cli.report_again import Again
    from registry.reports.verify import Checked
    from registry.scanning.checked_again import CheckedAgain

app = Typer(help="Reports about cases and checks: fetched, and checked without the registry.", no_args_is_help=True)

_FLAGGED = 1
_SOME_MISSING = 3
_LARGEST_KEYS = 2_000_000
_GRAVER = (0, _SOME_MISSING, _FLAGGED)
"""Exit codes, from the least grave."""
_PRINTING_S = 180.0
"""For how long a page is waited for that is printed: a registry gives that up after two minutes."""


@app.callback()
def _reports() -> None:
    """Reports about cases and checks: fetched, and checked without the registry."""


class ReportSubject(StrEnum):
    """What a report is about."""

    CASE = "case"
    CHECK = "check"


class ReportForm(StrEnum):
    """In which form a report is fetched. All of them say the same."""

    JSON = "json"
    JOSE = "jose"
    HTML = "html"
    PDF = "pdf"


@app.command("get")
def get_report(
    subject: Annotated[ReportSubject, Argument(metavar="case|check", help="What it is about.")],
    subject_id: Annotated[str, Argument(metavar="ID", help="Of the case or the check.")],
    *,
    out: Annotated[Path, Option(metavar="FILE", help="Where it is written; what is there is never replaced.")],
    form: Annotated[
        ReportForm, Option("--format", help="Signed, as JSON or a JWS in JSON; or a page to read, as HTML or PDF.")
    ] = ReportForm.JSON,
    language: Annotated[Language, Option(help="Of a page; the signed file has none.")] = Language.EN,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Fetch a report and write it to a file. That you have read what is in it is on record, as with papers."""
    if out.exists():
        raise BadParameter(f"{out} is there already", param_hint="--out")
    path = f"/v1/{subject.value}s/{subject_id}/report?format={form.value}&language={language.value}"
    with asked(registry, token_file, ca_file) as there:
        content = there.content(path, wait_s=_PRINTING_S if form is ReportForm.PDF else None)
    write_new(out, content)
    echo(f"{out}: {len(content)} bytes")
    if form in {ReportForm.JSON, ReportForm.JOSE}:
        remark(f"it is checked by: likeness report verify {out} --key KEYS.json")


@app.command("verify")
def verify_report(
    file: Annotated[Path, Argument(metavar="FILE", help="The report, as JSON or as a JWS in JSON.", dir_okay=False)],
    *,
    key: Annotated[
        Path | None,
        Option(
            metavar="JWKS.json",
            help="The registry's public keys, as GET /v1/keys answers them. Have them from somewhere else than the "
            "file; without them it is shown that nothing was changed, and not whose report it is.",
        ),
    ] = None,
    recompute: Annotated[
        bool, Option("--recompute", help="Hear the recordings of each analysis again, and compare every number.")
    ] = False,
    inputs: Annotated[
        list[Path] | None, Option(help="With --recompute: where the recordings are.", exists=True)
    ] = None,
    salts: Salts = None,
    voices: Annotated[
        Path | None,
        Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="With --recompute, of a check's report: recordings of performers, one folder for each, called by the "
            "id that the report has. What comes out among these alone is put beside what it says.",
        ),
    ] = None,
    threads: Annotated[int | None, Option(help="Processor threads to use.", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a report is whole, was issued, and agrees with itself; and name what does not hold.

    Exit code 1: something does not hold, or a number came out otherwise; 3: with --recompute, recordings are missing.

    1. The signature holds, by one of the keys, and what the file shows is what is signed.
    2. The journal's leaf says that this report was issued, and is under the signed checkpoint.
    3. Digests, states, verdicts and conclusions follow from the rest of the report.
    4. With --recompute: the same recordings, found by their bytes, give the same numbers. Of a check, the recording is
       heard again; its strengths rest on voiceprints that never leave the registry, and that is said (exit code 3).
    """
    from registry.reports.envelope import LARGEST
    from registry.reports.verify import check_report
    from registry.vault.signing import read_jwks

    if (inputs or salts or voices) and not recompute:
        raise BadParameter("--inputs goes with --recompute, as --salts and --voices do", param_hint="--recompute")
    keys = None if key is None else read_jwks(content_of(key, _LARGEST_KEYS))
    found = check_report(content_of(file, LARGEST), keys)
    again = _again(found, inputs or [], salts_in(salts), threads) if recompute else []
    heard = _heard(found, inputs or [], voices, threads) if recompute else None
    if as_json:
        print_json(_as_json(found, again) | ({} if heard is None else {"heard_again": asdict(heard)}))
    else:
        _show(found)
        _show_again(again, asked=recompute and heard is None)
        if heard is not None:
            _show_heard(heard)
    raise Exit(max(_code(found, again), _code_of(heard), key=_GRAVER.index))


def _again(found: Checked, inputs: Sequence[Path], salts: Sequence[bytes], threads: int | None) -> Sequence[Again]:
    if found.report is None:
        return []
    from registry.cli.report_again import computed_again

    return computed_again(found.report, inputs, threads, salts=salts)


def _heard(found: Checked, inputs: Sequence[Path], voices: Path | None, threads: int | None) -> CheckedAgain | None:
    """Answer what hearing the recording of a check's report again came to; None of another report."""
    if found.report is None or found.report.kind != "check":
        return None
    from registry.cli.report_again import heard_again

    return heard_again(found.report, inputs, threads, voices=voices)


def _code_of(heard: CheckedAgain | None) -> int:
    """Answer the exit code of what was heard: strengths are never computed again, so that something is missing."""
    if heard is None:
        return 0
    return _FLAGGED if heard.differences else _SOME_MISSING


def _code(found: Checked, again: Sequence[Again]) -> int:
    if not found.holds or any(each.differences for each in again):
        return _FLAGGED
    return _SOME_MISSING if any(each.missing for each in again) else 0


def _show(found: Checked) -> None:
    from registry.reports.marking import visible

    if found.report is not None:
        print_facts(_facts(found))
    for flaw in found.flaws:
        echo(f"{flaw.kind.value}: {visible(flaw.where)}: {visible(flaw.detail)}")
    echo("Everything holds." if found.holds else f"NOT VALID: {len(found.flaws)} things do not hold.")
    if found.holds and not found.trusted:
        remark("by the keys in the file itself: whose they are, somebody else has to say (--key)")


def _show_again(again: Sequence[Again], *, asked: bool) -> None:
    from registry.reports.marking import visible

    if asked and not again:
        echo("There is nothing to compute again: the report holds no analysis with numbers.")
    for each in again:
        for difference in each.differences:
            echo(visible(f"analysis {each.number}: {difference}"))
        if each.missing:
            echo(f"analysis {each.number}: {len(each.missing)} of {each.total} recordings are not at hand: --inputs")
            for name in each.missing:
                remark(f"missing: {visible(name)}")
        elif not each.differences:
            echo(f"analysis {each.number}: {each.total} recordings were heard again: every figure came out again.")


def _show_heard(heard: CheckedAgain) -> None:
    from registry.reports.marking import visible

    if not heard.found:
        echo("The recording of the check is not at hand: --inputs. Nothing was heard again.")
        return
    for difference in heard.differences:
        echo(visible(difference))
    if not heard.differences:
        echo("The recording was heard again: it is the one of the report, as long, with as much speech.")
    for warning in heard.warnings:
        remark(visible(warning))
    for each in heard.beside:
        (outcome, strength), here = each.reported, each.here
        echo(
            f"{visible(each.performer)}: the report says {outcome}, log10 LR {strength:.2f}, among "
            f"{each.enrolled or 'all who were'} enrolled; among the {each.searched} of --voices alone it is "
            f"{'not there' if here is None else f'{here[0]}, log10 LR {here[1]:.2f}'}"
        )
    echo(
        "The strengths themselves were NOT computed again: the check was searched in voiceprints that never leave the "
        "registry."
    )


def _facts(found: Checked) -> dict[str, object]:
    report = found.report
    if report is None:
        return {}
    checkpoint = found.checkpoint
    return {
        "report": f"{report.kind} {report.subject_id}, as of {report.as_of}",
        "sha256": found.sha256,
        "registry": report.registry.name or report.registry.id,
        "signed with": f"{found.key_id}{'' if found.trusted else ', a key that the file itself brings'}",
        "issued": found.issued_at or "not shown",
        "journal": "not shown to be in it" if checkpoint is None else f"{checkpoint.origin}, {checkpoint.size} leaves",
    }


def _as_json(found: Checked, again: Sequence[Again]) -> dict[str, Any]:
    return {
        "valid": found.holds,
        "trusted": found.trusted,
        **_facts(found),
        "flaws": [{"kind": each.kind.value, "where": each.where, "detail": each.detail} for each in found.flaws],
        "computed_again": [
            {
                "analysis": each.number,
                "recordings": each.total,
                "missing": list(each.missing),
                "differences": list(each.differences),
            }
            for each in again
        ],
    }
