from collections.abc import Iterator

import pytest
from soundfiles import VOICES

from registry.media.decode import Decoder
from registry.media.recording import Recording
from registry.media.speech import SpeechDetector


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    """One decoder whose children read many files: fast; isolation has its own tests."""
    with Decoder(files_per_child=1000) as decoder:
        yield decoder


@pytest.fixture(scope="session")
def detector() -> SpeechDetector:
    return SpeechDetector()


@pytest.fixture(scope="session")
def voice(decoder: Decoder) -> Recording:
    """Twelve seconds of an example voice."""
    return decoder.decode(VOICES / "enrolment" / "slt-1.flac")
