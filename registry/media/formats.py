"""The containers and codecs that are read. What is not named here is refused before its code runs.

Nothing on the container list may name another file: no playlists (hls, dash), no concat, no sdp, no image sequences.
"""

from __future__ import annotations

from typing import Final

CONTAINERS: Final = ("wav", "w64", "flac", "ogg", "mp3", "aac", "aiff", "au", "caf", "amr", "mov", "matroska", "mpegts")
"""FFmpeg's names of the demuxers; ``mov`` is also mp4, m4a and 3gp, ``matroska`` is also webm, ``aac`` is ADTS."""

ESTIMATED_LENGTH: Final = frozenset({"mp3", "aac", "amr", "mpegts"})
"""Containers that say nothing binding of their length: FFmpeg guesses it from the size and the first bit rates."""

CODECS: Final = (
    *("pcm_s8", "pcm_u8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be"),
    *("pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw"),
    *("adpcm_ms", "adpcm_ima_wav", "flac", "alac", "vorbis", "opus", "libopus"),
    *("mp3", "mp3float", "aac", "amrnb", "amrwb"),
)
"""FFmpeg's names of the decoders, all of them for audio: no video decoder is ever opened."""
