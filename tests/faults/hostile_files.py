"""Files that mean harm, any number of them, made from a seed; and what the decoder makes of each.

    python tests/faults/hostile_files.py [--files 5000] [--seed 0]

Whole recordings of every container that is read are cut, have bits turned over, sizes in their headers replaced,
stretches emptied, repeated or swapped with another file's; are wrapped in archives; and playlists of every kind name a
file that is there and an address that listens. Each must end in samples or in a named refusal. The exit code is 1 when
one does not, when code of ours failed on one, when the address was called, or when the named file was heard.
"""

from __future__ import annotations

import argparse
import gzip
import io
import socketserver
import sys
import tarfile
import tempfile
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.append(str(Path(__file__).parents[1] / "unit" / "media"))

from soundfiles import encoded, noise, tone, wav

from registry.errors import DecoderFailedError, MediaError
from registry.media.decode import Decoder, MediaLimits

LIMITS = MediaLimits(max_duration_s=600, max_bytes=64 * 2**20, memory_bytes=700 * 2**20, cpu_s=5, wall_s=60)
MADE_BY: Mapping[str, tuple[str, str]] = {
    "wav": ("wav", "pcm_s16le"),
    "adpcm": ("wav", "adpcm_ms"),
    "w64": ("w64", "pcm_s16le"),
    "aiff": ("aiff", "pcm_s16be"),
    "au": ("au", "pcm_s16be"),
    "caf": ("caf", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "opus": ("ogg", "libopus"),
    "mp3": ("mp3", "libmp3lame"),
    "aac": ("adts", "aac"),
    "m4a": ("mp4", "aac"),
    "alac": ("mp4", "alac"),
    "matroska": ("matroska", "flac"),
    "webm": ("webm", "libopus"),
    "mpegts": ("mpegts", "aac"),
}
SECRET_S = 7.25
"""Length of the recording that playlists name; nothing else is as long."""

_HEAD = 600
_SIZES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_PLAYLISTS = (
    "ffconcat version 1.0\nfile '{target}'\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n",
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\na=control:{target}\n",
    "<MPD><Period><AdaptationSet><Representation><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{target}">]><smil><audio src="{target}"/>&e;</smil>',
    "[playlist]\nFile1={target}\nNumberOfEntries=1\n",
    "RTSPtextRTSP://{target}",
    "<asx><entry><ref href='{target}'/></entry></asx>",
)


@dataclass(slots=True)
class Account:
    """What came of the files.

    Attributes:
        ends: how often each way to end, by how the files were made.
        wrong: what must not be, in sentences.
    """

    ends: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many files there were."""
        return sum(ends.total() for ends in self.ends.values())


# --- making them -----------------------------------------------------------------------------------------------------


def hostile_files(random: Random, targets: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield files without end: how each was made, and its bytes.

    Args:
        random: decides all of it.
        targets: addresses and paths that playlists name.
    """
    whole = {name: _sound(*made_by) for name, made_by in MADE_BY.items()}
    ways = list(_WAYS.items())
    while True:
        way, change = random.choice([*ways, ("playlist", None)])
        if change is None:
            yield way, random.choice(_PLAYLISTS).format(target=random.choice(targets)).encode()
            continue
        data = bytearray(whole[random.choice(sorted(whole))])
        yield way, bytes(change(data, random, whole))


def _sound(container: str, codec: str) -> bytes:
    rate = 48_000 if codec == "libopus" else 16_000
    return encoded(container, codec, tone(1.5, rate) + noise(1.5, rate) // 10, rate)


Change = Callable[[bytearray, Random, Mapping[str, bytes]], bytes | bytearray]


def _cut(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytearray:
    return data[: random.randrange(1, len(data))]


def _turn_bits(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytearray:
    for _times in range(random.choice((1, 4, 16, 64, 256))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return data


def _turn_head(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytearray:
    for _times in range(random.choice((1, 2, 8))):
        data[random.randrange(min(_HEAD, len(data)))] = random.randrange(256)
    return data


def _lie(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytearray:
    at = random.randrange(min(_HEAD, len(data)) - 8)
    length = random.choice((1, 2, 4, 8))
    value = random.choice(_SIZES) % 256**length
    data[at : at + length] = value.to_bytes(length, random.choice(("big", "little")))
    return data


def _empty(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytearray:
    first = random.randrange(len(data))
    length = random.randrange(1, len(data) - first + 1)
    data[first : first + length] = bytes(length)
    return data


def _repeat(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytearray:
    first = random.randrange(len(data))
    part = data[first : first + random.randrange(1, 20_000)]
    data[first:first] = part * random.randrange(1, 200)
    return data


def _graft(data: bytearray, random: Random, whole: Mapping[str, bytes]) -> bytearray:
    other = whole[random.choice(sorted(whole))]
    return data[: random.randrange(4, _HEAD)] + other[random.randrange(len(other)) :]


def _wrap(data: bytearray, random: Random, whole: Mapping[str, bytes]) -> bytes:
    kind, out = random.choice(("zip", "gzip", "tar", "id3", "twice")), io.BytesIO()
    if kind == "gzip":
        return gzip.compress(bytes(data))
    if kind == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("sound.wav", bytes(data))
    elif kind == "tar":
        with tarfile.open(fileobj=out, mode="w") as tar:
            member = tarfile.TarInfo("sound.wav")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(bytes(data)))
    elif kind == "id3":
        return b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(data)
    else:
        return bytes(data) + whole[random.choice(sorted(whole))]
    return out.getvalue()


_WAYS: Mapping[str, Change] = {
    "cut": _cut,
    "bits turned": _turn_bits,
    "head turned": _turn_head,
    "sizes that lie": _lie,
    "emptied": _empty,
    "repeated": _repeat,
    "grafted": _graft,
    "wrapped": _wrap,
}


# --- trying them -----------------------------------------------------------------------------------------------------


def try_files(count: int, seed: int) -> Account:
    """Decode so many hostile files, and answer what came of them."""
    account = Account()
    with tempfile.TemporaryDirectory() as folder, _listening() as (address, calls):
        secret = Path(folder) / "secret.wav"
        secret.write_bytes(wav(noise(SECRET_S)))
        targets = (str(secret), secret.as_uri(), f"http://{address}/sound.wav", f"tcp://{address}", "/etc/hostname")
        files = hostile_files(Random(seed), targets)  # noqa: S311  (it must be repeatable)
        with Decoder(LIMITS, files_per_child=64) as decoder:
            for number, (way, data) in zip(range(count), files, strict=False):
                ended = _end_of(decoder, data)
                account.ends.setdefault(way, Counter())[ended] += 1
                if ended.startswith("!"):
                    account.wrong.append(f"file {number} of seed {seed}, {way}: {ended[1:]}")
        if calls:
            account.wrong.append(f"the address was called {len(calls)} times")
    return account


def _end_of(decoder: Decoder, data: bytes) -> str:
    try:
        recording = decoder.decode_bytes(data)
    except DecoderFailedError as error:
        if "exit_status" in error.figures:
            return f"!{error.detail}"
        return f"{error.slug}: {error.figures.get('signal') or error.figures.get('limit')}"
    except MediaError as error:
        return error.slug
    except Exception as error:  # noqa: BLE001  (whatever it is: it is what must not be)
        return f"!{type(error).__name__}: {error}"
    if abs(recording.duration_s - SECRET_S) < 0.01:
        return "!the file that it names was heard"
    return "decoded"


@contextmanager
def _listening() -> Iterator[tuple[str, list[object]]]:
    """Listen on loopback; answer the address, and who has called."""
    calls: list[object] = []

    class Caller(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            calls.append(self.client_address)

    with socketserver.TCPServer(("127.0.0.1", 0), Caller) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", calls
        server.shutdown()


def main() -> int:
    """Try, print, and answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    account = try_files(arguments.files, arguments.seed)
    for way, ends in sorted(account.ends.items()):
        said = ", ".join(f"{count} {end}" for end, count in ends.most_common())
        sys.stdout.write(f"{way:16}{ends.total():7}   {said}\n")
    sys.stdout.write(f"{account.total} files, of which {len(account.wrong)} ended wrongly\n")
    sys.stdout.writelines(f"{sentence}\n" for sentence in account.wrong[:50])
    return bool(account.wrong)


if __name__ == "__main__":
    sys.exit(main())
