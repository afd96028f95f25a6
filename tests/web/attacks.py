"""What pages from elsewhere may try, and what ours ask themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping

from websockets.sync.client import connect

from tests.web.serving import Answer, Served, basic

FOREIGN = "https://elsewhere.example"
READS: Mapping[str, list[tuple[str, str]]] = {
    "another host": [("Host", "rebound.example")],
    "a host that begins like ours": [("Host", "localhost.elsewhere.example:{port}")],
    "a host with ours as its user": [("Host", "127.0.0.1:{port}@elsewhere.example")],
    "no host": [("Host", "")],
    "two hosts": [("Host", "127.0.0.1:{port}"), ("Host", "rebound.example")],
    "another origin": [("Origin", FOREIGN)],
    "an origin that hides": [("Origin", "null")],
    "another port's origin": [("Origin", "http://127.0.0.1:9")],
    "an origin that begins like ours": [("Origin", "http://127.0.0.1:{port}.elsewhere.example")],
    "two origins": [("Origin", "http://127.0.0.1:{port}"), ("Origin", FOREIGN)],
    "a foreign fetch": [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")],
    "a neighbour's fetch": [("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "cors")],
    "a foreign frame": [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "iframe"),
    ],
    "a foreign picture": [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "no-cors"),
        ("Sec-Fetch-Dest", "image"),
    ],
}

LOGINS = {
    "no login": None,
    "a wrong password": basic(password="wrong"),
    "a wrong user": basic(user="bob"),
    "another scheme": "Bearer " + basic().removeprefix("Basic "),
}

LAUNCH = """
mutation($selector: JobOrPipelineSelector!) {
  launchRun(executionParams: {selector: $selector, mode: "default"}) {
    __typename
    ... on LaunchRunSuccess { run { runId status } }
    ... on PipelineNotFoundError { message }
  }
}
"""
LOCATION = {"repositoryLocationName": "orchestration.definitions"}
REPOSITORY = {**LOCATION, "repositoryName": "__repository__"}
START = (
    "mutation{launchRun(executionParams:{mode:%22default%22,selector:{jobName:%22refresh%22,"
    "repositoryName:%22__repository__%22,repositoryLocationName:%22orchestration.definitions%22}})"
    "{__typename}}"
)
OWN = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}


def ask_graphql(dagster: Served, query: str, variables: object = None) -> Answer:
    headers = [*OWN.items(), ("Origin", dagster.origin), ("Content-Type", "application/json")]
    body = json.dumps({"query": query, "variables": variables})
    return dagster.ask("POST", "/graphql", headers, body)


def count_runs(dagster: Served) -> int:
    answer = ask_graphql(dagster, "{runsOrError{... on Runs{results{runId}}}}")
    return len(json.loads(answer.text)["data"]["runsOrError"]["results"])


def open_socket(dagster: Served, origin: str | None, login: str | None) -> str:
    """What is answered to the first word over a WebSocket."""
    headers = {"Authorization": login} if login else {}
    with connect(
        f"ws://{dagster.host}/graphql",
        origin=origin,  # type: ignore[arg-type]
        subprotocols=["graphql-ws"],  # type: ignore[list-item]
        additional_headers=headers,
        proxy=None,
        open_timeout=30,
    ) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        return str(json.loads(socket.recv(timeout=30))["type"])
