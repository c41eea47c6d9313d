"""Taking a yes back, and being forgotten: what will happen and by when, one button, and then that it has happened."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request

from api.pages.checked import checked
from api.pages.language import language
from api.pages.performer.addressing import words_of_choices
from api.pages.performer.held import wording_of_holders
from api.pages.performer.mandates import covers
from api.pages.performer.prose import sections
from api.pages.personal import page_about, performer_of, personal, stands_for
from api.pages.refusals import advice
from api.schemas.forgetting import Forgetting
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.explanations.texts import ExplanationText
from registry.domain.explanations.topics import Topic
from registry.errors import InvalidInputError, NotFoundError
from registry.services import consents, explanation_texts, forgetting
from registry.services.withdrawal import Withdrawal
from registry.store.consents import Consent
from registry.store.performers import Performer

_ONE = "/performers/<id:performer_id>"
_OPERATION = "/v1/performers/{performer_id}"


@personal.get(f"{_ONE}/withdraw")
@stands_for(f"GET {_OPERATION}/holders", f"POST {_OPERATION}/consents/withdraw")
def show_withdrawal(performer_id: str) -> Response:
    """Say what will happen, and by when each holder must stop; after a withdrawal, what has happened."""
    performer = performer_of(performer_id)
    return _page(performer, _in_force(performer_id), done=None)


def _in_force(performer_id: str) -> list[Consent]:
    """Answer every yes in force; where the address names one, that alone."""
    now = context().clock()
    signed = consents.list_consents(context(), principal(), performer_id)
    held = [each for each in signed if each.value().permits(now)]
    wanted = request.args.get("consent")
    if wanted is None:
        return held
    if wanted not in {each.id for each in signed}:
        raise NotFoundError("there is no such consent")
    return [each for each in held if each.id == wanted]


def _page(performer: Performer, ending: list[Consent], done: Withdrawal | None) -> Response:
    about = {(each.purpose, each.modality) for each in ending}
    use = consents.who_may_use(context(), principal(), performer.id)
    holders = [*use.holders, *(done.holders if done else ())]
    return page_about(
        performer,
        "performer/withdraw",
        ending=ending,
        ends_monitoring=(ConsentPurpose.MONITORING, Modality.VOICE) in about,
        ends_licensing=any(purpose is ConsentPurpose.LICENSING for purpose, _modality in about),
        single=request.args.get("consent"),
        use=use,
        withdrawn=done,
        may_decide=covers(performer.id, Scope.CONSENTS_WRITE),
        now=context().clock(),
        **wording_of_holders(holders),
        **words_of_choices(),
    )


@personal.post(f"{_ONE}/withdraw")
@stands_for(f"POST {_OPERATION}/consents/withdraw", f"POST {_OPERATION}/consents/{{consent_id}}/withdraw")
def withdraw(performer_id: str) -> Response:
    """Withdraw every yes, or the one that the address names. Sent again, it changes nothing and is answered alike."""
    wanted = request.args.get("consent")
    if wanted is None:
        done = consents.withdraw_all(context(), principal(), performer_id)
    else:
        done = consents.withdraw_consent(context(), principal(), performer_id, wanted)
    return _page(performer_of(performer_id), [], done)


# --- being forgotten -------------------------------------------------------------------------------------------------


@personal.get(f"{_ONE}/forget")
@stands_for(f"POST {_OPERATION}/forget", "GET /v1/explanation-texts/{text_id}")
def show_forgetting(performer_id: str) -> Response:
    """Show the text that says what being forgotten means, whole, with one button under it."""
    return _forgetting_page(performer_of(performer_id))


def _forgetting_page(
    performer: Performer, status: HTTPStatus = HTTPStatus.OK, problem: tuple[str, str] | None = None
) -> Response:
    text = _text()
    return page_about(
        performer,
        "performer/forget",
        status,
        text=text,
        sections=sections(text.text),
        may_decide=covers(performer.id, Scope.CONSENTS_WRITE),
        typed=request.form,
        problem=problem,
    )


def _text() -> ExplanationText:
    """Answer the newest text on being forgotten that came with the registry, in the reader's language."""
    found = explanation_texts.list_texts(context(), principal(), topic=Topic.FORGET_ME, language=language())
    shipped = [text for text in found if text.is_shipped]
    return max(shipped, key=lambda text: int(text.version[1:]))


@personal.post(f"{_ONE}/forget")
@stands_for(f"POST {_OPERATION}/forget")
def forget_performer(performer_id: str) -> Response:
    """Forget a performer: every yes ends, and their name leaves the record."""
    performer = performer_of(performer_id)
    names = [line.strip() for line in request.form.get("also_known_as", "").splitlines() if line.strip()]
    try:
        body = checked(
            Forgetting,
            text_id=request.form.get("text_id", ""),
            text_sha256=request.form.get("text_sha256", ""),
            also_known_as=names,
        )
        done = forgetting.forget_performer(context(), principal(), performer_id, **body.model_dump())
    except InvalidInputError as error:
        problem = advice(error.slug, error.figures)
        return _forgetting_page(performer, HTTPStatus.UNPROCESSABLE_ENTITY, problem)
    return _page(performer_of(performer_id), [], done)
