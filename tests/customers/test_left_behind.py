"""What looks leave behind, and what the page does with what is missing or fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.customers.access_log import NAME
from orchestration.customers.app import FILES
from orchestration.customers.roles import Users
from orchestration.settings import Settings
from tests.conftest import settings_in
from tests.customers import people
from tests.customers.people import ANN, BOB, FORMER, SECRETS
from tests.customers.serving import Client, entered, served


def test_each_look_leaves_a_line_without_values(tmp_path: Path, users: Users, address: str) -> None:
    settings = settings_in(tmp_path)
    people.publish(settings)
    with served(settings, users) as at:
        sam = entered(at, "sam")
        sam.ask("search", text="ann.lee@x.example")
        sam.person(FORMER)
        sam.ask("why", profile=ANN, segment="gold")
        sam.ask("leave")
        sam.person(ANN)
    log = settings.log_dir / NAME
    lines = log.read_text().splitlines()
    told = [json.loads(line[line.index("{") :]) for line in lines]
    assert told == [
        {"user": "sam", "look": "enter", "profiles": []},
        {"user": "sam", "look": "search", "profiles": [ANN, BOB]},
        {"user": "sam", "look": "person", "profiles": [ANN]},
        {"user": "sam", "look": "why", "profiles": [ANN]},
        {"user": "sam", "look": "leave", "profiles": []},
    ]
    for file in settings.log_dir.rglob("*"):
        text = file.read_text()
        assert not any(secret in text for secret in (*SECRETS, "Ann", "Lee", people.PASSWORD))


def test_what_can_not_be_noted_is_not_shown(tmp_path: Path, users: Users) -> None:
    settings = settings_in(tmp_path)
    people.publish(settings)
    with served(settings, users) as at:
        dora = entered(at, "dora")
        log = settings.log_dir / NAME
        log.unlink()
        log.mkdir()
    with served(settings, users) as at:
        dora = Client(at, "dora")
        answer = dora.enter()
        assert answer.status == 422
        assert "session" not in answer.said
        assert "noted" in answer.said["says"]


def test_a_failure_tells_no_value(
    shown: Settings, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("of ann.lee@x.example")

    monkeypatch.setattr("orchestration.customers.answers.look_up", fails)
    with served(shown, users) as at:
        answer = entered(at, "dora").person(ANN)
    assert answer.status == 500
    assert "ann.lee" not in answer.text


def test_a_newer_file_is_read_from_then_on_and_the_older_one_may_go(
    tmp_path: Path, users: Users
) -> None:
    settings = settings_in(tmp_path)
    with served(settings, users) as at:
        dora = entered(at, "dora")
        assert "c360 run" in dora.person(ANN).said["says"]
        first = people.publish(settings)
        assert dora.person(ANN).said["stamp"]["published_at"] == "2026-11-01 04:00:00"
        people.publish(settings, "2026-11-02T04:00:00", "2")
        first.unlink()
        assert dora.person(ANN).said["stamp"]["published_at"] == "2026-11-02 04:00:00"
    # The page has made nothing, and there is no warehouse to be opened.
    made = {path.name for path in settings.data_dir.iterdir()}
    assert made == {"customers", "logs"}


def test_the_page_names_only_this_machine() -> None:
    for file in FILES.iterdir():
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text, file
        assert "https:" not in text, file
        assert "innerHTML" not in text, file
