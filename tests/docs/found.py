"""Lets a performer enrol and a studio submit a recording in which she is heard, as `make demo` does; prints who is who.

python found.py URL OPERATOR_ID OPERATOR_TOKEN
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "examples"))

import demo
from server import Server


def main() -> None:
    """Print the tokens and the id of the finding, as one line of JSON."""
    url, operator_id, token = sys.argv[1:]
    server = Server(url, operator_id, token, 0.0, 0)
    operator = demo.party(server, "Operator", operator_id, token)
    studio = demo.new_studio(server, operator, "Northlight Games")
    performer = demo.new_performer(server, operator, "Ada Lind", "slt")
    use = {
        "kind": "generated",
        "purpose": "character",
        "project": "Harbour Lights",
        "medium": "game",
        "territory": "GB",
        "language": "en",
    }
    (finding,) = demo.submit(demo.Submission("slt-game.flac", studio, use, {})).check["findings"]
    parties = {"OPERATOR": operator, "PERFORMER": performer, "STUDIO": studio}
    tokens = {f"{name}_TOKEN": party.http.headers["Authorization"].split()[1] for name, party in parties.items()}
    print(json.dumps(tokens | {"FINDING": finding["id"]}))  # noqa: T201  (read by the test)


if __name__ == "__main__":
    main()
