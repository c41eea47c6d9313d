"""Checking a scan's folder offline: the signature, every file, every row, and that the counts follow from the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from registry.errors import InvalidInputError, SignatureInvalidError
from registry.scanning.digest import RowsDigest, line_of
from registry.scanning.finding_lines import finding_line
from registry.scanning.folder import (
    ALWAYS_SIGNED,
    SIGNED_IF_THERE,
    file_facts,
    input_rows,
    read_json,
    result_rows,
    shard_rows,
)
from registry.scanning.results import FINDINGS, LAYOUT_VERSION, PLAN, REPORT, RESULTS, SUMMARY, InputRow, ResultRow
from registry.scanning.signing import REPORT_TYPE, SignedClaims, open_claims
from registry.scanning.tally import Tally

MOST_PROBLEMS: Final = 100
"""That are told one by one; the others are counted."""

_SHARED: Final = ("number", "name", "locator", "declared_use", "project", "licence")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was signed.

    Attributes:
        code: ``signature``, ``key``, ``layout``, ``file``, ``row``, ``manifest`` or ``counts``.
        where: file, and row if it is one.
        detail: in one sentence.
    """

    code: str
    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking a folder came to.

    Attributes:
        problems: the first `MOST_PROBLEMS`.
        count: of all problems; the folder holds when there are none.
        thumbprint: of the key that signed; empty where no signature holds.
        claims: what was signed; empty where no signature holds.
    """

    problems: tuple[Problem, ...]
    count: int
    thumbprint: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plan(self) -> Mapping[str, Any]:
        """The plan that was signed."""
        plan: Mapping[str, Any] = self.claims["plan"]
        return plan

    @property
    def is_read(self) -> bool:
        """Whether a signature holds over a statement of a form that is read here."""
        return bool(self.thumbprint) and all(problem.code != "layout" for problem in self.problems)

    @property
    def holds(self) -> bool:
        """Whether everything is as it was signed."""
        return self.count == 0


def verify_scan(out: Path, thumbprint: str | None = None) -> Verification:
    """Check a scan's folder against its own signed statement, without asking anybody.

    1. ``report.json`` is signed, by the key that it carries, and what it shows is what is signed.
    2. With a thumbprint: it is of that key. Without, whose key it is remains open.
    3. The statement is of a layout that is read here.
    4. Every file has the size and the hash that were signed, and no file of the layout is unsigned.
    5. The rows of the manifest are those that were signed.
    6. The rows of the results are those that were signed, one for each row of the manifest, of the same input, and the
       same in the shards where these are still there.
    7. The lines of the findings are those of the results with somebody in them, and no others.
    8. The plan and the counts are those that were signed, and the counts follow from the rows.

    Without a signature that holds nothing else is looked at. Nothing is repaired.

    Args:
        out: the folder.
        thumbprint: of the key that somebody vouches for (RFC 7638); None for none.

    Raises:
        InvalidInputError: there is no report.
    """
    content = read_json(out / REPORT)
    try:
        opened = open_claims(str(content.get("jws", "")), typ=REPORT_TYPE)
    except SignatureInvalidError as error:
        return Verification((Problem("signature", REPORT, error.detail),), 1)
    return _Check(out, opened).made(content.get("report"), thumbprint)


class _Check:
    """One verification; the problems it has found so far."""

    def __init__(self, out: Path, opened: SignedClaims) -> None:
        self._out, self._opened, self._claims = out, opened, opened.claims
        self._problems: list[Problem] = []
        self._count = 0

    def made(self, shown: object, thumbprint: str | None) -> Verification:
        if shown != self._claims:
            self._found("file", f"{REPORT}: report", "what the file shows beside the signature is not what is signed")
        if thumbprint is not None and thumbprint != self._opened.thumbprint:
            key = self._opened.thumbprint
            self._found("key", REPORT, f"it is signed with the key {key}, not with {thumbprint}")
        if self._claims.get("ver") != LAYOUT_VERSION:
            version = self._claims.get("ver")
            self._found("layout", REPORT, f"it is of version {version}; version {LAYOUT_VERSION} is read here")
        else:
            self._check_all()
        return Verification(tuple(self._problems), self._count, self._opened.thumbprint, self._claims)

    def _check_all(self) -> None:
        try:
            self._files()
            self._manifest()
            self._results()
            self._findings()
            self._told(PLAN, "plan")
            self._told(SUMMARY, "summary")
        except (KeyError, TypeError, AttributeError) as error:
            self._found("layout", REPORT, f"the signed statement lacks something, or has it in another form: {error}")

    def _found(self, code: str, where: str, detail: str) -> None:
        self._count += 1
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(Problem(code, where, detail))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Take a file that cannot be read for a problem of that file."""
        try:
            yield
        except InvalidInputError as error:
            self._found("file", str(error.figures.get("file", "")), error.detail)

    # --- files -------------------------------------------------------------------------------------------------------

    def _files(self) -> None:
        signed = self._claims["files"]
        for name in (*ALWAYS_SIGNED, *SIGNED_IF_THERE):
            if name in signed:
                self._file(name, signed[name])
            elif name in ALWAYS_SIGNED or (self._out / name).exists():
                self._found("file", name, "it is not among the files that were signed")

    def _file(self, name: str, signed: Mapping[str, Any]) -> None:
        try:
            actual = file_facts(self._out / name)
        except OSError as error:
            self._found("file", name, f"it cannot be read: {error.strerror}")
            return
        if actual["size"] != signed["size"]:
            self._found("file", name, f"it has {actual['size']} bytes, and had {signed['size']} when it was signed")
        elif actual["sha256"] != signed["sha256"]:
            self._found("file", name, "its content is not what was signed")

    def _told(self, name: str, member: str) -> None:
        with self._reading():
            if read_json(self._out / name) != self._claims[member]:
                self._found("file", name, "it does not say what was signed")

    # --- rows --------------------------------------------------------------------------------------------------------

    def _manifest(self) -> None:
        signed, digest = self._claims["manifest"], RowsDigest()
        with self._reading():
            for row in input_rows(self._out):
                digest.add(asdict(row))
            actual = {"rows": digest.rows, "sha256": digest.hexdigest()}
            if actual["rows"] != signed["rows"]:
                self._found("manifest", "manifest", f"it has {digest.rows} rows; {signed['rows']} were signed")
            elif actual["sha256"] != signed["sha256"]:
                self._found("manifest", "manifest", "its rows are not those that were signed")
            if {name: self._claims["plan"]["manifest"].get(name) for name in actual} != dict(signed):
                self._found("manifest", PLAN, "the plan was made for another manifest")

    def _results(self) -> None:
        signed, tally = self._claims["results"], Tally()
        digest = RowsDigest(signed["block_rows"])
        with self._reading():
            for row in result_rows(self._out):
                digest.add(row.as_record())
                self._count_row(tally, row)
            if digest.rows != signed["rows"]:
                self._found("row", RESULTS, f"it has {digest.rows} rows; {signed['rows']} were signed")
            for number, (actual, expected) in enumerate(zip_longest(digest.blocks(), signed["blocks"])):
                if actual != expected:
                    self._found("row", self._rows_of_block(number, signed["block_rows"]), "not what was signed")
            if digest.hexdigest() != signed["sha256"] and digest.blocks() == signed["blocks"]:
                self._found("row", RESULTS, "its rows are not those that were signed")
            self._counts(tally)
        with self._reading():
            self._same_inputs(zip_longest(input_rows(self._out), result_rows(self._out)))
        with self._reading():
            self._same_as_shards()

    def _findings(self) -> None:
        with self._reading():
            found = (_line_of_row(row) for row in result_rows(self._out))
            expected = (line_of(line) for line in found if line is not None)
            for number, (signed, own) in enumerate(zip_longest(self._finding_lines(), expected), start=1):
                if signed != own:
                    self._found("row", f"{FINDINGS}, line {number}", "it is not what the row of the results has")

    def _finding_lines(self) -> Iterator[bytes]:
        try:
            with (self._out / FINDINGS).open("rb") as lines:
                yield from lines
        except OSError as error:
            raise InvalidInputError(f"it cannot be read: {error.strerror}", file=FINDINGS) from error

    def _count_row(self, tally: Tally, row: ResultRow) -> None:
        try:
            tally.add(row)
        except (ValueError, KeyError, TypeError):
            self._found("row", f"{RESULTS}, row {row.number}", "its evidence cannot be read")

    def _rows_of_block(self, block: int, size: int) -> str:
        first, last = block * size, (block + 1) * size - 1
        return f"{RESULTS}, row {first}" if first == last else f"{RESULTS}, rows {first} to {last}"

    def _counts(self, tally: Tally) -> None:
        signed, counted = self._claims["summary"], tally.as_json()
        for name, value in counted.items():
            if signed.get(name) != value:
                said = f"it says {_short(signed.get(name))}; the rows make {_short(value)}"
                self._found("counts", f"{SUMMARY}: {name}", said)
        ended = sum(counted["statuses"].values())
        if ended != self._claims["manifest"]["rows"]:
            rows = self._claims["manifest"]["rows"]
            self._found("counts", SUMMARY, f"{ended} rows ended in some way; the manifest has {rows} inputs")

    def _same_inputs(self, pairs: Iterable[tuple[InputRow | None, ResultRow | None]]) -> None:
        for number, (asked, ended) in enumerate(pairs):
            if asked is None:
                self._found("row", f"{RESULTS}, row {number}", "it is of no input of the manifest")
            elif ended is None:
                self._found("row", f"manifest, row {number}", f"the input {asked.name} has no result")
            else:
                others = [name for name in _SHARED if getattr(asked, name) != getattr(ended, name)]
                if others or asked.number != number:
                    said = ", ".join(others) or "number"
                    self._found(
                        "row", f"{RESULTS}, row {number}", f"it is of another input than the manifest's: {said}"
                    )

    def _same_as_shards(self) -> None:
        """Compare with the shards; where they were removed, there is nothing to compare with."""
        for number, (kept, row) in enumerate(
            zip_longest(_lines(shard_rows(self._out)), _lines(result_rows(self._out)))
        ):
            if kept is None and number == 0:
                return
            if kept != row:
                self._found("row", f"{RESULTS}, row {number}", f"it is not what its shard has: {_differing(kept, row)}")


def _line_of_row(row: ResultRow) -> dict[str, Any] | None:
    """Answer the line of a row; evidence that cannot be read has none, and is told of where rows are counted."""
    try:
        return finding_line(row)
    except (ValueError, KeyError, TypeError):
        return None


def _lines(rows: Iterable[ResultRow]) -> Iterator[dict[str, Any]]:
    """Answer rows so that what is not a number equals itself."""
    return ({name: repr(value) for name, value in row.as_record().items()} for row in rows)


def _differing(kept: Mapping[str, Any] | None, row: Mapping[str, Any] | None) -> str:
    if kept is None or row is None:
        return "only one of them is there"
    return ", ".join(name for name, value in row.items() if kept[name] != value)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004  (a line)
