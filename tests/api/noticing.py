"""A notice on its way: a performer, a studio, the case between them that supports the performer, and two operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench import assess, heard
from house import USE, Caller, House, recording, second_operator
from on_record import OnRecord
from werkzeug.test import TestResponse

from registry.domain.consents import ConsentPurpose
from registry.domain.reviews import Exclusion

ADVERT = "submissions/slt-advert.flac"
CONSIDERED = [{"exclusion": each.value, "applies": False, "reason": "A product."} for each in Exclusion]
ELEMENTS = [
    {"key": "signature", "text": "Jo Arden, agent, for Marta Calder"},
    {"key": "contact", "text": "desk@agency.example"},
    {"key": "links", "text": "There are none."},
]
SUPPORTS = {
    "conclusion": "supports_p",
    "grounds": "The session of 3 March is hers, and the voice was made of it.",
    "would_change": "Sessions of somebody else that it was made of.",
}


@dataclass
class Noticed:
    """Everybody who has to do with a notice, and the case that it rests on.

    Attributes:
        second: another operator than the house's, who neither drafts nor completes anything here.
        sha256: of the recording in which the performer was found.
        path: of the notice, once it is drafted.
    """

    house: House
    studio: Caller = field(init=False)
    performer: Caller = field(init=False)
    performer_id: str = field(init=False)
    second: Caller = field(init=False)
    case: str = field(init=False)
    finding_id: str = field(init=False)
    sha256: str = field(init=False)
    path: str = ""

    def __post_init__(self) -> None:
        self.studio = self.house.studio()
        self.performer, self.performer_id = self.house.performer()
        self.second = second_operator(self.house)
        OnRecord(self.house.ctx, self.house.operator.account_id).consent(
            self.performer_id, purpose=ConsentPurpose.MONITORING
        )
        check = self.check()
        self.sha256 = check["file"]["sha256"]
        self.finding_id = check["findings"][0]["id"]
        said = {"performer_id": self.performer_id, "studio_id": self.studio.organisation_id, "product": "Sky"}
        claim = {"claim": "I declined.", "finding_ids": [self.finding_id]}
        self.case = f"/v1/cases/{self.performer.made('/v1/cases', said | claim)['id']}"

    def check(self, name: str = ADVERT, *, by: Caller | None = None) -> dict[str, Any]:
        """Submit a recording in which the performer is heard, and answer the check once it is done."""
        caller = by or self.studio
        sent = caller.send("/v1/checks", USE | {"file": recording(name)}, headers={"Prefer": "wait=0"})
        assert sent.status_code == 202, sent.text
        assess(self.house.ctx, heard(self.performer_id))
        answered: dict[str, Any] = caller.get(f"/v1/checks/{sent.get_json()['id']}").get_json()
        return answered

    # --- the case ----------------------------------------------------------------------------------------------------

    def step(self, step: str, **more: Any) -> None:
        self.house.operator.made(f"{self.case}/steps", {"step": step, "reason": "It is time."} | more)

    def conclude(self, round_of: str = "first", **changes: Any) -> None:
        """Let both sides speak, and propose what the case comes to."""
        for caller in (self.performer, self.studio):
            caller.made(f"{self.case}/statements", {"title": "Ours", "text": f"{caller.account_id}, {round_of}"})
        self.step("analyse")
        self.house.clock.move(seconds=1)  # what is proposed has an order in time
        self.house.operator.made(f"{self.case}/proposals", SUPPORTS | changes)

    def propose(self, **changes: Any) -> None:
        self.step("take_up")
        self.conclude(**changes)

    def decide(self, round_of: str = "decision") -> None:
        for caller in (self.performer, self.studio):
            caller.made(f"{self.case}/statements", {"title": "On it", "text": f"{caller.account_id}, {round_of}"})
        self.step("decide")

    def case_state(self) -> str:
        return str(self.house.operator.get(self.case).get_json()["state"])

    # --- the notice --------------------------------------------------------------------------------------------------

    def whole(self, **changes: Any) -> dict[str, Any]:
        """Answer all that a notice has to say."""
        material = {"what": "The advertisement", "location": "https://northlight.example/sky", "sha256": self.sha256}
        said = {"pack_id": "us_no_fakes_2025", "elements": ELEMENTS, "affirmed": ["good_faith", "authority"]}
        return said | {"materials": [material], "considered": CONSIDERED} | changes

    def draft(self, by: Caller | None = None, **changes: Any) -> dict[str, Any]:
        drafted = (by or self.performer).made(f"{self.case}/notices", self.whole(**changes))
        self.path = f"/v1/notices/{drafted['id']}"
        return drafted

    def ask(self, by: Caller, step: str, body: dict[str, Any], **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return by.post(f"{self.path}/{step}", body, headers=named)

    def done(self, by: Caller, step: str, body: dict[str, Any]) -> dict[str, Any]:
        """Take a step, and insist that it worked."""
        response = self.ask(by, step, body)
        assert response.status_code == 200, response.text
        answered: dict[str, Any] = response.get_json()
        return answered

    def shown(self, by: Caller | None = None) -> dict[str, Any]:
        answered: dict[str, Any] = (by or self.house.operator).get(self.path).get_json()
        return answered

    def complete(self) -> dict[str, Any]:
        self.draft()
        return self.done(self.performer, "complete", {"reason": "It is all there."})

    def review_body(self, **changes: Any) -> dict[str, Any]:
        said = {"evidence_seen": "Both statements.", "reason": "It says what the case shows."}
        return {"document_sha256": self.shown()["document_sha256"]} | said | changes

    def say_no_public_figure(self, by: Caller | None = None, *, public: bool = False) -> None:
        self.house.clock.move(seconds=1)  # the last one stands
        body = {"is_public_figure": public, "reason": "Known to the trade alone."}
        (by or self.house.operator).made(f"/v1/performers/{self.performer_id}/public-figure", body)

    def review(self) -> dict[str, Any]:
        self.complete()
        self.say_no_public_figure()
        return self.done(self.second, "review", self.review_body())

    def service(self, **changes: Any) -> dict[str, Any]:
        said = {"served_to": "Legal department", "served_by": "email", "served_at": self.house.clock.now.isoformat()}
        return said | {"sent_sha256": self.shown()["document_sha256"], "reason": "By hand."} | changes

    def serve(self) -> dict[str, Any]:
        self.propose()
        self.review()
        return self.done(self.performer, "serve", self.service())

    def counter(self, text: str = "It is our own actor's.") -> dict[str, Any]:
        self.house.clock.move(seconds=1)
        return self.done(self.studio, "counter", {"text": text, "notarised": None})

    def entries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.house.operator.get(f"{self.path}/stay-down").get_json()["items"]
        return found
