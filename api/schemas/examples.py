"""Ids and moments that the examples of the document use. They name nothing that exists."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]
"""What a body looks like."""

_BODY = "01jd8x0zq2r4t6v8w0y2a4c6e8"

ACCOUNT = f"acc_{_BODY}"
ORGANISATION = f"org_{_BODY}"
TOKEN = f"tok_{_BODY}"
PERFORMER = f"perf_{_BODY}"
REPRESENTATIVE = f"rep_{_BODY}"
EXPLANATION = f"expl_{_BODY}"
CONSENT = f"cons_{_BODY}"
ENROLMENT = f"enr_{_BODY}"
LICENCE = f"lic_{_BODY}"
CHECK = f"chk_{_BODY}"
FINDING = f"find_{_BODY}"

NOW = "2026-03-02T09:30:00Z"
LATER = "2026-03-02T09:30:01Z"
NEXT_YEAR = "2027-03-02T09:30:00Z"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
