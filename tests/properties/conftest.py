"""How hypothesis runs here: 60 examples a law, so that all of them take well under a minute, and no deadline, since a
busy machine is no broken law.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile(
    "laws", deadline=None, database=None, max_examples=60, derandomize="CI" in os.environ
)  # one run of CI tries what the last one tried; a run by hand looks further
settings.load_profile("laws")
