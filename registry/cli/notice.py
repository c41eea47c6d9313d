"""``likeness notice``: what a claimant asks of whoever shows a recording, step by step, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, BadParameter, Option, Typer, echo

from registry.cli.asking import asked, moment, row, write_new
from registry.cli.options import AsJson, CaFile, Registry, TokenFile
from registry.cli.output import print_facts, print_json, print_table, remark
from registry.cli.reading import content_of, json_of
from registry.domain.notices import NoticeState, PutBackGround, SendBackGround, ServedBy, WithdrawalGround
from registry.errors import InvalidInputError

app = Typer(
    help="Notices: what a claimant asks of whoever shows a recording. The registry sends none.", no_args_is_help=True
)

NoticeId = Annotated[str, Argument(metavar="NOTICE_ID")]
Why = Annotated[str, Option("--reason", metavar="TEXT", help="Why; both sides read it.")]
Seen = Annotated[
    int | None,
    Option(
        "--version", min=1, metavar="N", help="The version you have seen: if it has changed since, nothing is done."
    ),
]
Draft = Annotated[
    Path,
    Argument(
        metavar="DRAFT.json",
        help="Its elements, affirmed, materials and considered, as POST /v1/cases/{case_id}/notices takes them.",
        exists=True,
        dir_okay=False,
    ),
]
_LARGEST_TEXT = 1_000_000
_HEADINGS = ("notice", "state", "due", "form", "case", "performer", "studio", "drafted")
_ROW = ("id", "state", "due_at", "pack_id", "case_id", "performer_id", "studio_id", "drafted_at")
_LONG = frozenset({"elements", "affirmed", "materials", "considered"})


@app.command()
def packs(*, registry: Registry, token_file: TokenFile = None, ca_file: CaFile = None, as_json: AsJson = False) -> None:
    """List the forms that a notice can follow, with where each is from; `--json` has every element."""
    with asked(registry, token_file, ca_file) as there:
        found = there.whole("/v1/notice-packs")
    if as_json:
        print_json(found)
    else:
        rows = [(each.get("id"), each.get("standing"), (each.get("title") or {}).get("en")) for each in found]
        print_table(("form", "standing", "title"), rows, prose="title")


@app.command("list")
def list_notices(
    *,
    state: Annotated[NoticeState | None, Option(help="Only those in this state.")] = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """List notices, newest first: those of cases that you are a side of, or all of them for an operator."""
    with asked(registry, token_file, ca_file) as there:
        found = there.every("/v1/notices", **({} if state is None else {"state": state.value}))
    if as_json:
        print_json(found)
    else:
        print_table(_HEADINGS, [row(each, *_ROW) for each in found])


@app.command()
def show(
    notice_id: NoticeId,
    *,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Show a notice: how it stands, what is missing of it, and the steps that it took."""
    with asked(registry, token_file, ca_file) as there:
        notice = there.record(f"/v1/notices/{notice_id}")
        steps = there.whole(f"/v1/notices/{notice_id}/steps")
    if as_json:
        print_json({"notice": notice, "steps": steps})
        return
    shown = {name: said for name, said in notice.items() if name not in _LONG}
    print_facts({name: moment(said) if name.endswith(("_at", "_since")) else said for name, said in shown.items()})
    rows = [row(each, "number", "step", "side", "state", "taken_at", "reason") for each in steps]
    print_table(("number", "step", "by", "led to", "at", "reason"), rows, title="\nSteps", prose="reason")


@app.command()
def read(
    notice_id: NoticeId,
    *,
    page: Annotated[bool, Option("--page", help="The page in HTML, which says the same as the text.")] = False,
    out: Annotated[Path, Option(metavar="FILE", help="Where it is written; what is there is never replaced.")],
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Write what a notice says into a file: once it is complete, the very bytes that are reviewed and served."""
    with asked(registry, token_file, ca_file) as there:
        write_new(out, there.content(f"/v1/notices/{notice_id}/{'page' if page else 'document'}"))
    echo(str(out))


# --- before it is served ---------------------------------------------------------------------------------------------


@app.command()
def draft(
    case_id: Annotated[str, Argument(metavar="CASE_ID")],
    draft: Draft,
    *,
    pack: Annotated[str, Option(metavar="FORM", help="The form that it follows; see `packs`.")],
    language: Annotated[str, Option(metavar="TAG", help="The language of whoever receives it: en or ko.")] = "en",
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Draft a notice from a case, as the claimant's side or an operator, and print its id."""
    body = {"pack_id": pack, "language": language, **_drafted(draft)}
    with asked(registry, token_file, ca_file) as there:
        made = there.change(f"/v1/cases/{case_id}/notices", body)
    _say_missing(made)
    echo(made.get("id"))


@app.command()
def change(
    notice_id: NoticeId,
    draft: Draft,
    *,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Change a draft, as the claimant's side or an operator. What the file leaves out stays as it is."""
    with asked(registry, token_file, ca_file) as there:
        changed = there.rewrite(f"/v1/notices/{notice_id}", _drafted(draft), version)
    _say_missing(changed)
    echo(f"{changed.get('id')} is {changed.get('state')}")


def _say_missing(notice: Mapping[str, Any]) -> None:
    missing = notice.get("missing") or []
    remark(f"missing: {', '.join(map(str, missing))}" if missing else "nothing is missing")


def _drafted(file: Path) -> Mapping[str, Any]:
    read_in = json_of(file)
    if not isinstance(read_in, dict) or {"pack_id", "language"} & set(read_in):
        raise InvalidInputError(f"{file} holds no draft: an object with elements, affirmed, materials and considered")
    return read_in


@app.command()
def complete(
    notice_id: NoticeId,
    *,
    reason: Why,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Declare a draft complete: every element is there, and the case supports it. Its bytes are written down."""
    with asked(registry, token_file, ca_file) as there:
        _say(there.change(f"/v1/notices/{notice_id}/complete", {"reason": reason}, version))


@app.command("send-back")
def send_back(
    notice_id: NoticeId,
    *,
    ground: Annotated[SendBackGround, Option(help="Why it is not served.")],
    reason: Why,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Send a notice back, as an operator: it is not served, and is a draft again."""
    body = {"ground": ground.value, "reason": reason}
    with asked(registry, token_file, ca_file) as there:
        _say(there.change(f"/v1/notices/{notice_id}/send-back", body, version))


@app.command()
def review(
    notice_id: NoticeId,
    *,
    digest: Annotated[str, Option(metavar="SHA256", help="Of what you have read, as `read` has written it.")],
    evidence_seen: Annotated[str, Option(metavar="TEXT", help="What of the case you have looked at.")],
    reason: Why,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Say that these very bytes may be served, as an operator who has had no part in the notice.

    Where it takes two operators, this is refused: one proposes it on the page of the notice, over the API, or by
    `likeness proposal notice-service` on the registry's own machine.
    """
    body = {"document_sha256": digest, "evidence_seen": evidence_seen, "reason": reason}
    with asked(registry, token_file, ca_file) as there:
        _say(there.change(f"/v1/notices/{notice_id}/review", body, version))


# --- from service on -------------------------------------------------------------------------------------------------


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameter(f"{text} is not a moment such as 2026-03-02T09:30:00Z") from error
    if at.tzinfo is None:
        raise BadParameter("a moment needs its zone, such as 2026-03-02T09:30:00Z")
    return at


@app.command()
def serve(
    notice_id: NoticeId,
    *,
    to: Annotated[str, Option(metavar="NAME", help="Whom you have served with it.")],
    by: Annotated[ServedBy, Option(help="By which way.")],
    at: Annotated[datetime, Option(parser=_moment, metavar="MOMENT", help="When, as 2026-03-02T09:30:00Z.")],
    digest: Annotated[str, Option(metavar="SHA256", help="SHA-256 of the bytes that you have sent.")],
    reason: Why,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Write down that you have served a notice: to whom, how, when, and which bytes. The registry sends nothing."""
    body = {
        "served_to": to,
        "served_by": by.value,
        "served_at": at.isoformat(),
        "sent_sha256": digest,
        "reason": reason,
    }
    with asked(registry, token_file, ca_file) as there:
        _say(there.change(f"/v1/notices/{notice_id}/serve", body, version))


@app.command()
def counter(
    notice_id: NoticeId,
    text: Annotated[Path, Argument(metavar="FILE", help="The counter-statement, in UTF-8.", exists=True)],
    *,
    notarised: Annotated[bool | None, Option("--notarised/--not-notarised", help="Made before a notary.")] = None,
    new_paper: Annotated[
        str | None, Option("--new-paper", metavar="PAPER_ID", help="What you have filed since it was upheld.")
    ] = None,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Answer by a counter-statement, as the organisation that was served. The case is opened again."""
    said = content_of(text, _LARGEST_TEXT).decode("utf-8", errors="replace").strip()
    body = {"text": said, "notarised": notarised, "new_paper_id": new_paper}
    with asked(registry, token_file, ca_file) as there:
        _say(there.change(f"/v1/notices/{notice_id}/counter", body, version))


@app.command("court-action")
def court_action(
    notice_id: NoticeId,
    *,
    reference: Annotated[str, Option(metavar="TEXT", help="Of the court.")],
    filed: Annotated[datetime, Option(formats=["%Y-%m-%d"], metavar="DAY", help="The day, as 2026-02-20.")],
    reason: Why,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Write down that the claimant has filed an action: nothing is put back any more because a term is over."""
    body = {"reference": reference, "filed_on": filed.date().isoformat(), "reason": reason}
    with asked(registry, token_file, ca_file) as there:
        _say(there.change(f"/v1/notices/{notice_id}/court-action", body, version))


@app.command()
def uphold(
    notice_id: NoticeId,
    *,
    reason: Why,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Uphold a countered notice, as an operator, once its case was decided anew and still supports it."""
    with asked(registry, token_file, ca_file) as there:
        _say(there.change(f"/v1/notices/{notice_id}/uphold", {"reason": reason}, version))


@app.command("put-back")
def put_back(
    notice_id: NoticeId,
    *,
    ground: Annotated[PutBackGround, Option(help="Why it may be shown again.")],
    reason: Why,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Put back, as an operator: what was taken down may be shown again."""
    body = {"ground": ground.value, "reason": reason}
    with asked(registry, token_file, ca_file) as there:
        _say(there.change(f"/v1/notices/{notice_id}/put-back", body, version))


@app.command()
def withdraw(
    notice_id: NoticeId,
    *,
    ground: Annotated[WithdrawalGround, Option(help="Why it is taken back.")],
    reason: Why,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Take a notice back, as the claimant's side, or as an operator where the registry drafted it."""
    body = {"ground": ground.value, "reason": reason}
    with asked(registry, token_file, ca_file) as there:
        _say(there.change(f"/v1/notices/{notice_id}/withdraw", body, version))


def _say(notice: Mapping[str, Any]) -> None:
    due = notice.get("due_at")
    remark(f"until {moment(due)}" if due else "no time runs")
    echo(f"{notice.get('id')} is {notice.get('state')}")
