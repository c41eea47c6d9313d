"""Recordings that cannot be checked: what is wrong with one, in numbers, and what to send in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from api.pages.language import N_, _, number
from api.pages.refusals import Advice

Figures = Mapping[str, Any]

_MIB: Final = 2**20
_MINUTE_S: Final = 60

_PLAIN: Final[Mapping[str, tuple[str, str]]] = {
    "media_empty": (
        N_("The file is empty: it has 0 bytes."),
        N_("It may have broken off while it was copied. Choose it again, or export it anew."),
    ),
    "media_not_recognised": (
        N_("This is no recording that can be read."),
        N_("Send sound or film: WAV, FLAC, MP3, M4A, OGG, WebM, MP4, MOV or MKV."),
    ),
    "media_format_not_allowed": (
        N_("This kind of file is not taken."),
        N_("Send sound or film: WAV, FLAC, MP3, M4A, OGG, WebM, MP4, MOV or MKV."),
    ),
    "media_without_audio": (
        N_("There is no sound in this file."),
        N_("Export it with its sound, or send the sound by itself."),
    ),
    "media_truncated": (
        N_("The file ends too early."),
        N_("It may have broken off while it was copied. Send it again."),
    ),
    "media_samples_not_finite": (
        N_("The sound in this file is damaged: some of its samples are no numbers."),
        N_("Export it anew."),
    ),
    "media_decoder_failed": (
        N_("This file made the decoder fail, and was given up."),
        N_("Export it as WAV or FLAC, and send that."),
    ),
}


def file_advice(slug: str, of: Figures) -> Advice | None:
    """Answer what is wrong with a recording, and what to send in its place; None where it is not the recording.

    Args:
        slug: of the error.
        of: its figures.
    """
    if slug in _COUNTED:
        return _COUNTED[slug](of)
    if not slug.startswith("media_"):
        return None
    wrong, to_do = _PLAIN.get(slug, _PLAIN["media_not_recognised"])
    return _(wrong), _(to_do)


def _too_large(of: Figures) -> Advice:
    cut = _("Cut it into parts, and send each.")
    if "max_bytes" in of:
        said = _("The file has %(size)s MiB, and %(most)s are taken.")
        return said % {"size": _mib(of["size_bytes"]), "most": _mib(of["max_bytes"])}, cut
    if "max_duration_s" in of:
        said = _("The recording lasts %(length)s minutes or more, and %(most)s are taken.")
        return said % {"length": _minutes(of["duration_s"]), "most": _minutes(of["max_duration_s"])}, cut
    said = _("The file has more streams, channels or samples a second than are taken.")
    return said, _("Export it as a WAV or FLAC file with one or two channels.")


def _mib(size: float) -> str:
    return number(float(size) / _MIB, 1)


def _minutes(seconds: float) -> str:
    return number(float(seconds) / _MINUTE_S, 1)


def _too_short(of: Figures) -> Advice:
    said = _("There are %(heard)s seconds of speech in it, and it takes %(wanted)s.")
    figures = {"heard": number(float(of.get("speech_s", 0)), 1), "wanted": number(float(of.get("required_s", 0)), 1)}
    return said % figures, _("Send a longer recording, or several lines of the same voice in one file.")


def _silent(of: Figures) -> Advice:
    said = _("The recording is silent: its level is %(level)s dB below full scale.")
    return (
        said % {"level": number(abs(float(of.get("level_dbfs", 0))))},
        _("Check that the right track was exported, and send it again."),
    )


def _no_speech(of: Figures) -> Advice:
    said = _("There is sound in it, and no speech. It takes %(wanted)s seconds.")
    return (
        said % {"wanted": number(float(of.get("required_s", 0)), 1)},
        _("Music and noise cannot be checked; send the track with the voice."),
    )


_COUNTED: Final[Mapping[str, Callable[[Figures], Advice]]] = {
    "media_too_large": _too_large,
    "speech_too_short": _too_short,
    "recording_silent": _silent,
    "no_speech": _no_speech,
}
