"""From elsewhere nothing can be started, changed or read, on any page; at home everything works.

Real servers, real requests. Every attack carries the right login where it is not about the login:
a browser sends that for whatever page asks.
"""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus

from tests.web.attacks import (
    FOREIGN,
    LAUNCH,
    LOGINS,
    OWN,
    READS,
    REPOSITORY,
    START,
    ask_graphql,
    count_runs,
    open_socket,
)
from tests.web.conftest import SECRET
from tests.web.serving import Served, basic

PAGES = {
    "dagster": ("dagster", "/runs", '<title data-next-head="">Dagster'),
    "data docs": ("dagster", "/data-docs/index.html", "Gates between the layers"),
    "dashboard": ("dashboard", "/", "Customer 360"),
}


@pytest.fixture(params=PAGES)
def shown(request: pytest.FixtureRequest) -> tuple[Served, str, str]:
    """A page: its server, an address on it, and a word that only its content has."""
    fixture, path, word = PAGES[request.param]
    return request.getfixturevalue(fixture), path, word


def test_at_home_the_page_is_there(shown: tuple[Served, str, str]) -> None:
    served, path, word = shown
    for headers in (
        [],
        [("Host", f"localhost:{served.port}")],
        [("Host", f"LOCALHOST:{served.port}")],
        [("Host", "localhost:4711")],  # through a tunnel
        [*OWN.items(), ("Origin", served.origin)],
        [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")],
    ):
        answer = served.ask("GET", path, headers)
        assert answer.status == 200, headers
        assert word in answer.text


def test_a_link_from_elsewhere_may_be_followed(shown: tuple[Served, str, str]) -> None:
    served, path, word = shown
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = served.ask("GET", path, [*headers.items(), ("Sec-Fetch-Dest", "document")])
    assert (answer.status, word in answer.text) == (200, True)


@pytest.mark.parametrize("attack", READS)
def test_nothing_is_read_from_elsewhere(shown: tuple[Served, str, str], attack: str) -> None:
    served, path, word = shown
    headers = [(name, value.format(port=served.port)) for name, value in READS[attack]]
    answer = served.ask("GET", path, headers)
    assert answer.status in (400, 403)
    assert word not in answer.text
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("kind", LOGINS)
def test_nobody_comes_in_without_the_login(shown: tuple[Served, str, str], kind: str) -> None:
    served, path, word = shown
    answer = served.ask("GET", path, login=LOGINS[kind])
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert word not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_reading_is_taken(shown: tuple[Served, str, str], method: str) -> None:
    served, path, word = shown
    kind = [("Content-Type", "application/x-www-form-urlencoded")]
    answer = served.ask(method, path, kind, "query=1")
    assert (answer.status, word in answer.text) == (405, False)
    form = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    foreign = [*form.items(), ("Sec-Fetch-Dest", "document"), ("Origin", FOREIGN)]
    assert served.ask(method, path, [*kind, *foreign], "query=1").status == 403


def test_every_answer_tells_the_browser_to_keep_it_here(shown: tuple[Served, str, str]) -> None:
    served, path, _ = shown
    for headers in ([], [("Host", "rebound.example")]):
        told = served.ask("GET", path, headers).headers
        assert told["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in told["content-security-policy"]
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "same-origin"
        assert told["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in told


def test_health_is_told_without_a_login_and_says_nothing(shown: tuple[Served, str, str]) -> None:
    served, _, _ = shown
    assert served.ask("GET", "/health", login=None).text == "ok"
    assert served.ask("GET", "/health", [("Host", "rebound.example")], login=None).status == 403


def test_guessing_is_slow(dashboard: Served) -> None:
    wrong = basic(password="a guess")
    guesses = [dashboard.ask("GET", "/", login=wrong, source="127.0.0.9") for _ in range(12)]
    assert [guess.status for guess in guesses] == [401] * 10 + [429] * 2
    assert int(guesses[-1].headers["retry-after"]) <= 61
    assert dashboard.ask("GET", "/", source="127.0.0.9").status == 429
    assert dashboard.ask("GET", "/").status == 200


# -- Dagster ------------------------------------------------------------------------------------


def test_nothing_is_started_by_get(dagster: Served) -> None:
    before = count_runs(dagster)
    for method in ("GET", "HEAD"):
        for headers in (
            [],
            [("Origin", FOREIGN)],
            [*OWN.items()],
            [("Accept", "text/html"), ("Sec-Fetch-Site", "none")],
        ):
            answer = dagster.ask(method, f"/graphql?query={START}", headers)
            assert answer.status in (403, 405)
    assert count_runs(dagster) == before


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded; charset=application/json",
        "multipart/form-data; boundary=application/json",
        "application/graphql",
        "application/json, text/plain",
        None,
    ],
)
def test_only_json_starts_anything(dagster: Served, kind: str | None) -> None:
    before = count_runs(dagster)
    body = json.dumps(
        {"query": LAUNCH, "variables": {"selector": {**REPOSITORY, "jobName": "refresh"}}}
    )
    headers = [("Content-Type", kind)] if kind else []
    assert dagster.ask("POST", "/graphql", headers, body).status == 415
    assert dagster.ask("POST", f"/graphql?query={START}", headers, body).status == 415
    assert count_runs(dagster) == before


def test_another_origin_starts_nothing(dagster: Served) -> None:
    before = count_runs(dagster)
    body = json.dumps(
        {"query": LAUNCH, "variables": {"selector": {**REPOSITORY, "jobName": "refresh"}}}
    )
    for headers in READS.values():
        sent = [(name, value.format(port=dagster.port)) for name, value in headers]
        answer = dagster.ask(
            "POST", "/graphql", [*sent, ("Content-Type", "application/json")], body
        )
        assert answer.status in (400, 403)
    assert dagster.ask("POST", "/report_asset_materialization/x", [*OWN.items()]).status == 405
    assert count_runs(dagster) == before


def test_the_page_itself_starts_runs(dagster: Served) -> None:
    known = ask_graphql(
        dagster,
        "{repositoriesOrError{... on RepositoryConnection{nodes{name location{name} jobs{name}}}}}",
    )
    (repository,) = json.loads(known.text)["data"]["repositoriesOrError"]["nodes"]
    # Runs from elsewhere are stamped with these names.
    assert repository["name"] == REPOSITORY["repositoryName"]
    assert repository["location"]["name"] == REPOSITORY["repositoryLocationName"]
    assert "refresh" in {job["name"] for job in repository["jobs"]}
    answer = ask_graphql(dagster, LAUNCH, {"selector": {**REPOSITORY, "jobName": "refresh"}})
    launched = json.loads(answer.text)["data"]["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess"
    run = launched["run"]["runId"]
    ended = ask_graphql(
        dagster,
        f'mutation{{terminateRun(runId:"{run}",terminatePolicy:MARK_AS_CANCELED_IMMEDIATELY)'
        "{__typename}}",
    )
    assert json.loads(ended.text)["data"]["terminateRun"]["__typename"] == "TerminateRunSuccess"


def test_sockets_are_opened_at_home_only(dagster: Served) -> None:
    assert open_socket(dagster, dagster.origin, basic()) == "connection_ack"
    for origin, login, status in (
        (FOREIGN, basic(), 403),
        ("null", basic(), 403),
        ("http://127.0.0.1:9", basic(), 403),
        (dagster.origin, None, 401),
        (dagster.origin, basic(password="wrong"), 401),
    ):
        with pytest.raises(InvalidStatus) as refused:
            open_socket(dagster, origin, login)
        assert refused.value.response.status_code == status


# -- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/data-docs/../secret.txt",
        "/data-docs/%2e%2e/secret.txt",
        "/data-docs/..%2fsecret.txt",
        "/data-docs/..%5csecret.txt",
        "/data-docs//../secret.txt",
        "/data-docs/%00/secret.txt",
        "/data-docs/link.txt",
        "/data-docs/up/secret.txt",
        "/data-docs/up/",
        "/data-docs/pipe.html",
        "/logs/../../secret/txt",
        "/logs/%2e%2e/%2e%2e/secret/txt",
        "/_next/../../../../../../../etc/passwd",
    ],
)
def test_nothing_outside_the_folder_is_served(dagster: Served, path: str) -> None:
    answer = dagster.ask("GET", path)
    assert answer.status in (400, 404)
    assert SECRET not in answer.text
    assert "root:" not in answer.text


def test_data_docs_run_no_scripts_and_link_each_other(dagster: Served) -> None:
    index = dagster.ask("GET", "/data-docs/")
    assert "default-src 'none'" in index.headers["content-security-policy"]
    assert 'href="staging.html"' in index.text
    assert dagster.ask("GET", "/data-docs/staging.html").status == 200
    assert dagster.ask("GET", "/data-docs").headers["location"] == "/data-docs/"
    missing = dagster.ask("GET", "/data-docs/missing.html")
    assert (missing.status, "c360 run" in missing.text) == (404, True)


# -- dashboard ----------------------------------------------------------------------------------


def test_the_dashboard_draws_for_its_own_page_only(dashboard: Served) -> None:
    known = json.loads(dashboard.ask("GET", "/_dash-dependencies", [*OWN.items()]).text)
    callback = next(
        one for one in known if not one["clientside_function"] and "on_page_load" in str(one)
    )
    outputs = [
        {"id": part.rpartition(".")[0], "property": part.rpartition(".")[2].partition("@")[0]}
        for part in callback["output"].strip(".").split("...")
    ]
    body = json.dumps(
        {
            "output": callback["output"],
            "outputs": outputs if callback["output"].startswith("..") else outputs[0],
            "inputs": [{**one, "value": None} for one in callback["inputs"]],
            "state": [{**one, "value": None} for one in callback["state"]],
            "changedPropIds": [f"{one['id']}.{one['property']}" for one in callback["inputs"]],
        }
    )
    path, kind = "/_dash-update-component", ("Content-Type", "application/json")
    own = [*OWN.items(), ("Origin", dashboard.origin)]
    assert dashboard.ask("POST", path, [*own, kind], body).status == 200
    for plain in ("text/plain", "text/plain; application/json"):
        assert dashboard.ask("POST", path, [("Content-Type", plain)], body).status == 415
    for origin in (FOREIGN, "null", "http://127.0.0.1:9"):
        assert dashboard.ask("POST", path, [("Origin", origin), kind], body).status == 403
    assert dashboard.ask("POST", path, [*own, kind], body, login=None).status == 401
    assert dashboard.ask("GET", path).status == 405
    assert dashboard.ask("GET", "/assets/../app.py").status == 400
