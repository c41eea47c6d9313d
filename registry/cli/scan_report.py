"""``likeness scan verify`` and ``likeness scan compare``: what a scan left behind, checked and compared offline."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, BadParameter, Exit, Option, echo
from typer.core import TyperGroup

from registry.cli.options import AsJson, GalleryKey, GalleryStatus, RegistryKeys
from registry.cli.output import print_facts, print_json, print_table, remark
from registry.scanning.changes import Difference, Said
from registry.scanning.compare import Comparison
from registry.scanning.compare import compare as compared
from registry.scanning.recompute import Again
from registry.scanning.verify import Verification, verify_scan

FLAGGED = 1
SOURCE_COMMAND = "source"
"""Name of the command that takes a source; it need not be said."""
MOST_SHOWN = 50
_SEED_BITS = 32


class SourceOrCommand(TyperGroup):
    """A group of commands in which anything but the name of one is the source of a scan."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the unsaid command first."""
        said = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if said or not args else [SOURCE_COMMAND, *args])


_Folder = Annotated[Path, Argument(metavar="DIR", help="Folder of a scan.", exists=True, file_okay=False)]


# --- verify ----------------------------------------------------------------------------------------------------------


def verify(
    folder: _Folder,
    *,
    thumbprint: Annotated[
        str | None, Option(metavar="T", help="Thumbprint of the key that should have signed (RFC 7638).")
    ] = None,
    again: Annotated[
        int, Option("--recompute", metavar="K", help="Hear so many rows again and compare the decisions.", min=0)
    ] = 0,
    gallery: Annotated[
        Path | None, Option(help="The gallery of the scan, a folder or a gallery file, to recompute with.", exists=True)
    ] = None,
    gallery_key: GalleryKey = None,
    registry_keys: RegistryKeys = None,
    gallery_status: GalleryStatus = None,
    seed: Annotated[
        int | None, Option(help="Of the draw of rows to recompute; by default a random one.", min=0)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a scan's folder offline: signature, hashes, rows and counts; and hear some rows again.

    Exit code 0: all of it holds; 1: something is not as it was signed, or a decision is another; each is named.
    """
    of_a_file = bool(again and gallery is not None and gallery.is_file())
    if (gallery_key or registry_keys or gallery_status) and not of_a_file:
        raise BadParameter(
            "--gallery-key, --registry-keys and --gallery-status go with --recompute and a gallery file as --gallery"
        )
    verification = verify_scan(folder, thumbprint)
    if again and gallery is None and verification.is_read and not verification.plan.get("licences"):
        raise BadParameter("give the gallery of the scan with --gallery to hear rows again")
    answer = _verification(verification)
    heard: list[Again] = []
    if again and verification.is_read:
        seed = secrets.randbits(_SEED_BITS) if seed is None else seed
        from registry.cli.scan_recompute import Searching, heard_again

        searching = Searching(gallery, gallery_key, registry_keys, tuple(gallery_status or ()))
        heard, other_gallery = heard_again(folder, verification.plan, searching, again, seed)
        answer |= {"recomputed": _recomputed(heard, seed, other_gallery=other_gallery)}
    if as_json:
        print_json(answer)
    else:
        _say(verification, thumbprint, answer)
    raise Exit(0 if verification.holds and not any(one.difference for one in heard) else FLAGGED)


def _verification(verification: Verification) -> dict[str, Any]:
    return {
        "holds": verification.holds,
        "signed_by": verification.thumbprint or None,
        "problems_found": verification.count,
        "problems": [{"code": one.code, "where": one.where, "detail": one.detail} for one in verification.problems],
    }


def _recomputed(heard: Sequence[Again], seed: int, *, other_gallery: bool) -> dict[str, Any]:
    return {
        "seed": seed,
        "gallery_is_the_same": not other_gallery,
        "rows": [one.before.number for one in heard],
        "changed": [
            {"row": one.before.number, "name": one.before.name, "detail": one.difference}
            for one in heard
            if one.difference
        ],
    }


def _say(verification: Verification, thumbprint: str | None, answer: Mapping[str, Any]) -> None:
    if not verification.thumbprint:
        echo(f"NOT SIGNED: {verification.problems[0].detail}")
        return
    echo("HOLDS" if verification.holds else f"DOES NOT HOLD: {verification.count} problems")
    if verification.problems:
        problems = [(one.code, one.where, one.detail) for one in verification.problems]
        print_table(("what", "where", "how"), problems, prose="how")
    print_facts(_facts(verification))
    if thumbprint is None:
        remark(
            "Nobody vouches for the key here: the signature proves only that nothing has changed since it was made. "
            "Compare the thumbprint with one that you have from the auditor, or give it with --thumbprint."
        )
    if recomputed := answer.get("recomputed"):
        _say_again(recomputed)


def _facts(verification: Verification) -> dict[str, object]:
    claims = verification.claims
    facts: dict[str, object] = {"signed_by": verification.thumbprint, "finished_at": claims.get("finished_at")}
    if isinstance(results := claims.get("results"), Mapping):
        facts |= {"rows": results.get("rows"), "results_sha256": results.get("sha256")}
    return facts


def _say_again(recomputed: Mapping[str, Any]) -> None:
    rows, changed = recomputed["rows"], recomputed["changed"]
    echo(f"{len(rows)} rows heard again (seed {recomputed['seed']}): {len(changed)} with another decision")
    if not recomputed["gallery_is_the_same"]:
        remark("The gallery is not the one of the scan: other decisions may come from that.")
    if changed:
        print_table(("row", "file", "how"), [(one["row"], one["name"], one["detail"]) for one in changed], prose="how")


# --- compare ---------------------------------------------------------------------------------------------------------


def compare(
    before: Annotated[Path, Argument(metavar="OLD", help="Folder of the earlier scan.", exists=True, file_okay=False)],
    now: Annotated[Path, Argument(metavar="NEW", help="Folder of the later scan.", exists=True, file_okay=False)],
    *,
    as_json: AsJson = False,
) -> None:
    """Say what changed from one scan to another: new findings, resolved ones, other decisions, each with why.

    Recordings are known again by their bytes, inputs that were never read by their name. Exit code 0: nothing is newly
    flagged; 1: something is.
    """
    raise Exit(print_comparison(compared(before, now), as_json=as_json))


def print_comparison(comparison: Comparison, *, as_json: bool) -> int:
    """Print what changed, and answer the exit code for it."""
    told = comparison.as_json()
    if as_json:
        print_json(told)
    else:
        counts = told["counts"]
        echo(
            f"new findings: {counts['new']}, resolved: {counts['resolved']}, other changes: {counts['changed']}, "
            f"recordings unchanged: {counts['unchanged']}"
        )
        for name, (old, new) in comparison.setting.items():
            echo(f"{name}: {old} before, {new} now")
        if comparison.differences:
            print_table(_COLUMNS, [_row(one) for one in comparison.differences[:MOST_SHOWN]])
        if (more := len(comparison.differences) - MOST_SHOWN) > 0:
            remark(f"{more} more: --json has all")
    return FLAGGED if told["counts"]["new"] else 0


_COLUMNS = ("change", "file", "performer", "before", "now", "why")


def _row(one: Difference) -> tuple[str, ...]:
    causes = ", ".join(cause.value for cause in one.causes)
    return (one.change.value, one.name, one.performer, _words(one.before), _words(one.now), causes)


def _words(said: Said | None) -> str:
    return "-" if said is None else " ".join(part for part in (said.outcome, said.verdict) if part)
