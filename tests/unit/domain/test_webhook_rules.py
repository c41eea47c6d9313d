"""Where webhooks may lead, what is told to whom, and when a message is sent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from registry.domain.consents import ConsentPurpose
from registry.domain.events import Event, EventType
from registry.domain.ids import IdPrefix
from registry.domain.webhook_addresses import LONGEST_URL, PUBLIC_HTTPS, WebhookRules, read_target
from registry.domain.webhooks import (
    LONGEST_SILENCE,
    MOST_ATTEMPTS,
    TOLD,
    TYPES,
    WAITS,
    Attempt,
    DeliveryProblem,
    DisabledReason,
    body_of,
    consents_ended,
    judge_status,
    messages_of,
    next_attempt,
    reason_to_disable,
    require_known_types,
)
from registry.errors import InvalidInputError

NOW = datetime(2026, 3, 14, tzinfo=UTC)

# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  (an address that is refused)
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.1.2.3",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "fc00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
    ],
)
def test_nothing_but_the_public_internet_is_reached(address: str) -> None:
    assert not PUBLIC_HTTPS.may_reach(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_public_internet_is_reached(address: str) -> None:
    assert PUBLIC_HTTPS.may_reach(ip_address(address))


@pytest.mark.parametrize(
    ("address", "reached"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("10.2.0.1", False), ("fd00::1", True), ("127.0.0.1", False)],
)
def test_of_private_networks_those_are_reached_that_the_operator_lists(address: str, *, reached: bool) -> None:
    rules = WebhookRules(networks=(ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    assert rules.may_reach(ip_address(address)) is reached


@pytest.mark.parametrize(
    ("url", "step"),
    [
        ("", "form"),
        ("https://a.example/" + "x" * LONGEST_URL, "form"),
        ("https://a.example/a b", "form"),
        ("https://a.example/\r\nX-Evil: 1", "form"),
        ("https://a.example\\@b.example/", "form"),
        ("https://배우.example/", "form"),
        ("https://[::1/", "form"),
        ("https://a.example:99999/", "form"),
        ("http://a.example/", "scheme"),
        ("ftp://a.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("//a.example/", "scheme"),
        ("https://user:secret@a.example/", "credentials"),
        ("https://@a.example/", "credentials"),
        ("https://a.example/#part", "credentials"),
        ("https:///hooks", "host"),
        ("https://-a.example/", "host"),
        ("https://a..example/", "host"),
        (f"https://{'a' * 64}.example/", "host"),
        ("https://127.0.0.1/", "address"),
        ("https://[::ffff:127.0.0.1]/", "address"),
        ("https://169.254.169.254/latest/meta-data", "address"),
        ("https://a.example:22/", "port"),
        ("https://a.example:0/", "port"),
    ],
)
def test_an_address_that_a_webhook_must_not_have_is_refused_with_the_step(url: str, step: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_target(url, PUBLIC_HTTPS)
    assert refused.value.figures["step"] == step


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://Hooks.Example", ("https", "hooks.example", 443, "/")),
        ("https://hooks.example.:8443/a?b=c%20d&e", ("https", "hooks.example", 8443, "/a?b=c%20d&e")),
        ("https://[2606:4700::1]/x", ("https", "2606:4700::1", 443, "/x")),
        ("https://xn--9n2bp8q.example/", ("https", "xn--9n2bp8q.example", 443, "/")),
    ],
)
def test_an_address_is_read_as_it_is_connected_to(url: str, read: tuple[str, str, int, str]) -> None:
    target = read_target(url, PUBLIC_HTTPS)
    assert (target.scheme, target.host, target.port, target.path) == read


def test_http_is_only_for_registries_that_allow_it() -> None:
    assert read_target("http://a.example/", WebhookRules(http=True)).port == 80


# --- what is told ----------------------------------------------------------------------------------------------------


def event(kind: EventType, **details: str | int | None) -> Event:
    return Event(kind, "chk_1", "acc_1", NOW, details)


def test_a_message_has_ids_and_nothing_else_of_the_event() -> None:
    given = {"organisation_id": "org_1", "studio_id": "org_1", "performer_id": "perf_1", "findings": 1}
    secret = {"verdict": "unlicensed_match", "content_sha256": "a" * 64, "cause": "strike", "note": "in words"}
    for kind in {each.of for each in TOLD}:
        for message in messages_of(event(kind, **given, **secret)):
            assert set(message.ids.values()) <= {"org_1", "perf_1", "chk_1"}
            assert all(name.endswith("_id") for name in message.ids)
            assert message.to == "org_1"


def test_every_type_of_message_can_be_subscribed_to_and_belongs_to_a_kind_of_event() -> None:
    kinds = {kind.value for kind in EventType}
    assert {each.type for each in TOLD} <= set(TYPES)
    assert set(TYPES) - kinds == {"findings.recorded", "gallery_file.replaced"}


def test_findings_are_told_only_where_there_are_some() -> None:
    def types(findings: int) -> list[str]:
        found = messages_of(event(EventType.CHECK_COMPLETED, organisation_id="org_1", findings=findings))
        return [message.type for message in found]

    assert types(0) == ["check.completed"]
    assert types(2) == ["check.completed", "findings.recorded"]


def test_an_event_that_names_no_organisation_is_told_to_nobody() -> None:
    assert list(messages_of(event(EventType.CHECK_COMPLETED, organisation_id=None))) == []


def test_a_consent_is_told_to_the_operators_alone_and_holders_are_found_by_purpose() -> None:
    withdrawn = event(EventType.CONSENT_WITHDRAWN, performer_id="perf_1", purpose="licensing", modality="voice")
    (message,) = messages_of(withdrawn)
    assert message.to is None
    assert consents_ended([withdrawn], ConsentPurpose.LICENSING) == {"perf_1": EventType.CONSENT_WITHDRAWN}
    assert consents_ended([withdrawn], ConsentPurpose.MONITORING) == {}
    face = event(EventType.CONSENT_WITHDRAWN, performer_id="perf_1", purpose="licensing", modality="face")
    assert consents_ended([face], ConsentPurpose.LICENSING) == {}


def test_a_body_says_its_version_and_its_moment_in_utc() -> None:
    (message, *_) = messages_of(event(EventType.CHECK_COMPLETED, organisation_id="org_1"))
    body = body_of(f"{IdPrefix.WEBHOOK_MESSAGE.value}_1", message)
    assert body == {
        "id": "msg_1",
        "type": "check.completed",
        "version": 1,
        "occurred_at": "2026-03-14T00:00:00Z",
        "data": {"organisation_id": "org_1", "check_id": "chk_1"},
    }


@pytest.mark.parametrize("types", [["check.done"], ["check.completed", "webhook.test"], []])
def test_what_is_never_told_cannot_be_subscribed_to(types: list[str]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        require_known_types(types)
    assert refused.value.figures["known"] == list(TYPES)


# --- when it is sent again -------------------------------------------------------------------------------------------


def test_waits_grow_and_all_attempts_lie_within_some_three_days() -> None:
    assert list(WAITS) == sorted(WAITS)
    assert (WAITS[0], WAITS[-1]) == (timedelta(seconds=10), timedelta(hours=12))
    assert timedelta(days=2.5) < sum(WAITS, timedelta()) < timedelta(days=3.5)
    assert sum(WAITS, timedelta()) * 1.25 < LONGEST_SILENCE


def test_a_wait_is_spread_by_a_quarter_at_most_and_after_the_last_attempt_there_is_none() -> None:
    for number, wait in enumerate(WAITS, start=1):
        assert next_attempt(number, NOW, 0.0) == NOW + wait
        assert next_attempt(number, NOW, 0.999) == pytest.approx(NOW + wait * 1.25, abs=wait * 0.01)
    assert next_attempt(MOST_ATTEMPTS, NOW, 0.5) is None


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (200, None),
        (204, None),
        (299, None),
        (301, DeliveryProblem.REDIRECT),
        (307, DeliveryProblem.REDIRECT),
        (400, DeliveryProblem.STATUS),
        (410, DeliveryProblem.GONE),
        (500, DeliveryProblem.STATUS),
        (199, DeliveryProblem.STATUS),
    ],
)
def test_only_two_hundred_and_something_is_taken(status: int, problem: DeliveryProblem | None) -> None:
    assert judge_status(status, 0.1).problem is problem


@pytest.mark.parametrize(
    ("problem", "failing_for", "dead", "reason"),
    [
        (DeliveryProblem.GONE, timedelta(0), True, DisabledReason.GONE),
        (DeliveryProblem.TIMEOUT, LONGEST_SILENCE, True, DisabledReason.FAILING),
        (DeliveryProblem.TIMEOUT, LONGEST_SILENCE, False, None),
        (DeliveryProblem.TIMEOUT, LONGEST_SILENCE - timedelta(seconds=1), True, None),
        (DeliveryProblem.TIMEOUT, None, True, None),
    ],
)
def test_a_webhook_is_disabled_when_it_is_gone_or_nothing_arrives_for_a_week(
    problem: DeliveryProblem, failing_for: timedelta | None, *, dead: bool, reason: DisabledReason | None
) -> None:
    since = None if failing_for is None else NOW - failing_for
    assert reason_to_disable(Attempt(problem), since, NOW, dead=dead) is reason
