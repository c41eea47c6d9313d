"""The whole story, three times, over HTTP against real registries and workers, with real voices and clones of them.

A performer declined twice. A studio has a product that speaks as she does, and a source under seal whom it says that it
hired. In the first act that is true; in the second it is not; in the third nobody can tell. Nobody on the stage knows
which act it is: what comes out is what the engine hears. Exits non-zero if it is not what is expected.

See README.md beside this for the story, the rule by which voices were chosen, and what came out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import casting
import httpx
from course import Act, Course
from demo import out
from rich.table import Table
from server import Server, running_server
from stage import set_stage

SPEECH = Path(__file__).resolve().parents[3] / "shared" / "speech"


def main() -> int:
    """Play three acts, and answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speech", type=Path, default=SPEECH, help="recordings of people and of their clones")
    parser.add_argument("--out", type=Path, help="folder for reports and comparisons")
    parser.add_argument("--act", type=int, choices=(1, 2, 3), help="one act alone")
    asked = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="likeness-sky-") as folder:
        laid = casting.laid_out(asked.speech.resolve(), Path(folder) / "speech")
        acts = [act for act in acts_of(casting.chosen(laid)) if asked.act in {None, act.number}]
        played = [play(act, Path(folder), asked.out) for act in acts]
    print_table(played)
    wrong = [course for course in played if course.analysis["conclusion"] not in course.act.expected]
    for course in wrong:
        concluded = course.analysis["conclusion"]
        out.print(f"[red]act {course.act.number}: expected {course.act.fair}, not {concluded}[/]")
    if not wrong:
        out.print(f"every act came out as expected, in {time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


def acts_of(cast: casting.Cast) -> list[Act]:
    """Answer the three acts with the cast."""
    rest = {"cohort": cast.cohort, "alternative": cast.alternative}
    plain, named = "direction-notes.txt", "direction-notes-with-a-name.txt"
    trained, zero_shot = cast.products[cast.trained], cast.products[cast.zero_shot]
    return [
        Act(
            1,
            "The studio tells the truth",
            "source",
            cast.other,
            cast.voice,
            trained,
            plain,
            expected=["explained_by_s"],
            **rest,
        ),
        Act(
            2,
            "The studio does not",
            "performer",
            cast.voice,
            cast.other,
            trained,
            named,
            expected=["supports_p"],
            **rest,
        ),
        Act(
            3,
            "Nobody can tell",
            "performer",
            cast.voice,
            cast.other,
            zero_shot,
            plain,
            expected=["inconclusive", "unknown_source"],
            **rest,
        ),
    ]


def play(act: Act, folder: Path, kept: Path | None) -> Course:
    """Play one act at a registry of its own."""
    out.print(f"\n[bold]Act {act.number}: {act.title}[/]")
    home = folder / f"act-{act.number}"
    with registry(home) as server:
        course = Course(
            act, set_stage(server, home, act.performer, act.source, act.direction), lambda line: out.print(f"  {line}")
        )
        course.check_product()
        course.open_case()
        course.take_up()
        course.file_everything()
        course.read_each_other()
        course.analyse()
        course.decide()
        if "supports_p" in act.expected:
            course.serve_notice()
        course.report_to((kept or folder / "reports") / f"act-{act.number}")
        course.require_hidden()
        tell_figures(server)
    return course


def tell_figures(server: Server) -> None:
    """Say what anybody reads of this registry today: nothing, for the quarter is not over."""
    figures = httpx.get(f"{server.url}/v1/transparency", trust_env=False).raise_for_status().json()
    if figures["quarters"] or any(count["periods"] for count in figures["counts"]):
        raise SystemExit("figures of a quarter were published before it was over")
    everybody = ("everybody", "reporting")
    (rate,) = [each for each in figures["error_rates"]["rates"] if (each["by"], each["people"]) == everybody]
    missed, accused = (f"{rate[name]['count']} of {rate[name]['searches']}" for name in ("missed", "accused"))
    out.print(f"  the public reads no figure of it until the quarter is over, on {figures['next_at'][:10]};")
    out.print(f"  it does read that of people who taught it nothing the engine missed {missed}, and accused {accused}")


@contextmanager
def registry(home: Path) -> Iterator[Server]:
    """Serve a registry with one worker, in a folder."""
    home.mkdir()
    with running_server(home) as server:
        yield server


def print_table(played: list[Course]) -> None:
    """Print what came out of each act."""
    table = Table(title="What came out", title_justify="left", show_lines=True)
    for heading in ("act", "made from", "check", "conclusion", "expected"):
        table.add_column(heading)
    for course in played:
        act, concluded = course.act, str(course.analysis["conclusion"])
        mark = "[green]✓[/]" if concluded in act.expected else "[red]✗[/]"
        table.add_row(f"{act.number}: {act.title}", act.truth, course.verdict, concluded, f"{act.fair} {mark}")
    out.print(table)


if __name__ == "__main__":
    sys.exit(main())
