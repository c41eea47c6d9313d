"""Whether a journal is what was signed: it needs the leaves, the checkpoints and the public key, and no registry.

What is wrong is named (`FlawKind`), with the numbers of the leaves that it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from registry.domain.reading import parse_json
from registry.errors import InvalidInputError, OpeningMismatchError, SignatureInvalidError
from registry.journal.checkpoint import Checkpoint, open_checkpoint, verify_cosignatures
from registry.journal.flaws import Flaw, FlawKind, Flaws
from registry.journal.kept import Kept, KeptLeaf, KeptOpening
from registry.journal.kept_tree import compare_nodes
from registry.journal.leaf import Opening, leaf_hash, verify_opening
from registry.journal.merkle import Tree
from registry.journal.note import VerifierKey, read_note
from registry.journal.restorations import Restoration, names_of, says_so
from registry.journal.timestamps import verify_timestamp


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of looking at a journal.

    Attributes:
        leaves: how many were looked at.
        root_sha256: over them.
        signed: how many leaves the largest valid checkpoint covers; None when there is none.
        checkpoints: how many valid ones there are, earlier ones that were given included.
        cosigned_by: names of witnesses who signed one of these.
        openings: how many were tried.
        restorations: when it was put back to what a backup had, as it says itself.
        timestamps: moments of the time stamps that hold, by size of their checkpoint, where certificates were given.
        flaws: everything that is wrong; none in a journal that holds.
    """

    leaves: int
    root_sha256: str
    signed: int | None
    checkpoints: int
    cosigned_by: Sequence[str]
    openings: int
    flaws: Sequence[Flaw]
    restorations: Sequence[Restoration] = ()
    timestamps: Mapping[int, datetime] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaws


def verify(
    kept: Kept,
    keys: Sequence[VerifierKey],
    *,
    earlier: Sequence[str] = (),
    witnesses: Sequence[VerifierKey] = (),
    timestamp_roots: bytes | None = None,
) -> Verified:
    """Look at all of a journal.

    1. Every checkpoint, kept or given, is signed with one of the keys, and all are of one journal: of one name, or of
       those that its restorations give it, each said by a leaf.
    2. No two of them say different things of one size.
    3. The leaves are numbered from 1 without a gap, and each has the hash that is kept with it.
    4. The tree that grows from them has the nodes that are kept.
    5. At the size of every checkpoint it has the root that was signed.
    6. Every opening that is kept opens its own leaf.
    7. Every time stamp that is kept is of its checkpoint, and leads to a certificate that is trusted.

    Args:
        kept: the journal.
        keys: of its registry, as trusted: not taken from the journal itself.
        earlier: checkpoints that were kept elsewhere: what tells a journal that was rewritten and signed again.
        witnesses: keys of witnesses, where their cosignatures are to count.
        timestamp_roots: PEM certificates that time stamps must lead to; None to look at none.

    Raises:
        SettingsError: time stamps are to be looked at, and the package that does is not installed.
    """
    return _Verification(kept, keys, witnesses).run(earlier, timestamp_roots)


class _Verification:
    """One look at one journal. Leaves are read one after the other; only where they differ are all of them held."""

    def __init__(self, kept: Kept, keys: Sequence[VerifierKey], witnesses: Sequence[VerifierKey]) -> None:
        self._kept, self._keys, self._witnesses = kept, keys, witnesses
        self._flaws = Flaws()
        self._signed: dict[int, Checkpoint] = {}
        self._given: set[int] = set()
        self._statements = list(kept.restorations())
        self._restorations = list(self._read_restorations())
        self._origin: str | None = None
        self._cosigned: set[str] = set()

    def run(self, earlier: Sequence[str], timestamp_roots: bytes | None) -> Verified:
        """Look, and answer what was found."""
        for note in self._kept.checkpoints():
            self._take(note, given=False)
        for note in earlier:
            self._take(note, given=True)
        if not self._signed and FlawKind.CHECKPOINT_INVALID not in self._flaws:
            self._flaws.add(FlawKind.UNSIGNED, "there is no checkpoint by which the leaves could be checked")
        tree, roots = self._grow()
        self._compare_restorations(roots)
        held = self._compare_roots(roots, tree.size)
        compare_nodes(self._kept, held, self._flaws)
        return Verified(
            leaves=tree.size,
            root_sha256=tree.root.hex(),
            signed=max(self._signed, default=None),
            checkpoints=len(self._signed),
            cosigned_by=sorted(self._cosigned),
            openings=self._try_openings(),
            restorations=self._restorations,
            timestamps={} if timestamp_roots is None else self._look_at_timestamps(timestamp_roots),
            flaws=self._flaws.all(),
        )

    # --- checkpoints -------------------------------------------------------------------------------------------------

    def _take(self, text: str, *, given: bool) -> None:
        whose = "a checkpoint that was given" if given else "a checkpoint that is kept"
        try:
            note = read_note(text)
            checkpoint = open_checkpoint(note, self._keys)
            self._cosigned |= {each.witness.name for each in verify_cosignatures(note, self._witnesses)}
        except SignatureInvalidError as error:
            self._flaws.add(FlawKind.CHECKPOINT_INVALID, f"{whose} does not count: {error.detail}")
            return
        if not self._is_of_it(checkpoint):
            self._flaws.add(
                FlawKind.CHECKPOINT_INVALID, f"{whose} is of {checkpoint.origin}, others are of {self._origin}"
            )
            return
        lost_in = next((each for each in self._restorations if each.loses(checkpoint)), None)
        if lost_in is not None:
            self._name_lost(checkpoint, lost_in)
            return
        same = self._signed.setdefault(checkpoint.size, checkpoint)
        if same.root != checkpoint.root:
            self._flaws.add(
                FlawKind.FORKED,
                f"two checkpoints of {checkpoint.size} leaves are signed, with different roots",
                size=checkpoint.size,
                root_sha256=same.root.hex(),
                other_root_sha256=checkpoint.root.hex(),
            )
        elif given:
            self._given.add(checkpoint.size)

    def _is_of_it(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint is of this journal, by one of its names."""
        if self._origin is None:
            self._origin = checkpoint.origin
        return checkpoint.origin in (names_of(self._restorations) or {self._origin})

    # --- restorations ------------------------------------------------------------------------------------------------

    def _read_restorations(self) -> Iterator[Restoration]:
        for statement in self._statements:
            try:
                yield Restoration.read(statement)
            except (ValueError, KeyError, TypeError):
                self._not_said(statement.seq)

    def _not_said(self, seq: int) -> None:
        self._flaws.add(
            FlawKind.OPENING_CHANGED, f"leaf {seq} does not say what is told of a restoration with it", seq=seq
        )

    def _compare_restorations(self, roots: Mapping[int, bytes]) -> None:
        """Compare what restorations say with the leaves: those that say it, and those that were restored."""
        told = {each.seq: each for each in self._statements}
        for leaf in self._kept.leaves() if told else ():
            statement = told.get(leaf.seq)
            if statement is not None and says_so(leaf.leaf, statement):
                del told[leaf.seq]
        for seq in told:
            self._not_said(seq)
        for each in self._restorations:
            if roots.get(each.size) != each.root:
                self._flaws.add(
                    FlawKind.NOT_AS_SIGNED,
                    f"leaf {each.seq} says that {each.size} leaves were restored, and the first {each.size} are others",
                    first=1,
                    last=each.size,
                )

    def _name_lost(self, checkpoint: Checkpoint, restoration: Restoration) -> None:
        known = (
            "names that very checkpoint" if restoration.knows(checkpoint) else "names another one as the newest known"
        )
        if restoration.known is None:
            known = "knew of no checkpoint of them"
        self._flaws.add(
            FlawKind.LOST_IN_RESTORATION,
            f"the leaves {restoration.size + 1} to {checkpoint.size} were signed and are gone: leaf {restoration.seq} "
            f"says that a backup of {restoration.size} leaves was restored, and {known}",
            first=restoration.size + 1,
            last=checkpoint.size,
            restoration=restoration.seq,
        )

    # --- leaves ------------------------------------------------------------------------------------------------------

    def _grow(self) -> tuple[Tree, Mapping[int, bytes]]:
        """Read all leaves; answer their tree, and its root at every size that was signed, or restored."""
        tree, before = Tree(), 0
        restored = {each.size for each in self._restorations}
        roots = {0: tree.root}
        for leaf in self._kept.leaves():
            self._look_at(leaf, before)
            before = leaf.seq
            tree.add(leaf_hash(leaf.leaf))
            if tree.size in self._signed or tree.size in restored:
                roots[tree.size] = tree.root
        return tree, roots

    def _look_at(self, leaf: KeptLeaf, before: int) -> None:
        if leaf.seq > before + 1:
            self._flaws.add(
                FlawKind.LEAF_MISSING,
                f"behind leaf {before} comes leaf {leaf.seq}",
                first=before + 1,
                last=leaf.seq - 1,
            )
        elif leaf.seq <= before:
            self._flaws.add(FlawKind.REORDERED, f"behind leaf {before} comes leaf {leaf.seq}", seq=leaf.seq)
        if leaf_hash(leaf.leaf).hex() != leaf.leaf_sha256:
            self._flaws.add(
                FlawKind.LEAF_CHANGED, f"leaf {leaf.seq} has not the hash that is kept with it", seq=leaf.seq
            )
        told = _members(leaf.leaf) if leaf.said else {}
        differ = sorted(name for name, value in leaf.said.items() if told.get(name) != value)
        if differ:
            self._flaws.add(
                FlawKind.LEAF_CHANGED,
                f"leaf {leaf.seq} says another {', '.join(differ)} than what is kept beside it",
                seq=leaf.seq,
            )

    def _compare_roots(self, roots: Mapping[int, bytes], size: int) -> int:
        """Compare the roots of the leaves with those that were signed; answer up to which size all of them are."""
        held = 0
        for at in sorted(self._signed):
            if at > size:
                self._flaws.add(
                    FlawKind.TRUNCATED, f"there are {size} leaves, and {at} were signed", leaves=size, signed=at
                )
                return held
            if roots[at] != self._signed[at].root:
                self._name_root(held, at, roots)
                return held
            held = at
        return held

    def _name_root(self, held: int, at: int, roots: Mapping[int, bytes]) -> None:
        """Say what it means that the root at one size is not the one that was signed.

        Where a later checkpoint of the journal itself is that of its leaves, the journal was signed twice, each time
        with another past. Otherwise its leaves are not what it has signed.
        """
        later = [each for each in self._signed if each > at and each not in self._given]
        if at in self._given and any(roots.get(each) == self._signed[each].root for each in later):
            self._flaws.add(
                FlawKind.FORKED,
                f"the first {at} leaves are not those of a checkpoint that was given, and a later checkpoint is signed "
                "over them: the journal was rewritten, or two are kept under one name",
                size=at,
            )
            return
        self._flaws.add(
            FlawKind.NOT_AS_SIGNED,
            f"among the leaves {held + 1} to {at} are some that were changed, moved, put in or taken out: they are not "
            "what was signed",
            first=held + 1,
            last=at,
        )

    # --- time stamps -------------------------------------------------------------------------------------------------

    def _look_at_timestamps(self, roots: bytes) -> Mapping[int, datetime]:
        """Answer the moments of those that hold, and name those that do not."""
        moments: dict[int, datetime] = {}
        for size, response in self._kept.timestamps():
            checkpoint = self._signed.get(size)
            text = "" if checkpoint is None else checkpoint.text  # of a checkpoint that does not count none holds
            try:
                moments[size] = verify_timestamp(response, text.encode(), roots)
            except SignatureInvalidError as error:
                self._flaws.add(
                    FlawKind.TIMESTAMP_INVALID,
                    f"the time stamp of the checkpoint of {size} leaves does not count: {error.detail}",
                    size=size,
                )
        return moments

    # --- openings ----------------------------------------------------------------------------------------------------

    def _try_openings(self) -> int:
        """Try every opening that is kept at the leaf of its number; both come by number."""
        leaves = self._kept.leaves()
        leaf = next(leaves, None)
        tried = 0
        for opening in self._kept.openings():
            while leaf is not None and leaf.seq < opening.seq:
                leaf = next(leaves, None)
            tried += 1
            if leaf is None or leaf.seq != opening.seq or not _opens(leaf.leaf, opening):
                self._flaws.add(
                    FlawKind.OPENING_CHANGED, f"the opening of leaf {opening.seq} is not its own", seq=opening.seq
                )
        return tried


def _opens(leaf: bytes, opening: KeptOpening) -> bool:
    try:
        verify_opening(leaf, Opening(opening.salt, opening.details))
    except (OpeningMismatchError, InvalidInputError):
        return False
    return True


def _members(leaf: bytes) -> Mapping[str, object]:
    try:
        told = parse_json(leaf)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
