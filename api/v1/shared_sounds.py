"""Sound of findings: an organisation lets a performer hear where they are heard, and both see that they listened."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from api.answers import answer
from api.document import answers_a_range
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.findings import FindingPath
from api.schemas.shared_sounds import ListeningOut, ListeningPage, NewSound, SoundOut, StretchPath
from api.state import context, principal
from api.uploads import upload_of
from api.v1.people import shown_people
from api.v1.resource import new_resource
from registry.domain.shared_sounds import SoundEnding
from registry.media.wave_file import MEDIA_TYPE
from registry.services import shared_sounds, sound_listening
from registry.store.shared_sounds import SharedSound

resource = new_resource("sounds", "Where a performer is heard in a recording, for the performer to hear.")


@resource.post("/findings/<id:finding_id>/sound", responses={201: SoundOut})
@spends(Budget.CHECKS)
@idempotent()
def share_sound(path: FindingPath, form: NewSound) -> Response:
    """Let the performer hear the places of your recording in which they are heard.

    Send the very file that was checked: the registry has not kept it. Only these places are cut out of it, with 0.2 s
    around each and at most 60 s in all, the strongest first; they are kept sealed until the days are over or you end
    it. One finding has one sound at a time: a second is refused until the first has ended.
    """
    sound = shared_sounds.share_sound(
        context(), principal(), path.finding_id, upload=upload_of(form.file), days=form.days
    )
    location = f"/v1/findings/{sound.finding_id}/sound"
    return answer(_out(sound), HTTPStatus.CREATED, tag=_tag(sound), location=location)


@resource.get("/findings/<id:finding_id>/sound", responses={200: SoundOut})
def get_sound(path: FindingPath) -> Response:
    """Answer what was shared last of a finding: which places, until when, and whether it can be heard."""
    sound = shared_sounds.get_sound(context(), principal(), path.finding_id)
    return answer(_out(sound), tag=_tag(sound))


@resource.get("/findings/<id:finding_id>/sound/stretches/<int:number>")
@answers_a_range(MEDIA_TYPE)
def hear_stretch(path: StretchPath) -> Response:
    """Hear one place: the performer's side, and the organisation that shares it. That you listened is on record.

    It is WAVE, 16 kHz, mono. With `Range` a part of it is answered (206), so that a player can seek.
    """
    sound = sound_listening.hear_stretch(context(), principal(), path.finding_id, path.number)
    response = Response(sound, HTTPStatus.OK.value, mimetype=MEDIA_TYPE)
    with suppress(RequestedRangeNotSatisfiable):  # then all of it is answered (RFC 9110, section 14.2)
        response.make_conditional(request, accept_ranges=True, complete_length=len(sound))
    return response


@resource.get("/findings/<id:finding_id>/sound/listenings", responses={200: ListeningPage})
def list_listenings(path: FindingPath) -> Response:
    """List who has listened to what was shared last, each place once a day: both sides see it."""
    sound, found = sound_listening.list_listenings(context(), principal(), path.finding_id)
    side = None if principal().is_operator else sound_listening.side_of(principal(), sound)
    return answer(ListeningPage(items=[ListeningOut.of(each, side) for each in found], next_cursor=None))


@resource.post("/findings/<id:finding_id>/sound/end", responses={200: SoundOut})
@idempotent()
def end_sound(path: FindingPath, header: ChangeHeaders) -> Response:
    """End what you share. Its key is destroyed: nobody hears it from here on, you included."""
    sound = shared_sounds.end_sound(context(), principal(), path.finding_id, version=header.version())
    return answer(_out(sound), tag=_tag(sound))


def _out(sound: SharedSound) -> SoundOut:
    shown = shown_people({sound.performer_id})[sound.performer_id]
    return SoundOut.of(sound, context().clock(), shown.id)


def _tag(sound: SharedSound) -> str:
    """Answer the entity tag, which is another once the days are over."""
    over = sound.ending is None and sound.ending_at(context().clock()) is SoundEnding.RAN_OUT
    return entity_tag(sound.version, "over" if over else None)
