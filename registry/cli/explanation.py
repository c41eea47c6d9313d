"""``likeness explanation``: the exact texts, and the course of telling one; it can stop and go on later."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

from typer import Argument, Option, Typer, echo, prompt

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, one_line
from registry.cli.output import print_facts, print_json, print_table, remark
from registry.domain.accounts import Principal
from registry.domain.consents import Modality
from registry.domain.explanations.course import Channel, CopyMethod, Step
from registry.domain.explanations.texts import Question
from registry.domain.explanations.topics import Topic
from registry.services import explanation_texts as texts
from registry.services import explanations as verbs
from registry.services.context import Context
from registry.store.consents import Explanation

app = Typer(help="Explanations: what performers are told before they decide.", no_args_is_help=True)

PerformerId = Annotated[str, Argument(metavar="PERFORMER_ID")]
ExplanationId = Annotated[str, Argument(metavar="EXPLANATION_ID")]
_TEXTS = ("text", "topic", "language", "modalities", "reading level", "digest")
_LISTED = ("explanation", "topic", "modality", "text", "seconds", "answers", "next step")


# --- texts -----------------------------------------------------------------------------------------------------------


@app.command("texts")
def list_texts(
    *,
    topic: Annotated[Topic | None, Option(help="Only those on this.")] = None,
    language: Annotated[str | None, Option(metavar="TAG", help="Only those in this language, such as ko.")] = None,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """List every text that may be told, shipped and registered, with its digest and how hard it is to read."""
    with acting_operator(acting) as (ctx, principal):
        found = texts.list_texts(ctx, principal, topic=topic, language=language)
    facts = [
        {
            "id": text.id,
            "topic": text.topic.value,
            "language": text.language,
            "modalities": sorted(text.modalities),
            "reading_level": f"{text.reading_level.measure} {text.reading_level.value}",
            "text_sha256": text.text_sha256,
        }
        for text in found
    ]
    if as_json:
        print_json(facts)
    else:
        print_table(_TEXTS, [list(each.values()) for each in facts])


@app.command("text")
def show_text(text_id: Annotated[str, Argument(metavar="TEXT_ID")], *, acting: Acting = None) -> None:
    """Print a text, word for word: the very bytes that its digest is of, and the copy that the performer gets."""
    with acting_operator(acting) as (ctx, principal):
        echo(texts.get_text(ctx, principal, text_id).text, nl=False)


# --- one step --------------------------------------------------------------------------------------------------------


@app.command()
def begin(
    performer_id: PerformerId,
    *,
    topic: Annotated[Topic, Option(help="What is explained.")],
    explained_by: Annotated[str, Option(parser=one_line, metavar="NAME", help="Who explains.")],
    language: Annotated[str, Option(metavar="TAG", help="Language of the text.")] = "en",
    channel: Annotated[Channel, Option(help="How it is explained.")] = Channel.IN_PERSON,
    modality: Annotated[Modality, Option(help="Of voice and face.")] = Modality.VOICE,
    text_id: Annotated[str | None, Option(metavar="TEXT_ID", help="By default the newest shipped text.")] = None,
    acting: Acting = None,
) -> None:
    """Begin to explain a topic, and print the record's id. `show` says what comes next."""
    with acting_operator(acting) as (ctx, principal):
        begun = verbs.begin_explanation(
            ctx,
            principal,
            performer_id,
            topic=topic,
            modality=modality,
            language=language,
            channel=channel,
            explained_by=explained_by,
            text_id=text_id,
        )
    remark(f"begun with {begun.text_id}; next: {begun.value().next_step.value}")
    echo(begun.id)


@app.command()
def read(
    performer_id: PerformerId,
    explanation_id: ExplanationId,
    *,
    seconds: Annotated[float, Option(min=1, max=86_400, metavar="SECONDS", help="Time spent on it.")],
    acting: Acting = None,
) -> None:
    """Say that the text was read or told, and how long it took."""
    with acting_operator(acting) as (ctx, principal):
        _say_next(verbs.finish_reading(ctx, principal, performer_id, explanation_id, duration_s=seconds))


@app.command()
def answer(
    performer_id: PerformerId,
    explanation_id: ExplanationId,
    *,
    question: Annotated[int, Option(min=1, metavar="NUMBER", help="Of the question.")],
    option: Annotated[int, Option(min=1, metavar="NUMBER", help="Of the option that was chosen.")],
    acting: Acting = None,
) -> None:
    """Write down the answer to a question. Every attempt is kept; one without understanding teaches."""
    with acting_operator(acting) as (ctx, principal):
        told, _, teaches = verbs.answer(ctx, principal, performer_id, explanation_id, question=question, option=option)
    echo("understood" if teaches is None else f"not yet: {teaches}")
    _say_next(told)


@app.command()
def deliver(
    performer_id: PerformerId,
    explanation_id: ExplanationId,
    *,
    method: Annotated[CopyMethod, Option(help="How the performer got a copy of the text.")],
    acting: Acting = None,
) -> None:
    """Say that the performer has got a copy of the exact text."""
    with acting_operator(acting) as (ctx, principal):
        _say_next(verbs.deliver_copy(ctx, principal, performer_id, explanation_id, method=method))


@app.command()
def complete(performer_id: PerformerId, explanation_id: ExplanationId, *, acting: Acting = None) -> None:
    """Complete an explanation that was read, understood and delivered. Consents may rest on it from now on."""
    with acting_operator(acting) as (ctx, principal):
        _say_next(verbs.complete_explanation(ctx, principal, performer_id, explanation_id))


@app.command()
def show(
    performer_id: PerformerId, explanation_id: ExplanationId, *, as_json: AsJson = False, acting: Acting = None
) -> None:
    """Show an explanation: how far it has come, and what comes next."""
    with acting_operator(acting) as (ctx, principal):
        facts = explanation_facts(verbs.get_explanation(ctx, principal, performer_id, explanation_id))
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


@app.command("list")
def list_explanations(performer_id: PerformerId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """List every explanation given to a performer, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = [explanation_facts(each) for each in verbs.list_explanations(ctx, principal, performer_id)]
    if as_json:
        print_json(found)
        return
    names = ("id", "topic", "modality", "text_id", "duration_s", "answers", "next_step")
    print_table(_LISTED, [[each[name] for name in names] for each in found])


def explanation_facts(explanation: Explanation) -> dict[str, object]:
    """Answer an explanation as JSON shows it, without the words of its text."""
    value = explanation.value()
    return {
        "id": explanation.id,
        "topic": None if explanation.topic is None else explanation.topic.value,
        "modality": explanation.modality.value,
        "language": explanation.language,
        "text_id": explanation.text_id,
        "text_sha256": explanation.text_sha256,
        "explained_by": explanation.explained_by,
        "channel": explanation.channel,
        "duration_s": explanation.duration_s,
        "answers": len(value.attempts),
        "not_understood": value.not_understood,
        "copy_delivered_at": explanation.copy_delivered_at,
        "completed_at": explanation.completed_at,
        "next_step": value.next_step.value,
    }


def _say_next(explanation: Explanation) -> None:
    remark(f"next: {explanation.value().next_step.value}")


# --- all of it, on a terminal ----------------------------------------------------------------------------------------


@app.command("go-on")
def go_on(performer_id: PerformerId, explanation_id: ExplanationId, *, acting: Acting = None) -> None:
    """Go through an explanation with a performer, from wherever it was left: the text, the questions, the copy.

    It can be stopped at any moment, with Ctrl-C; this command goes on with it. A text whose reading is interrupted is
    read again from its beginning.
    """
    with acting_operator(acting) as (ctx, principal):
        told = verbs.get_explanation(ctx, principal, performer_id, explanation_id)
        while (step := told.value().next_step) is not Step.DONE:
            told = _STEPS[step](ctx, principal, told)
    echo(f"{told.id} is complete")


def _read(ctx: Context, principal: Principal, told: Explanation) -> Explanation:
    """Show the text, and count the time until the performer says that it was read."""
    since = time.monotonic()
    echo(told.text)
    prompt("Press Enter once it has been read", default="", show_default=False)
    spent_s = max(1.0, time.monotonic() - since)
    return verbs.finish_reading(ctx, principal, told.performer_id, told.id, duration_s=round(spent_s, 1))


def _ask(ctx: Context, principal: Principal, told: Explanation) -> Explanation:
    """Ask the first question that has not been understood yet."""
    number = told.value().not_understood[0]
    chosen = _chosen(number, told.value().questions[number - 1])
    told, _, teaches = verbs.answer(ctx, principal, told.performer_id, told.id, question=number, option=chosen)
    if teaches is not None:
        echo(f"\n{teaches}")
    return told


def _chosen(number: int, asked: Question) -> int:
    echo(f"\n{number}. {asked.question}")
    for place, option in enumerate(asked.options, 1):
        echo(f"   {place}) {option}")
    return int(_one_of("Answer", [str(place) for place in range(1, len(asked.options) + 1)]))


def _deliver(ctx: Context, principal: Principal, told: Explanation) -> Explanation:
    methods = [method.value for method in CopyMethod]
    method = CopyMethod(_one_of(f"\nHow did the performer get a copy of the text ({', '.join(methods)})?", methods))
    return verbs.deliver_copy(ctx, principal, told.performer_id, told.id, method=method)


def _one_of(question: str, possible: Sequence[str]) -> str:
    """Ask until the answer is one of those that are possible."""
    while (given := str(prompt(question)).strip()) not in possible:
        remark(f"one of {', '.join(possible)}")
    return given


def _complete(ctx: Context, principal: Principal, told: Explanation) -> Explanation:
    return verbs.complete_explanation(ctx, principal, told.performer_id, told.id)


_STEPS = {Step.READ: _read, Step.ANSWER: _ask, Step.DELIVER: _deliver, Step.COMPLETE: _complete}
