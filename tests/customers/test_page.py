"""The customer page by direct requests: who gets what, and what is left behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestration.customers.app import ASKED
from orchestration.customers.masking import HIDDEN
from tests.customers import people
from tests.customers.people import ANN, BOB, CLEO, FORMER, SECRETS
from tests.customers.serving import AGGREGATE, Client, entered

QUESTIONS: dict[str, dict[str, Any]] = {
    "enter": {"password": people.PASSWORD},
    "leave": {},
    "search": {"text": "lee"},
    "person": {"profile": ANN, "kind": "", "limit": 50, "since": ""},
    "why": {"profile": ANN, "segment": "gold"},
}
PAGES = [
    "/customers",
    f"/customers/{ANN}",
    "/customers/page/main.js",
    "/customers/page/elements.js",
]


def test_every_question_is_asked_here() -> None:
    assert set(QUESTIONS) == set(ASKED)


@pytest.mark.parametrize("what", ASKED)
def test_nobody_without_a_login_is_told_anything(address: str, what: str) -> None:
    answer = Client(address).ask(what, **QUESTIONS[what])
    assert answer.status == 401
    assert "Lee" not in answer.text


@pytest.mark.parametrize("path", [*PAGES, "/", "/_dash-layout", "/csv/key_figures"])
def test_nobody_without_a_login_opens_a_page(address: str, path: str) -> None:
    assert Client(address).send("GET", path).status == 401


@pytest.mark.parametrize("what", ASKED)
def test_a_role_without_persons_is_told_nothing(address: str, what: str) -> None:
    answer = Client(address, "ana").ask(what, **QUESTIONS[what])
    assert answer.status == 403
    assert "role" in answer.text


def test_a_role_opens_what_it_may_and_nothing_else(address: str) -> None:
    for path in PAGES:
        assert Client(address, "ana").send("GET", path).status == 403, path
        assert Client(address, "sam").send("GET", path).status == 200, path
    for path in ("/", "/csv/key_figures", "/customersx", "/Customers"):
        assert Client(address, "ana").send("GET", path).text == AGGREGATE
        assert Client(address, "only").send("GET", path).status == 403, path
    calls = "/_dash-update-component"
    assert Client(address, "sam").send("POST", calls).text == AGGREGATE
    assert Client(address, "only").send("POST", calls).status == 403
    assert Client(address).send("POST", calls).status == 401


@pytest.mark.parametrize("what", [what for what in ASKED if what != "enter"])
def test_nobody_is_told_anything_without_a_session(address: str, what: str) -> None:
    asked = QUESTIONS[what]
    dora = entered(address, "dora")
    assert dora.ask(what, headers={"x-c360-session": None}, **asked).status == 403
    assert dora.ask(what, headers={"x-c360-session": "x" * 43}, **asked).status == 403
    # A session is its user's: with another login it is none.
    assert Client(address, "sam", dora.session).ask(what, **asked).status == 403
    assert dora.ask(what, **asked).status == 200


@pytest.mark.parametrize("what", [what for what in ASKED if what != "enter"])
def test_after_signing_out_a_session_is_none(address: str, what: str) -> None:
    dora = entered(address, "dora")
    assert dora.ask("leave").status == 200
    answer = dora.ask(what, **QUESTIONS[what])
    assert (answer.status, answer.said) == (403, {"says": "session"})


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Host": "rebound.example", "Origin": None},
        {"Sec-Fetch-Site": "cross-site", "Origin": None},
        {"Sec-Fetch-Site": "same-site", "Origin": None},
    ],
)
def test_other_pages_are_told_nothing(
    address: str, what: str, headers: dict[str, str | None]
) -> None:
    dora = entered(address, "dora")
    assert dora.ask(what, headers=headers, **QUESTIONS[what]).status == 403


def test_a_form_of_another_page_and_a_link_ask_nothing(address: str) -> None:
    dora = entered(address, "dora")
    for what, asked in QUESTIONS.items():
        assert dora.ask(what, headers={"Content-Type": "text/plain"}, **asked).status == 415
        assert dora.send("GET", f"/customers/ask/{what}?profile={ANN}").status in (404, 405)
        assert dora.send("PUT", f"/customers/ask/{what}", asked).status == 405


def test_nothing_is_kept_by_the_browser_and_no_script_of_others_runs(address: str) -> None:
    dora = entered(address, "dora")
    answers = [dora.ask(what, **asked) for what, asked in QUESTIONS.items() if what != "leave"]
    answers += [dora.send("GET", path) for path in PAGES]
    answers.append(Client(address, "ana").send("GET", "/customers"))
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "script-src 'self';" in answer.headers["content-security-policy"]
    page = dora.send("GET", f"/customers/{ANN}").text
    assert page == dora.send("GET", "/customers").text
    assert not any(secret in page for secret in (*SECRETS, "Lee"))


@pytest.mark.parametrize(
    "path", ["/customers/p1", "/customers/ann.lee@x.example", "/customers/x/y"]
)
def test_an_address_holds_an_id_and_nothing_else(address: str, path: str) -> None:
    assert Client(address, "dora").send("GET", path).status == 404


def test_a_person_is_told_whole_to_whom_may_see_all(address: str) -> None:
    told = entered(address, "dora").person(FORMER).said
    assert (told["profile_id"], told["asked"]) == (ANN, FORMER)
    assert all(secret in json.dumps(told) for secret in SECRETS)
    assert told["is_masked"] is False
    assert told["stamp"]["as_of_on"] == "2026-10-31"
    times = [row["occurred_at"] for row in told["activities"]]
    assert (len(times), times) == (50, sorted(times, reverse=True))
    assert {row["activity_count"] for row in told["activity_types"]} == {30}
    assert [row["profile_id"] for row in told["household"]] == [BOB]
    inside = {row["segment_name"]: row["is_member"] for row in told["all_segments"]}
    assert inside == {"gold": True, "win_back": False}


def test_contact_points_are_hidden_wherever_they_stand(address: str) -> None:
    sam = entered(address, "sam")
    told = sam.person(ANN).said
    text = json.dumps(told, ensure_ascii=False)
    assert [secret for secret in SECRETS if secret.lower() in text.lower()] == []
    assert told["is_masked"] is True
    own = told["attributes"]
    assert (own["given_name"], own["family_name"], own["city"]) == ("Ann", "Lee", "Berlin")
    assert (own["email"], own["birth_date"], own["shop_login"]) == (HIDDEN,) * 3
    assert own["loyalty_tier"] == "Gold"
    values = {row["namespace"]: row["identity_value"] for row in told["identities"]}
    assert values == {"email": HIDDEN, "cookie": HIDDEN, "loyalty_id": "L77"}
    lost = {row["attribute"]: row["attribute_value"] for row in told["values_that_lost"]}
    assert lost == {"email": HIDDEN, "city": "Bonn"}
    assert {row["contact_value"] for row in told["consent"]} == {HIDDEN, "any"}
    assert {row["source_record_id"] for row in told["records"]} == {"77", HIDDEN}
    found = sam.ask("search", text="lee").said["people"]
    assert {row["email"] for row in found} == {HIDDEN}


def test_people_are_found_whole_or_by_words(address: str) -> None:
    dora, sam = entered(address, "dora"), entered(address, "sam")

    def ids(client: Client, text: str) -> list[str]:
        return [row["profile_id"] for row in client.ask("search", text=text).said["people"]]

    for text in ("ANN.lee@x.example ", "0049 170 1234567", "shop:77", FORMER, ANN):
        assert ANN in ids(dora, text), text
        # Who has been told an address finds its person; who tries letters finds nobody.
        assert ids(sam, text) == ids(dora, text)
    assert ids(dora, "mill") == ids(dora, "annl") == [ANN]
    assert ids(sam, "mill") == ids(sam, "annl") == ids(sam, "exam") == []
    assert ids(sam, "ann lee") == [ANN, BOB]
    assert ids(dora, "nobody") == []


def test_activities_are_those_that_are_asked_for(address: str) -> None:
    dora = entered(address, "dora")
    told = dora.person(ANN, "support_contact", 7).said["activities"]
    assert [row["activity_type"] for row in told] == ["support_contact"] * 7
    assert len(dora.person(ANN, since="2026-10-29").said["activities"]) == 1


def test_why_says_what_decided_and_what_holds_now(address: str) -> None:
    dora = entered(address, "dora")
    out = dora.ask("why", profile=ANN, segment="win_back").said
    assert out["is_member"] is False
    assert out["clauses"] == [
        {"clause": "days_since_last_purchase > 90", "is_true": False},
        {"clause": "order_count > 0", "is_true": True},
    ]
    assert out["stays"][0]["valid_to"] == "2026-09-01"
    assert out["changes"][0]["why"] == "days_since_last_purchase > 90 became false"
    # Whoever has no row of states has no clause that holds.
    never = dora.ask("why", profile=CLEO, segment="win_back").said
    assert [one["is_true"] for one in never["clauses"]] == [False, False]
    assert dora.ask("why", profile=ANN, segment="gold").said["is_member"] is True


@pytest.mark.parametrize(
    ("what", "asked", "status"),
    [
        ("person", {**QUESTIONS["person"], "profile": "p00000000000000dd"}, 422),
        ("person", {**QUESTIONS["person"], "profile": "shop:77"}, 422),
        ("person", {**QUESTIONS["person"], "limit": -1}, 422),
        ("person", {**QUESTIONS["person"], "limit": True}, 400),
        ("person", {**QUESTIONS["person"], "since": "yesterday"}, 422),
        ("person", {"profile": ANN}, 400),
        ("search", {"text": "…"}, 422),
        ("search", {"text": "a\0"}, 400),
        ("search", {"text": "x " * 3000}, 413),
        ("search", {"text": ["lee"]}, 400),
        ("why", {"profile": ANN, "segment": "x' or 1=1 --"}, 422),
        ("enter", {"password": "wrong"}, 403),
    ],
)
def test_what_can_not_be_answered_is_said(
    address: str, what: str, asked: dict[str, Any], status: int
) -> None:
    answer = entered(address, "dora").ask(what, **asked)
    assert answer.status == status
    assert answer.said["says"]
    assert "Traceback" not in answer.text
