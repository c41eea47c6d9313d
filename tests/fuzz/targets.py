"""Everything of ours that reads a stranger's bytes: functions of bytes that raise nothing but what is a crash.

Whoever fuzzes calls a target with whatever bytes; what it raises is a crash. Seeds are whole, valid files, so that what
is made of them goes deep.
"""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from written_reports import case_report, comparison_document, file_of
from written_reports import check_report as written_check

from registry.domain.reading import parse_json
from registry.domain.rules.contract_document import contract_of_json
from registry.domain.terms_document import terms_json
from registry.domain.terms_reading import terms_of_json
from registry.errors import RegistryError
from registry.interchange.cohort_archives import CohortArchive
from registry.interchange.odrl import PolicyParties, odrl_of, terms_of_odrl
from registry.interchange.receipts import read_receipt
from registry.journal.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from registry.journal.endings import Ending, EndingsList, Head
from registry.journal.kept import KeptOpening
from registry.journal.note import KeyKind, VerifierKey, read_note
from registry.journal.restorations import Restoration
from registry.journal.timestamps import timestamp_request, verify_timestamp
from registry.media.truncation import chunk_shortfall, ends_inside_ogg_page
from registry.reports.consistency import contradictions
from registry.reports.model import document_of
from registry.reports.model import read_report as read_document
from registry.reports.verify import check_report
from registry.scanning.archives import members
from registry.scanning.finding_lines import heard_rows
from registry.scanning.lists import Columns, listed
from registry.scanning.reported import read_report
from registry.scanning.signing import REPORT_TYPE, ScanKey, open_claims, scan_key, sign_claims
from registry.services.backup_folder import BackedUpKey, KeysMade, keys_content, read_keys
from registry.vault.gallery_seal import GallerySealer, Rows, make_studio_key, open_rows, read_public_key
from registry.vault.keys import FileKeyring, new_data_key
from registry.vault.signing import canonical, read_jwks, registry_id
from registry.vault.tokens import new_token, parse

CONTRACTS = Path(__file__).parents[2] / "examples" / "licences"
NOW = datetime(2026, 3, 14, tzinfo=UTC)
STATEMENT = {"origin": "b", "previous_origin": "a", "size": 2, "root_sha256": "00" * 32, "known_size": 3}
ENDINGS = (".csv", ".tsv", ".jsonl", ".tar")


@dataclass(frozen=True, slots=True)
class Target:
    """One reader.

    Attributes:
        read: raises only what is a crash.
        seeds: what it reads as it should.
    """

    read: Callable[[bytes], object]
    seeds: Sequence[bytes]


def randomness(seed: int) -> Callable[[int], bytes]:
    """Answer bytes as `os.urandom` would, the same each time."""
    return Random(seed).randbytes  # noqa: S311  (it must be repeatable)


@cache
def _scan_key() -> ScanKey:
    with tempfile.TemporaryDirectory() as folder:
        return scan_key(Path(folder) / "key.json", randomness(1))


@cache
def _journal_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def _verifier() -> VerifierKey:
    return VerifierKey("journal.example", KeyKind.NOTE, _journal_key().public_key().public_bytes_raw())


@cache
def _keyring() -> FileKeyring:
    with tempfile.TemporaryDirectory() as folder:
        return FileKeyring.create(Path(folder) / "keyring.json", NOW, randomness(5))


@cache
def _root() -> bytes:
    """Answer a certificate that vouches for nothing."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Root")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=9))
    return builder.public_key(_journal_key().public_key()).sign(_journal_key(), None).public_bytes(Encoding.PEM)


# --- readers ---------------------------------------------------------------------------------------------------------


def refusing(read: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """Answer a reader that may refuse in the registry's own words."""

    def tried(data: bytes) -> None:
        with suppress(RegistryError):
            read(data)

    return tried


def of_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """Answer a reader of text as one of bytes."""
    return lambda data: read(data.decode("utf-8", errors="replace"))


def of_json(read: Callable[[object], object]) -> Callable[[bytes], object]:
    """Answer a reader of JSON as one of bytes; what is no JSON does not come so far."""

    def tried(data: bytes) -> None:
        try:
            value = parse_json(data)
        except ValueError:
            return
        read(value)

    return tried


def _containers(data: bytes) -> None:
    chunk_shortfall(io.BytesIO(data), len(data))
    ends_inside_ogg_page(io.BytesIO(data), len(data))


def _signed_report(value: object) -> None:
    """Sign whatever it is, so that what is behind the signature is read."""
    if isinstance(value, dict):
        jws = sign_claims(_scan_key(), value, typ=REPORT_TYPE)
        read_report(json.dumps({"jws": jws, "report": value}).encode())


def _report_document(value: object) -> None:
    """Read what is behind a signature, and look whether it adds up."""
    list(contradictions(read_document(value)))


def _receipt(value: object) -> None:
    if isinstance(value, dict):
        read_receipt(value)


def _note(data: bytes) -> None:
    key = VerifierKey("journal.example", KeyKind.NOTE, _journal_key().public_key().public_bytes_raw())
    open_checkpoint(read_note(data), [key])


def _checkpoint(data: bytes) -> None:
    Checkpoint.read(data.decode("utf-8", errors="replace"))


def _from_file(ending: str) -> Callable[[bytes], object]:
    """Answer a reader of lists or archives as one of bytes."""

    def tried(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=_memory()) as folder:
            place = Path(folder) / f"source{ending}"
            place.write_bytes(data)
            found = members(str(place), "", "") if ending == ".tar" else listed(str(place), Columns())
            for _ in found:
                pass

    return tried


def _endings(data: bytes) -> None:
    """Read a list of endings."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        (Path(folder) / "endings.jsonl").write_bytes(data)
        list(EndingsList(Path(folder)).endings([_verifier()]))


def _restoration(value: object) -> None:
    with suppress(ValueError, KeyError, TypeError):  # by which it says that it is none
        Restoration.read(KeptOpening(3, bytes(32), value))  # type: ignore[arg-type]  # whatever a folder holds


def _backed_up_keys(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        place = Path(folder) / "keys.sealed"
        place.write_bytes(data)
        read_keys(place, _keyring())


def _timestamp(data: bytes) -> None:
    verify_timestamp(data, b"journal.example", _root())


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (a folder of its own is made there)


# --- seeds -----------------------------------------------------------------------------------------------------------


def _contracts() -> list[object]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(CONTRACTS.glob("*.json"))]


def _terms() -> list[bytes]:
    return [json.dumps(terms_json(contract_of_json(one).terms)).encode() for one in _contracts()]


def _policies() -> list[bytes]:
    parties = PolicyParties("lic_1", 1, "perf_1", "org_1", agreed=True)
    return [json.dumps(odrl_of(contract_of_json(one).terms, parties)).encode() for one in _contracts()]


def _gallery() -> tuple[Callable[[bytes], object], bytes]:
    """Answer a reader of the sealed part of a gallery file, and one that opens."""
    dimensions = {"a": 16, "b": 32}
    with tempfile.TemporaryDirectory() as folder:
        key = make_studio_key(Path(folder) / "key.json", randomness(2))
    sealer = GallerySealer("gal_1", dimensions, key, randomness(3))
    means = {space: np.eye(2, width, dtype=np.float32) for space, width in dimensions.items()}
    sealed = sealer.head + sealer.chunk(Rows(["gent_1", "gent_2"], means), last=True)

    def read(data: bytes) -> None:
        for _ in open_rows(io.BytesIO(data), "gal_1", dimensions, key, len):
            pass

    return read, sealed


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in (("a.wav", b"RIFF"), ("a.txt", b"words"), ("a.json", b'{"declared_use": "x"}')):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _zips() -> list[bytes]:
    """Answer archives of two people, packed in each way that is read."""
    found = []
    for packed in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", packed) as archive:
            for name in ("one/a.wav", "one/b.wav", "two/c.wav"):
                archive.writestr(name, name.encode() * 20)
        found.append(out.getvalue())
    return found


def _finding() -> bytes:
    candidate = {
        "performer": "gent_1",
        "outcome": "match",
        "log10_lr": 3.0,
        "engines": {"ge2e": 2.0, "campplus": 3.0},
        "cohort_percentile": 99.0,
        "segments": [{"start_s": 0.0, "end_s": 2.0, "log10_lr": 3.0}],
        "reasons": [{"code": "same_speaker_supported", "detail": "…", "figures": {"threshold_log10_lr": 2.2}}],
    }
    line = {
        "number": 0,
        "name": "a.wav",
        "sha256": "0" * 64,
        "size": 1,
        "duration_s": 2.0,
        "speech_s": 2.0,
        "outcome": "match",
        "declared_use": "",
        "project": "",
        "licence": "",
        "candidates": [candidate],
    }
    return json.dumps(line).encode() + b"\n"


def _list_of_endings() -> bytes:
    """Answer two lines, as they are written."""
    leaf = {"type": "consent.withdrawn", "subject": "cons_1", "at": "2026-03-14T15:09:26.535897Z"}
    endings = [Ending.of_leaf("journal.example", "journal.example", seq, json.dumps(leaf), {}) for seq in (3, 5)]
    with tempfile.TemporaryDirectory() as folder:
        book = EndingsList(Path(folder))
        whose = {"origin": "journal.example", "history": "journal.example", "name": "journal.example"}
        book.add(Head(), endings, covered=5, key=_journal_key(), **whose)
        return (Path(folder) / "endings.jsonl").read_bytes()


def _file_of_keys() -> bytes:
    """Answer the keys of one performer, as a backup has them."""
    key, wrapped = new_data_key(_keyring(), randomness(6))
    held = [BackedUpKey("perf_1", "voice", NOW, wrapped)]
    made, own = KeysMade(NOW, 3), (key, wrapped)
    registry = registry_id(_keyring())
    return b"".join(keys_content(held, registry=registry, made=made, own=own, random_bytes=randomness(7)))


def targets() -> Mapping[str, Target]:
    """Answer every reader by its name."""
    read_gallery, gallery = _gallery()
    note = str(sign_checkpoint(Checkpoint("journal.example", 3, bytes(32)), _journal_key())).encode()
    token, _ = new_token("tok_00000000000000000000000000", randomness(4))
    signed = sign_claims(_scan_key(), {"ver": 1}, typ=REPORT_TYPE).encode()
    jwk = json.dumps(_scan_key().key.as_dict(private=False))
    wav = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0\2\0\x10\0data\0\0\1\0" + bytes(64)
    lists = {
        ".csv": b"path,declared_use,text\na.wav,character,hello\n",
        ".tsv": b"path\ttext\na.wav\thello\n",
        ".jsonl": b'{"path": "a.wav", "text": "hello"}\n',
        ".tar": _tar(),
    }
    return {
        "token": Target(refusing(of_text(parse)), [token.encode()]),
        "signed": Target(refusing(of_text(lambda text: open_claims(text, typ=REPORT_TYPE))), [signed]),
        "keys": Target(refusing(read_jwks), [f'{{"keys": [{jwk}]}}'.encode()]),
        "studio-key": Target(refusing(read_public_key), [jwk.encode()]),
        "gallery": Target(refusing(read_gallery), [gallery]),
        "terms": Target(refusing(of_json(terms_of_json)), _terms()),
        "contract": Target(refusing(of_json(contract_of_json)), [json.dumps(one).encode() for one in _contracts()]),
        "odrl": Target(refusing(of_json(terms_of_odrl)), _policies()),
        "receipt": Target(refusing(of_json(_receipt)), [b'{"ver": 1, "record": {"pii_processing": {}}}']),
        "report": Target(refusing(of_json(_signed_report)), [b'{"ver": 1, "plan": {"gallery_file": {}}}']),
        "case-report": Target(refusing(check_report), [file_of(case_report()), file_of(document_of(written_check()))]),
        "case-report-document": Target(
            refusing(of_json(_report_document)),
            [
                canonical(document_of(case_report(comparison=comparison_document()))),
                canonical(document_of(written_check())),
            ],
        ),
        "cohort-archive": Target(refusing(CohortArchive), _zips()),
        "findings": Target(refusing(lambda data: list(heard_rows(data, 10))), [_finding()]),
        "note": Target(refusing(_note), [note]),
        "checkpoint": Target(refusing(_checkpoint), [b"journal.example\n3\n" + b"A" * 43 + b"=\n"]),
        "verifier-key": Target(refusing(of_text(VerifierKey.read)), [b"journal.example+00000000+" + b"A" * 44]),
        "endings": Target(refusing(_endings), [_list_of_endings()]),
        "restoration": Target(of_json(_restoration), [json.dumps(STATEMENT).encode()]),
        "backed-up-keys": Target(refusing(_backed_up_keys), [_file_of_keys()]),
        "timestamp": Target(
            refusing(_timestamp), [timestamp_request(b"journal.example"), b"\x30\x05\x30\x03\x02\x01\x00"]
        ),
        "containers": Target(_containers, [wav, b"OggS" + bytes(22) + b"\1\4abcd"]),
        **{f"source{ending}": Target(refusing(_from_file(ending)), [content]) for ending, content in lists.items()},
    }
