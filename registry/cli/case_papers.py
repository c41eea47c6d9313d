"""``likeness case``: what the sides file, and who has read it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, BadParameter, Exit, Option, Typer, echo

from registry.cli.asking import asked, row, write_new
from registry.cli.options import AsJson, CaFile, Registry, TokenFile, one_line
from registry.cli.output import print_json, print_table, remark
from registry.cli.reading import content_of
from registry.domain.cases import PaperKind
from registry.domain.comparison import Role
from registry.errors import InvalidInputError

CaseId = Annotated[str, Argument(metavar="CASE_ID")]
PaperId = Annotated[str, Argument(metavar="PAPER_ID")]
Title = Annotated[str, Option(parser=one_line, metavar="TEXT", help="For people.")]
_STDIN = Path("-")
_LARGEST_TEXT = 1_000_000
_SOME_FAILED = 3


def add_to(app: Typer) -> None:
    """Add the commands about papers to the group of cases."""
    app.command()(statement)
    app.command("file")(file_document)
    app.command()(read)
    app.command()(log)


def statement(
    case_id: CaseId,
    text: Annotated[Path, Argument(metavar="FILE", help="The text, in UTF-8; - for standard input.")],
    *,
    title: Title,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """File what your side has to say, and print the paper's id. It is never changed, and the other side reads it."""
    body = {"title": title, "text": _text(text)}
    with asked(registry, token_file, ca_file) as there:
        made = there.change(f"/v1/cases/{case_id}/statements", body)
    echo(made.get("id"))


def _text(file: Path) -> str:
    content = sys.stdin.buffer.read(_LARGEST_TEXT + 1) if file == _STDIN else content_of(file, _LARGEST_TEXT)
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{file} is no text in UTF-8", path=str(file)) from error


def file_document(
    case_id: CaseId,
    document: Annotated[
        Path | None, Argument(metavar="[FILE]", help="The document; it is sealed.", exists=True, dir_okay=False)
    ] = None,
    *,
    kind: Annotated[PaperKind, Option(help="What it is; a statement is filed by `statement`.")],
    title: Title,
    dated: Annotated[
        datetime | None, Option(formats=["%Y-%m-%d"], metavar="DAY", help="The day that it bears, as 2026-02-20.")
    ] = None,
    voice: Annotated[
        Role | None, Option(help="Of a recording: whose voice it is. Then it can be heard in an analysis.")
    ] = None,
    under_seal: Annotated[
        bool, Option("--under-seal", help="Of a recording of a source: nobody but your side is to hear it.")
    ] = False,
    digest: Annotated[
        str | None, Option(metavar="SHA256", help="Of a document that stays with you, in place of the file.")
    ] = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """File a document, or the digest of one that stays with you, and print the paper's id. The other side reads it."""
    if (document is None) == (digest is None):
        raise BadParameter("name the file, or with --digest the SHA-256 of one that stays with you: one of both")
    fields = {"kind": kind.value, "title": title}
    if dated is not None:
        fields["dated_on"] = dated.date().isoformat()
    if voice is not None:
        fields["voice"] = voice.value
    if under_seal:
        fields["under_seal"] = "true"
    if digest is not None:
        fields["sha256"] = digest
    with asked(registry, token_file, ca_file) as there:
        made = there.send(f"/v1/cases/{case_id}/documents", fields, {} if document is None else {"file": document})
    remark(f"filed: {made.get('kind')}, SHA-256 {made.get('sha256')}")
    echo(made.get("id"))


def read(
    case_id: CaseId,
    paper_id: PaperId,
    *,
    out: Annotated[
        Path | None, Option(metavar="FILE", help="Where a document is written; what is there is never replaced.")
    ] = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Read a paper: print a statement, or write a document with --out. The first time that you do is on record.

    Exit code 3: the registry holds the digest of the document alone.
    """
    path = f"/v1/cases/{case_id}/papers/{paper_id}"
    with asked(registry, token_file, ca_file) as there:
        paper = there.record(path)
        if out is not None and paper.get("text") is None and paper.get("held"):
            write_new(out, there.content(f"{path}/content"))
    if as_json:
        print_json(paper)
    elif paper.get("text") is not None:
        echo(_shown(str(paper["text"])))
    else:
        _say_where(paper, out)
    if paper.get("text") is None and not paper.get("held"):
        raise Exit(_SOME_FAILED)


def _say_where(paper: Mapping[str, Any], out: Path | None) -> None:
    if not paper.get("held"):
        echo(f"{paper.get('kind')} of SHA-256 {paper.get('sha256')}: the document stays with who filed it")
    elif out is None:
        echo(f"{paper.get('kind')} of {paper.get('size_bytes')} bytes: say with --out FILE where it is written")
    else:
        echo(f"{paper.get('kind')} of {paper.get('size_bytes')} bytes: {out}")


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() or each == "\n" else "�" for each in text)


def log(
    case_id: CaseId,
    *,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Print who has read what of a case, and when first. Both sides see the same."""
    with asked(registry, token_file, ca_file) as there:
        read_by = there.whole(f"/v1/cases/{case_id}/readings")
    if as_json:
        print_json(read_by)
    else:
        print_table(
            ("paper", "read by", "for", "first"),
            [row(each, "paper_id", "account_id", "side", "read_at") for each in read_by],
        )
