"""Traffic on a registry: what is asked, by whom, and what was answered, at a rate that does not wait for answers.

Arrivals are open-loop: they come at moments drawn beforehand, and each latency counts from such a moment, whether or
not somebody was free to send the request then. A closed loop would ask less often just when the server is slow, and
would not see it.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from benchmarks.load_house import House
from benchmarks.sounds import VOICES

PROPORTIONS = {"check": 0.4, "read": 0.4, "clearance": 0.14, "enrolment": 0.03, "withdrawal": 0.03}
"""Of all arrivals."""

CLIENTS = 96
_STANDING = 4
"""So many performers of the load stay enrolled, about; a withdrawal waits until there are as many."""

_TIMEOUT_S = 60.0
_TOLD = {"monitoring": [2, 1, 3], "withdrawal": [1, 2, 3]}
_USE = {"kind": "generated", "purpose": "advertising", "medium": "radio", "territory": "GB", "language": "en"}
_RECORDINGS = ("rms-story.flac", "slt-advert.flac", "kal16-stranger.flac")
_VOICE = "rms"
"""Of whoever enrols: the voice of one recording in three."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        kind: of traffic that it belongs to.
        latency_s: from the moment at which it was to be sent until it was answered.
        status: of the answer; None where there was none.
        code: of the problem that was answered, if any.
        retry_after: whether the answer said when to come again.
        mark: of what it made: no two requests have the same.
        made: id of what it made, or None.
        answered_at: when, by the wall clock.
    """

    kind: str
    latency_s: float
    status: int | None
    code: str | None
    retry_after: bool
    mark: str | None
    made: str | None
    answered_at: datetime

    @property
    def ok(self) -> bool:
        """Whether it was answered as done."""
        return self.status is not None and self.status < 300  # noqa: PLR2004  (2xx)

    @property
    def turned_away(self) -> bool:
        """Whether it was answered that this is not the moment."""
        return self.status in {429, 503}


@dataclass
class Person:
    """Somebody who enrolled in the traffic."""

    performer_id: str
    token: str


@dataclass
class Told:
    """Everything that was asked, and who is enrolled; filled from many threads."""

    asked: list[Asked] = field(default_factory=list)
    standing: list[Person] = field(default_factory=list)
    withdrawn: dict[str, datetime] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take_one(self) -> Person | None:
        """Take the person who has been enrolled for longest, if enough others stay."""
        with self.lock:
            return self.standing.pop(0) if len(self.standing) > _STANDING else None


class Traffic:
    """Sends requests to the servers of a house in turn.

    Args:
        house: that runs.
        seed: of everything that is drawn.
        proportions: of the kinds of arrivals.
    """

    def __init__(self, house: House, seed: int, proportions: Mapping[str, float]) -> None:
        self._random = random.Random(seed)  # noqa: S311  (which request comes when is no secret)
        self._kinds, self._weights = list(proportions), list(proportions.values())
        self._clients = [
            httpx.Client(base_url=s.url, timeout=_TIMEOUT_S, trust_env=False, limits=httpx.Limits(max_connections=None))
            for s in house.servers
        ]
        self._turn = itertools.cycle(self._clients)
        self._number = itertools.count(1)
        self._sounds = {name: (VOICES / "submissions" / name).read_bytes() for name in _RECORDINGS}
        self._enrolling = [path.read_bytes() for path in sorted((VOICES / "enrolment").glob(f"{_VOICE}-*.flac"))[:2]]
        self._operator = house.servers[0].operator_token
        self.told = Told()
        self._studio = self._admit_studio()
        self._do: dict[str, Callable[[float], None]] = {
            "check": self._check,
            "read": self._read,
            "clearance": self._clearance,
            "enrolment": self._enrol,
            "withdrawal": self._withdraw,
        }

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients:
            client.close()

    def prepare(self) -> None:
        """Let as many people enrol as are to stay enrolled."""
        for _ in range(_STANDING):
            self._enrol(time.monotonic())
        self._check(time.monotonic())
        if len(self.told.standing) < _STANDING:
            raise SystemExit(f"nobody could enrol: {self.told.asked[-1]}")

    def send(self, rate: float, seconds: float) -> list[Asked]:
        """Let requests arrive at a rate, for some seconds, and answer all of them once each has an answer.

        Args:
            rate: arrivals a second; the gaps between them are drawn from an exponential distribution.
            seconds: from the first to the last.
        """
        before = len(self.told.asked)
        with ThreadPoolExecutor(CLIENTS, thread_name_prefix="client") as pool:
            started = time.monotonic()
            for at in self._moments(rate, seconds):
                time.sleep(max(0.0, started + at - time.monotonic()))
                (kind,) = self._random.choices(self._kinds, self._weights)
                pool.submit(self._guarded, kind, started + at)
        return self.told.asked[before:]

    def _moments(self, rate: float, seconds: float) -> Iterator[float]:
        at = 0.0
        while (at := at + self._random.expovariate(rate)) < seconds:
            yield at

    def _guarded(self, kind: str, due: float) -> None:
        try:
            self._do[kind](due)
        except Exception as error:  # noqa: BLE001  (told at the end: the load goes on)
            self.told.broken.append(f"{kind}: {type(error).__name__}: {error}")

    # --- kinds of arrivals -------------------------------------------------------------------------------------------

    def _check(self, due: float) -> None:
        name = self._random.choice(_RECORDINGS)
        mark = self._mark()
        files = {"file": (name, self._sounds[name], "audio/flac")}
        form, wait = _USE | {"project": mark}, {"Prefer": "wait=0"}
        self._ask("check", due, self._studio, "POST", "/v1/checks", mark=mark, files=files, data=form, headers=wait)

    def _read(self, due: float) -> None:
        made = [each.made for each in self.told.asked[-50:] if each.kind == "check" and each.made is not None]
        path = self._random.choice(
            [*(f"/v1/checks/{check_id}" for check_id in made[-3:]), "/v1/findings?limit=20", "/v1/journal/checkpoint"]
        )
        self._ask("read", due, self._studio, "GET", path)

    def _clearance(self, due: float) -> None:
        mark = self._mark()
        with self.told.lock:
            performer_id = self.told.standing[0].performer_id if self.told.standing else "perf_" + "0" * 26
        wanted = {"performer_id": performer_id, "use": _USE | {"project": mark}}
        self._ask("clearance", due, self._studio, "POST", "/v1/clearances", mark=mark, json=wanted)

    def _enrol(self, due: float) -> None:
        """Let somebody register, be told, say yes and enrol: nine requests, one after the other."""
        name = self._mark()
        if (token := self._token(due, {"role": "performer", "name": name})) is None:
            return
        registering = {"name": name, "identity_assurance": "self_declared"}
        performer_id = self._made("register", token, "/v1/performers", registering)
        if performer_id is None:
            return
        told = [self._explained(performer_id, topic, answers) for topic, answers in _TOLD.items()]
        if None in told or self._made("consent", token, f"/v1/performers/{performer_id}/consents", _yes(told)) is None:
            return
        files = [("recordings", (f"{n}.flac", sound, "audio/flac")) for n, sound in enumerate(self._enrolling)]
        path, wait = f"/v1/performers/{performer_id}/enrolments", {"Prefer": "wait=30"}
        sent = self._ask(
            "enrolment", time.monotonic(), token, "POST", path, mark=performer_id, files=files, data={}, headers=wait
        )
        if sent.ok:
            with self.told.lock:
                self.told.standing.append(Person(performer_id, token))

    def _withdraw(self, due: float) -> None:
        if (person := self.told.take_one()) is None:
            return
        path = f"/v1/performers/{person.performer_id}/consents/withdraw"
        mark, body = person.performer_id, {"modality": "voice"}
        for _ in range(20):  # who has said no, and was told to come again, comes again
            done = self._ask("withdrawal", due, person.token, "POST", path, mark=mark, json=body)
            if done.ok:
                with self.told.lock:
                    self.told.withdrawn[person.performer_id] = done.answered_at
                return
            time.sleep(1.0)
            due = time.monotonic()
        self.told.broken.append(f"withdrawal of {person.performer_id}: not taken")

    # --- asking ------------------------------------------------------------------------------------------------------

    def _mark(self) -> str:
        return f"load-{next(self._number)}"

    def _admit_studio(self) -> str:
        token = self._token(time.monotonic(), {"role": "studio_admin", "name": "Load", "organisation_name": "Load"})
        if token is None:
            raise SystemExit(f"no studio could be let in: {self.told.asked[-1]}")
        return token

    def _token(self, due: float, account: Mapping[str, str]) -> str | None:
        account_id = self._made("account", self._operator, "/v1/accounts", account, due=due)
        if account_id is None:
            return None
        body = {"account_id": account_id, "name": "load"}
        said: list[Any] = []
        self._ask("token", time.monotonic(), self._operator, "POST", "/v1/tokens", json=body, said=said)
        return str(said[0]["token"]) if said else None

    def _made(self, kind: str, token: str, path: str, body: Mapping[str, Any], due: float | None = None) -> str | None:
        return self._ask(kind, due or time.monotonic(), token, "POST", path, json=dict(body)).made

    def _explained(self, performer_id: str, topic: str, answers: Sequence[int]) -> str | None:
        return self._made(
            "explanation",
            self._operator,
            f"/v1/performers/{performer_id}/explanations/import",
            {
                "text_id": f"{topic}.en.v1",
                "modality": "voice",
                "explained_by": "the registry's trust officer",
                "channel": "telephone",
                "duration_s": 420.0,
                "answers": list(answers),
                "copy_delivered_at": datetime.now(tz=UTC).isoformat(),
                "copy_method": "email",
            },
        )

    def _ask(
        self,
        kind: str,
        due: float,
        token: str,
        method: str,
        path: str,
        *,
        mark: str | None = None,
        said: list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **what: Any,
    ) -> Asked:
        """Send one request and write down what came of it."""
        bearing = {"Authorization": f"Bearer {token}", **(headers or {})}
        with self.told.lock:
            client = next(self._turn)
        status, body, retry_after = None, None, False
        try:
            response = client.request(method, path, headers=bearing, **what)
            status, retry_after = response.status_code, "Retry-After" in response.headers
            body = response.json() if "json" in response.headers.get("content-type", "") else None
        except httpx.HTTPError:
            pass
        about = body if isinstance(body, dict) else {}
        asked = Asked(
            kind,
            time.monotonic() - due,
            status,
            about.get("code"),
            retry_after,
            mark,
            about.get("id"),
            datetime.now(tz=UTC),
        )
        with self.told.lock:
            self.told.asked.append(asked)
        if asked.ok and said is not None:
            said.append(body)
        return asked


def _yes(told: Sequence[str | None]) -> dict[str, Any]:
    return {
        "purpose": "monitoring",
        "modality": "voice",
        "decision": "given",
        "explanation_ids": list(told),
        "choices": {},
        "signed_by": "Somebody",
        "signature_method": "electronic",
    }
