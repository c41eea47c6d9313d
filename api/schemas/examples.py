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
SPOKEN_STATEMENT = f"spok_{_BODY}"
ENROLMENT = f"enr_{_BODY}"
LICENCE = f"lic_{_BODY}"
LICENCE_HOLD = f"hold_{_BODY}"
SIGNING_KEY = f"skey_{_BODY}"
STRIKE = f"strk_{_BODY}"
LEDGER_ENTRY = f"ent_{_BODY}"
USAGE_REPORT = f"rpt_{_BODY}"
PAYMENT = f"pay_{_BODY}"
CERTIFICATE = f"cert_{_BODY}"
CHECK = f"chk_{_BODY}"
GALLERY_FILE = f"gal_{_BODY}"
GALLERY_ENTRY = f"gent_{_BODY}"
FINDING = f"find_{_BODY}"
SCAN = f"scan_{_BODY}"
WEBHOOK = f"hook_{_BODY}"
WEBHOOK_MESSAGE = f"msg_{_BODY}"
CLEARANCE = f"clr_{_BODY}"
APPROVAL = f"appr_{_BODY}"
APPROACH = f"apch_{_BODY}"
ATTESTATION = f"att_{_BODY}"
UNSEALING = f"uns_{_BODY}"

NOW = "2026-03-02T09:30:00Z"
LATER = "2026-03-02T09:30:01Z"
NEXT_DAY = "2026-03-03T09:30:01Z"
NEXT_YEAR = "2027-03-02T09:30:00Z"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
