"""Webhooks and described APIs: signatures, bodies, replies, tokens, and one pace per account."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from orchestration.activation.destinations.http import HttpDestination, Rate
from orchestration.activation.destinations.webhook import WebhookDestination
from orchestration.activation.targets import http_authentication, rate
from orchestration.activation.targets.http import HttpTarget
from orchestration.activation.targets.http_authentication import oauth1_signature, signature
from orchestration.activation.targets.protocol import Row, StopSyncError
from orchestration.errors import UserError
from tests.activation.web import Request, Web, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = http_authentication._webhook_key(SECRET)
ROWS = [Row("k0", '{"email": "a@b.c", "n": 1}'), Row("k1", '{"email": "d@e.f"}')]


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("ONE", SECRET)
    monkeypatch.setenv("TWO", "whsec_" + "A" * 32)
    monkeypatch.setenv("WORD", "s3cret")
    monkeypatch.setattr(http_authentication, "TOKENS", {})
    monkeypatch.setattr(rate, "ACCOUNTS", {})
    with serving(lambda request: (200, {})) as found:
        yield found


def hook(web: Web, *secrets: str, pauses: list[float] | None = None) -> HttpTarget:
    destination = WebhookDestination.model_validate({
        "title": "T", "owner": "team:marketing", "kind": "webhook", "address": web.address + "/in",
        "marketing_actions": ["email_targeting"], "timeout_seconds": 0.5,
        "secrets": [{"env": name} for name in secrets or ["ONE"]],
    })  # fmt: skip
    return HttpTarget(destination, (pauses if pauses is not None else []).append)


def api(web: Web, pauses: list[float] | None = None, **more: Any) -> HttpTarget:
    destination = HttpDestination.model_validate({
        "title": "T", "owner": "team:marketing", "kind": "http", "address": web.address,
        "marketing_actions": ["email_targeting"], "add": {"path": "/add"},
        "timeout_seconds": 0.5, **more,
    })  # fmt: skip
    return HttpTarget(destination, (pauses if pauses is not None else []).append)


def test_the_signature_is_the_standard_s() -> None:
    made = signature(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_is_signed_with_each_secret_over_what_arrives(web: Web) -> None:
    hook(web, "ONE", "TWO").send("add", ROWS, "abc")
    [request] = web.requests
    name, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    keys = [KEY, http_authentication._webhook_key("whsec_" + "A" * 32)]
    assert request.headers["webhook-signature"].split() == [
        signature(key, name, at, request.body) for key in keys
    ]
    assert request.json == {
        "type": "members.added",
        "rows": [{"key": r.key, "values": json.loads(r.payload)} for r in ROWS],
    }


def test_a_webhook_that_is_sent_again_keeps_its_id(web: Web) -> None:
    replies: list[tuple[int, Any] | None] = [None, (503, {}), (204, {})]
    web.answer = lambda _: replies.pop(0)
    assert {r.outcome for r in hook(web).send("remove", ROWS, "abc")} == {"accepted"}
    assert {r.headers["webhook-id"] for r in web.requests} == {"msg_abc"}
    assert len(web.requests) == 3


def test_s22_s24_a_webhook_that_is_gone_or_elsewhere_stops_and_says_so(web: Web) -> None:
    for status, said in ((410, "Set enabled: false"), (307, "is not followed")):
        web.answer = lambda _, s=status: (s, {})  # type: ignore[misc]
        with pytest.raises(StopSyncError, match=said) as stopped:
            hook(web).send("add", ROWS, "abc")
        assert {r.outcome for r in stopped.value.results} == {"not_sent"}


def test_s23_a_name_that_changes_between_tries_is_looked_at_each_time(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["93.184.216.34", "169.254.169.254"])
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (next(answers), 443))]
    )
    tried: list[str] = []

    def refuses(address: tuple[str, int], _: float) -> None:
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuses)
    with pytest.raises(StopSyncError, match="private network"):
        hook(Web(web.answer, "https://hooks.example.com")).send("add", ROWS, "abc")
    assert tried == ["93.184.216.34"]


def test_a_secret_that_is_no_webhook_s_is_told_and_not_shown(web: Web) -> None:
    with pytest.raises(UserError, match="begins with whsec_") as told:
        hook(web, "WORD")
    assert "s3cret" not in str(told.value)


def test_rows_go_where_the_body_says(web: Web) -> None:
    calls: list[tuple[dict[str, Any], bytes]] = [
        ({"body": "$ROWS", "row": {"a": ["$n"], "m": "$email"}},
         b'[{"a": [1], "m": "a@b.c"},{"m": "d@e.f"}]'),
        ({"body": {"x": {"y": "$ROWS"}, "z": 1}, "row": ["$n|", "$KEY", "=$KEY="]},
         b'{"x": {"y": [[1, "k0", "=k0="],["", "k1", "=k1="]]}, "z": 1}'),
        ({"format": "ndjson"}, f"{ROWS[0].payload}\n{ROWS[1].payload}\n".encode()),
        ({"body": "$ROWS", "row": {"i": [{"t": "N", "v": "$n"}, {"t": "E", "v": "$email"}]}},
         b'[{"i": [{"t": "N", "v": 1}, {"t": "E", "v": "a@b.c"}]},'
         b'{"i": [{"t": "E", "v": "d@e.f"}]}]'),
    ]  # fmt: skip
    for call, body in calls:
        api(web, add={"path": "/add", "query": {"q": "a b"}, **call}).send("add", ROWS, "k")
        assert (web.requests[-1].body, web.requests[-1].path) == (body, "/add?q=a+b")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"body": {"rows": []}}, "body has \\$ROWS once"),
        ({"body": {"a": "$ROWS", "b": "$ROWS"}}, "body has \\$ROWS once"),
        ({"row": {"a": "$Email"}}, "is no place"),
        ({"row": {"a": "$ROWS"}}, "row has places for columns"),
        ({"headers": {"Authorization": "Bearer x"}}, "is set by us"),
    ],
)
def test_a_call_that_can_t_be_is_refused(web: Web, call: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        api(web, add={"path": "/add", **call})


def test_h10_a_count_is_all_that_is_known(web: Web) -> None:
    rows = [Row(f"k{n}", f'{{"email": "{n}"}}') for n in range(10)]
    web.answer = lambda _: (200, {"r": {"invalid": "3", "bad": [{"id": "4", "why": "X"}]}})
    counts = {"count": "r.invalid", "list": "r.bad", "id": "id", "column": "email", "reason": "why"}
    to = api(web, rejections=counts)
    sent = to.send("add", rows, "k")
    assert (sent[4].outcome, sent[4].reason) == ("rejected", "x")
    assert {r.reason for r in sent[:4] + sent[5:]} == {"2_of_9_refused_unnamed"}
    assert to.unnamed == 2


def test_who_we_are_is_said_as_the_file_says(web: Web) -> None:
    kinds: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"kind": "bearer"}, ("Authorization", "Bearer s3cret")),
        ({"kind": "header", "name": "X-Key"}, ("X-Key", "s3cret")),
        ({"kind": "basic", "user": "me"}, ("Authorization", "Basic bWU6czNjcmV0")),
    ]
    for said, (name, value) in kinds:
        api(web, secret={"env": "WORD"}, authentication=said).send("add", ROWS, "k")
        assert web.requests[-1].headers[name] == value


def test_a_token_is_asked_for_once_and_again_when_it_is_refused(web: Web) -> None:
    tokens = iter(["one", "two", "three"])

    def answer(request: Request) -> tuple[int, Any]:
        if request.path == "/token":
            assert request.body == (
                b"grant_type=client_credentials&client_id=me&client_secret=s3cret&scope=ads"
            )
            return 200, {"access_token": next(tokens), "expires_in": 3600}
        return 401 if "two" not in request.headers["Authorization"] else 200, {}

    web.answer = answer
    said = {
        "kind": "oauth2", "address": web.address + "/token", "client_id": "me", "scope": "ads",
    }  # fmt: skip
    more: dict[str, Any] = {"secret": {"env": "WORD"}, "authentication": said}
    http_authentication.TOKENS[web.address + "/token", "me", "ads"] = ("old", 1e12)
    with pytest.raises(StopSyncError, match="401"):
        api(web, **more).send("add", ROWS, "k")
    assert {r.outcome for r in api(web, **more).send("add", ROWS, "k")} == {"accepted"}
    api(web, **more).send("add", ROWS, "l")
    assert len([r for r in web.requests if r.path == "/token"]) == 2


def test_a_token_that_is_not_given_stops_without_the_secret(web: Web) -> None:
    web.answer = lambda request: (400, {"error": "invalid_client s3cret"})
    said = {"kind": "oauth2", "address": web.address + "/token", "client_id": "me"}
    with pytest.raises(StopSyncError, match="gives no token") as stopped:
        api(web, secret={"env": "WORD"}, authentication=said).send("add", ROWS, "k")
    assert "s3cret" not in stopped.value.reason
    assert {r.outcome for r in stopped.value.results} == {"not_sent"}


def test_oauth1_signs_as_its_published_example() -> None:
    words = {
        "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
        "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        "oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": "1318622958",
        "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", "oauth_version": "1.0",
        "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
    }  # fmt: skip
    key = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw&LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"
    url = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true"
    assert oauth1_signature(key, "POST", url, words) == "hCtSmYh+iHYCEqBWrE7C7hYmtUk="


def test_s20_a_429_slows_every_sync_of_the_account_and_no_other(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    replies: list[tuple[int, Any]] = [(429, {}), (200, {}), (200, {}), (200, {})]
    web.answer = lambda _: replies.pop(0)
    ours: dict[str, Any] = {"rate": {"account": "ads", "requests_per_second": 10}}
    api(web, **ours).send("add", ROWS, "k")
    second: list[float] = []
    api(web, second, **ours).send("add", ROWS, "l")
    other: list[float] = []
    theirs = {"rate": {"account": "mail", "requests_per_second": 10}}
    api(web, other, **theirs).send("add", ROWS, "m")

    assert second == [pytest.approx(0.3)]
    assert other == []
    assert rate.account_of(Rate(account="ads", requests_per_second=10)) is rate.ACCOUNTS["ads"]
    rate.ACCOUNTS["ads"].slow_down(5000)
    with pytest.raises(StopSyncError, match="is to wait longer"):
        api(web, **ours).send("add", ROWS, "n")
