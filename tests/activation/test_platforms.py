"""The shipped descriptions of platforms: what arrives there is what their documentation shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.activation.definitions import names, read_sync
from orchestration.activation.destinations.http import HttpDestination
from orchestration.activation.destinations.kinds import Destination
from orchestration.activation.identifiers import Identifier, format_of, identifiers_sql
from orchestration.activation.targets import http_authentication
from orchestration.activation.targets.http import HttpTarget
from orchestration.activation.targets.protocol import Result, Row
from orchestration.settings import PROJECT_ROOT, Settings
from tests.activation.web import Request, Web, serving

FILES = PROJECT_ROOT / "examples" / "activation" / "destinations"
SECRETS = (
    "META_ACCESS_TOKEN", "GOOGLE_CLIENT_SECRET", "GOOGLE_REFRESH_TOKEN", "LINKEDIN_ACCESS_TOKEN",
    "TIKTOK_ACCESS_TOKEN", "AMAZON_CLIENT_SECRET", "AMAZON_REFRESH_TOKEN", "X_CONSUMER_SECRET",
    "X_TOKEN_SECRET", "SNAP_CLIENT_SECRET", "SNAP_REFRESH_TOKEN", "BREVO_API_KEY",
)  # fmt: skip
PEOPLE = [
    {"email": "Jefferson.Loves.hiking@gmail.com", "phone": "+1 (650) 555-1212",
     "first_name": "givenname", "last_name": "O'Brien", "postal_code": "94035", "country": "US"},
    {"email": "alexz@example.com"},
    {"email": "person@example.com"},
]  # fmt: skip
JEFFERSON = "515d2f967f73864e76937ab2b897210a86fd286016903b1b08c3da07c75f513e"
ALEX = "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"
PERSON = "542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345"
WITHOUT_PLUS = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"
WITH_PLUS = "1e231c66011e7a2d867a9cfae267a6aff103cf4913640b6e71a99850fc0ffbc8"
GIVEN = "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814"
OBRIEN = "b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba"
US = "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    for name in SECRETS:
        monkeypatch.setenv(name, f"value-of-{name}")
    monkeypatch.setattr(http_authentication, "TOKENS", {})
    with serving(lambda request: (200, {})) as found:
        yield found


def hashed(platform: str, columns: tuple[str, ...]) -> list[Row]:
    """The people as they leave to a platform."""
    with duckdb.connect() as con:
        fields = ("email", "phone", "first_name", "last_name", "postal_code", "country")
        con.execute(f"create table people ({', '.join(f'{f} varchar' for f in fields)}, n int)")
        for n, person in enumerate(PEOPLE):
            con.execute(
                "insert into people values (?, ?, ?, ?, ?, ?, ?)",
                [*(person.get(f) for f in fields), n],
            )
        con.execute(
            "create table codes as select 'US' as country_code, '1' as calling_code, '011' as "
            "international_prefix, '1' as trunk_prefix, null::varchar as trunk_pattern, "
            "null::varchar as trunk_replacement, false as is_trunk_ambiguous, "
            "null::varchar as number_pattern, '10' as number_lengths"
        )
        wanted = [
            Identifier(c, c, format_of(f"{platform}.{c}"), "country" if c == "phone" else None)
            for c in columns
        ]
        sql = identifiers_sql("people", ["n"], wanted, "codes")
        found = con.execute(f"select {', '.join(columns)} from ({sql}) order by n").fetchall()
    return [
        Row(f"p{n}", json.dumps({c: v for c, v in zip(columns, row, strict=True) if v}))
        for n, row in enumerate(found)
    ]


def shipped(web: Web, name: str) -> HttpTarget:
    """A shipped file with our server in the platform's place."""
    text = (FILES / f"{name}.yml").read_text()
    text = re.sub(r"https://[a-z0-9.-]+", web.address, text)
    return HttpTarget(HttpDestination.model_validate(yaml.safe_load(text)), lambda _: None)


def outcomes(results: list[Result]) -> list[str]:
    return [f"{r.outcome} {r.reason}".strip() for r in results]


def api(web: Web) -> list[Request]:
    """The requests that are not for tokens."""
    return [r for r in web.requests if "token" not in r.path]


def with_tokens(said: Any, status: int = 200) -> Any:
    def answer(request: Request) -> tuple[int, Any]:
        if "token" in request.path:
            assert b"grant_type=refresh_token" in request.body
            return 200, {"access_token": "t0ken", "expires_in": 3600}
        return status, said

    return answer


def test_meta_has_a_matrix_and_counts_what_it_refused(web: Web) -> None:
    web.answer = lambda _: (200, {"num_received": 3, "num_invalid_entries": 1})
    rows = hashed("meta", ("email", "phone", "first_name", "last_name", "country"))
    to = shipped(web, "meta_audience")
    sent = to.send("add", rows, "k")
    to.send("remove", rows[1:2], "l")

    added, removed = web.requests
    assert (added.method, added.path) == ("POST", "/v25.0/AUDIENCE_ID/users")
    assert added.headers["Authorization"] == "Bearer value-of-META_ACCESS_TOKEN"
    payload = added.json["payload"]
    assert payload["schema"] == ["EMAIL", "PHONE", "FN", "LN", "COUNTRY"]
    assert payload["data"][0][1:] == [WITHOUT_PLUS, GIVEN, OBRIEN, US]
    assert payload["data"][1:] == [[ALEX, "", "", "", ""], [PERSON, "", "", "", ""]]
    assert (removed.method, removed.json["payload"]["data"]) == ("DELETE", [[ALEX, *[""] * 4]])
    assert {r.reason for r in sent} == {"1_of_3_refused_unnamed"}
    assert to.unnamed == 1


def test_google_has_identifiers_of_a_member_and_a_token_of_its_own(web: Web) -> None:
    web.answer = with_tokens({"requestId": "r"})
    rows = hashed("google", ("email", "phone", "first_name", "last_name", "postal_code", "country"))
    to = shipped(web, "google_audience")
    assert outcomes(to.send("add", rows, "k")) == ["accepted"] * 3
    to.send("remove", rows[1:2], "l")

    added, removed = api(web)
    assert len(web.requests) == 3
    assert added.path == "/v1/audienceMembers:ingest"
    assert added.headers["Authorization"] == "Bearer t0ken"
    assert added.json["encoding"] == "HEX"
    first, second, _ = added.json["audienceMembers"]
    assert first["userData"]["userIdentifiers"][:2] == [
        {"emailAddress": JEFFERSON}, {"phoneNumber": WITH_PLUS},
    ]  # fmt: skip
    address = first["userData"]["userIdentifiers"][2]["address"]
    assert (address["givenName"], address["postalCode"]) == (GIVEN, "94035")
    assert address["regionCode"] == "US"
    alone = {"userData": {"userIdentifiers": [{"emailAddress": ALEX}]}}
    assert second == alone
    assert (removed.path, removed.json["audienceMembers"]) == (
        "/v1/audienceMembers:remove", [alone],
    )  # fmt: skip


def test_linkedin_has_a_status_for_each_row(web: Web) -> None:
    said = [{"status": 201}, {"status": 400, "reason": "INVALID"}, {"status": 201}]
    web.answer = lambda _: (200, {"elements": said})
    rows = hashed("linkedin", ("email", "first_name", "last_name", "country"))
    sent = shipped(web, "linkedin_audience").send("add", rows, "k")

    [added] = web.requests
    assert added.headers["X-RestLi-Method"] == "BATCH_CREATE"
    first, second, _ = added.json["elements"]
    assert (first["firstName"], first["country"]) == ("givenname", "US")
    assert second == {"action": "ADD", "userIds": [{"idType": "SHA256_EMAIL", "idValue": ALEX}]}
    assert outcomes(sent) == ["accepted", "rejected invalid", "accepted"]


def test_tiktok_says_in_a_code_what_became_of_a_request(web: Web) -> None:
    rows = hashed("tiktok", ("email",))
    replies = [(200, {"code": 40100}), (200, {"code": 0})]
    web.answer = lambda _: replies.pop(0)
    assert outcomes(shipped(web, "tiktok_audience").send("add", rows, "k")) == ["accepted"] * 3
    added = web.requests[-1]
    assert added.headers["Access-Token"] == "value-of-TIKTOK_ACCESS_TOKEN"
    assert added.json["batch_data"][1:] == [
        [{"id": ALEX, "audience_ids": ["AUDIENCE_ID"]}],
        [{"id": PERSON, "audience_ids": ["AUDIENCE_ID"]}],
    ]
    web.answer = lambda r: (200, {"code": 40002 if ALEX in r.body.decode() else 0})
    sent = shipped(web, "tiktok_audience").send("add", rows, "k")
    assert outcomes(sent) == ["accepted", "rejected http_422", "accepted"]
    web.answer = lambda _: (200, {"code": 40105})
    with pytest.raises(Exception, match="answers code 40105"):
        shipped(web, "tiktok_audience").send("add", rows, "k")


def test_amazon_has_records_and_then_who_is_in_an_audience(web: Web) -> None:
    web.answer = with_tokens({"requestId": "r"})
    rows = hashed("amazon", ("email", "phone"))
    shipped(web, "amazon_records").send("add", rows, "k")
    to = shipped(web, "amazon_audience")
    to.send("add", rows[1:2], "l")
    to.send("remove", [Row("p1", '{"profile_id": "p1"}')], "m")

    records, added, removed = api(web)
    assert records.json["records"][0] == {
        "externalId": "p0",
        "hashedRecords": [{"email": json.loads(rows[0].payload)["email"], "phone": WITHOUT_PLUS}],
    }
    assert records.json["records"][1] == {"externalId": "p1", "hashedRecords": [{"email": ALEX}]}
    assert (added.method, added.json) == ("PATCH", {"patches": [
        {"op": "add", "path": "/EXTERNAL_USER_ID-p1/audiences", "value": ["AUDIENCE_ID"]}
    ]})  # fmt: skip
    assert removed.json["patches"][0]["op"] == "remove"


def test_x_has_a_list_of_operations_and_is_halved(web: Web) -> None:
    web.answer = lambda r: (400 if ALEX in r.body.decode() else 200, {"errors": []})
    rows = hashed("x", ("email", "phone"))
    sent = shipped(web, "x_audience").send("add", rows, "k")
    assert outcomes(sent) == ["accepted", "rejected http_400", "accepted"]
    first = web.requests[0]
    assert first.headers["Authorization"].startswith("OAuth oauth_consumer_key=")
    assert first.json[1:] == [
        {"operation_type": "Update", "params": {"users": [{"email": [value]}]}}
        for value in (ALEX, PERSON)
    ]
    assert first.json[0]["params"]["users"][0]["phone_number"] == [WITHOUT_PLUS]


def test_snap_has_a_schema_and_a_token(web: Web) -> None:
    web.answer = with_tokens({"request_status": "SUCCESS"})
    rows = hashed("snap", ("email",))
    shipped(web, "snap_audience").send("remove", rows[2:], "k")
    [removed] = api(web)
    assert removed.method == "DELETE"
    assert removed.json == {"users": [{"schema": ["EMAIL_SHA256"], "data": [[PERSON]]}]}


def test_brevo_names_the_addresses_that_it_did_not_take(web: Web) -> None:
    failed = {"contacts": {"success": [], "failure": ["alexz@example.com"]}}
    web.answer = lambda _: (201, failed)
    rows = hashed("plain", ("email",))
    sent = shipped(web, "brevo_list").send("add", rows, "k")
    [added] = web.requests
    assert added.headers["api-key"] == "value-of-BREVO_API_KEY"
    assert added.json["emails"][1:] == ["alexz@example.com", "person@example.com"]
    assert outcomes(sent) == ["accepted", "rejected rejected", "accepted"]


def test_every_shipped_file_is_read_with_a_sync_and_is_not_enabled(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "activation" / "destinations").mkdir(parents=True)
    (project / "activation" / "syncs").mkdir()
    for file in FILES.glob("*.yml"):
        (project / "activation" / "destinations" / file.name).write_text(file.read_text())
    settings = Settings(tmp_path, tmp_path, project)
    found: Mapping[str, Destination] = {}
    for name in names(settings, "destinations"):
        mode = "upsert" if name == "amazon_records" else "mirror"
        (project / "activation" / "syncs" / f"{name}.yml").write_text(
            f"title: T\nowner: team:marketing\ndestination: {name}\nsegment: win_back\n"
            f"mode: {mode}\npurpose: commercial\nchannel: email\n"
            "columns: {email: {from: profile.profiles.email, as: meta.email}}\n"
        )
        found = {**found, name: read_sync(settings, name)[1]}
    assert len(found) == 12
    assert not any(destination.enabled for destination in found.values())
