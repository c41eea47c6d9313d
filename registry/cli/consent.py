"""``likeness consent``: what performers decide, and its receipt. An operator writes down what was signed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, one_line
from registry.cli.output import print_json, print_table, remark
from registry.cli.performer import consent_facts, withdrawal_in_words
from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.uses import UsePurpose
from registry.services import consents as verbs
from registry.services import forgetting
from registry.services.receipts import issue_receipt

app = Typer(help="Consents: what performers decide, and the receipts of it.", no_args_is_help=True)

PerformerId = Annotated[str, Argument(metavar="PERFORMER_ID")]
ConsentId = Annotated[str, Argument(metavar="CONSENT_ID")]
Evidence = Annotated[str | None, Option(metavar="SHA256", help="Digest of the signed document.")]
_LISTED = ("consent", "purpose", "modality", "decision", "state", "signed", "ends")


@app.command()
def sign(
    performer_id: PerformerId,
    *,
    purpose: Annotated[ConsentPurpose, Option(help="What is decided about.")],
    signed_by: Annotated[str, Option(parser=one_line, metavar="NAME", help="The name under the signature.")],
    decision: Annotated[ConsentDecision, Option(help="Yes or no.")] = ConsentDecision.GIVEN,
    modality: Annotated[Modality, Option(help="Of voice and face.")] = Modality.VOICE,
    method: Annotated[str, Option(parser=one_line, metavar="HOW", help="How it was signed.")] = "handwritten",
    explanation: Annotated[
        list[str] | None, Option(metavar="EXPLANATION_ID", help="What was explained; once for each.")
    ] = None,
    choice: Annotated[
        list[str] | None,
        Option(metavar="USE=never|ask|allow", help="For licensing, what is said to a use; unset is never."),
    ] = None,
    evidence_sha256: Evidence = None,
    expires: Annotated[
        datetime | None, Option(metavar="DATE", formats=["%Y-%m-%d"], help="When it ends by itself, UTC.")
    ] = None,
    acting: Acting = None,
) -> None:
    """Write down a signed yes or no, and print its id. A yes rests on explanations that are complete."""
    with acting_operator(acting) as (ctx, principal):
        consent = verbs.sign_consent(
            ctx,
            principal,
            performer_id,
            purpose=purpose,
            modality=modality,
            decision=decision,
            explanation_ids=explanation or (),
            choices=LicensingChoices.of(dict(_choice(each) for each in choice or ())),
            signed_by=signed_by,
            signature_method=method,
            signature_evidence_sha256=evidence_sha256,
            expires_at=None if expires is None else expires.replace(tzinfo=UTC),
        )
    remark(f"{consent.decision.value}: {consent.purpose.value} of the {consent.modality.value}")
    echo(consent.id)


def _choice(text: str) -> tuple[UsePurpose, Disposition]:
    use, _, said = text.partition("=")
    try:
        return UsePurpose(use), Disposition(said)
    except ValueError as error:
        uses = ", ".join(each.value for each in UsePurpose)
        raise BadParameter(f"“{text}” is not USE=never|ask|allow; uses are {uses}", param_hint="--choice") from error


@app.command("list")
def list_consents(performer_id: PerformerId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """List every decision of a performer, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = verbs.list_consents(ctx, principal, performer_id)
        now = ctx.clock()
    if as_json:
        print_json([consent_facts(consent, now) for consent in found])
        return
    rows = [
        (c.id, c.purpose, c.modality, c.decision, c.value().state_at(now), c.signed_at, c.expires_at) for c in found
    ]
    print_table(_LISTED, rows)


@app.command()
def standing(performer_id: PerformerId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """Say what a performer permits at this moment, for the voice and for the face. What is not said is never."""
    with acting_operator(acting) as (ctx, principal):
        found = verbs.standing_of(ctx, principal, performer_id)
    facts = [
        {
            "modality": each.modality.value,
            "presence": each.presence.value,
            "in_force": [purpose.value for purpose in each.in_force],
            "choices": {use.value: said.value for use, said in each.choices.items()},
        }
        for each in found.modalities
    ]
    if as_json:
        print_json({"minor": found.minor, "modalities": facts})
        return
    rows = [(each["modality"], each["presence"], each["in_force"], _said(each["choices"])) for each in facts]
    print_table(("modality", "choice", "yes in force", "uses that are not never"), rows)


def _said(choices: object) -> list[str]:
    if not isinstance(choices, dict):
        return []
    return [f"{use}: {said}" for use, said in choices.items() if said != Disposition.NEVER.value]


@app.command()
def withdraw(performer_id: PerformerId, consent_id: ConsentId, *, acting: Acting = None) -> None:
    """Withdraw one consent; again, it changes nothing. Who holds a permission is listed, with when they must stop."""
    with acting_operator(acting) as (ctx, principal):
        echo(withdrawal_in_words(verbs.withdraw_consent(ctx, principal, performer_id, consent_id)))


@app.command()
def receipt(
    performer_id: PerformerId,
    consent_id: ConsentId,
    *,
    out: Annotated[
        Path | None, Option(metavar="FILE", dir_okay=False, help="Where to; by default it is printed.")
    ] = None,
    acting: Acting = None,
) -> None:
    """Write the signed receipt of a decision (ISO/IEC TS 27560). `likeness receipt verify` checks it anywhere."""
    with acting_operator(acting) as (ctx, principal):
        issued = issue_receipt(ctx, principal, performer_id, consent_id)
    if out is None:
        echo(issued.jws)
        return
    out.write_text(f"{issued.jws}\n", encoding="ascii")
    remark(f"wrote {issued.claims['receipt_id']} to {out}")


# --- being forgotten -------------------------------------------------------------------------------------------------


@app.command()
def forget(
    performer_id: PerformerId,
    *,
    text_id: Annotated[str, Option(metavar="TEXT_ID", help="The text that was shown, such as forget_me.ko.v1.")],
    text_sha256: Annotated[str, Option(metavar="SHA256", help="Its digest, as `likeness explanation texts` says it.")],
    also_known_as: Annotated[
        list[str] | None, Option(parser=one_line, metavar="NAME", help="A further name to refuse; once for each.")
    ] = None,
    evidence_sha256: Evidence = None,
    acting: Acting = None,
) -> None:
    """Forget a performer: no template, no name, and a refusal of both from now on. They cannot be found any more."""
    with acting_operator(acting) as (ctx, principal):
        done = forgetting.forget_performer(
            ctx,
            principal,
            performer_id,
            text_id=text_id,
            text_sha256=text_sha256,
            also_known_as=also_known_as or (),
            signature_evidence_sha256=evidence_sha256,
        )
    echo(withdrawal_in_words(done))
    echo("forgotten: nobody is registered or enrolled under these names any more")


@app.command()
def remember(
    performer_id: PerformerId,
    *,
    name: Annotated[str, Option(parser=one_line, metavar="NAME", help="As they are to be known.")],
    evidence_sha256: Evidence = None,
    acting: Acting = None,
) -> None:
    """Lift the wish to be forgotten. Nothing comes back by it."""
    with acting_operator(acting) as (ctx, principal):
        performer = forgetting.remember_performer(
            ctx, principal, performer_id, name=name, signature_evidence_sha256=evidence_sha256
        )
    echo(f"{performer.id} is known again; every consent and every recording is asked for anew")
