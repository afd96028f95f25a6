"""Support contacts, direct mail, attendance and forms from `c360 source add` to activities."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.settings import Settings
from orchestration.sources.add import add_source
from orchestration.terminal import Console
from tests.refresh.lab import LAYERS, Lab

TODAY = date(2026, 5, 1)
ALL = (*LAYERS, "identity", "profile")
HEADERS = {
    "crm/customers": "customer_id,email,first_name,last_name,created_at",
    "help/tickets": "ticket_id,email,phone,opened_at,closed_at,channel,topic,status,csat",
    "fair/attendees": "registration_id,event_name,email,status,registered_at,checked_in_at",
    "web_forms/forms": "submission_id,form_name,email,submitted_at,newsletter_opt_in,answers",
    "crm/mailings": "mailing_id,campaign,customer_id,sent_at,status",
}
LETTERS = "abcdefghijklmnopqrst"
NAMES = ("Ann", "Bea", "Carl", "Dora", "Emil", "Fritz", "Gerda", "Hanna")


STRAY = 7
"""The number of a ticket of a day on which nothing else happens yet."""


def row(table: str, number: int, dice: random.Random, last: date) -> list[str]:
    """What one of few people did, on one of the twenty days before the last."""
    person = number % 20
    day = last - timedelta(days=dice.randrange(20))
    if table == "help/tickets" and number == STRAY:
        day = TODAY - timedelta(days=1)
    mail, at = f"p{person}@x.org", f"{day} 1{number % 10}:00:00"
    if table == "crm/customers":
        family = f"Meier{LETTERS[person]}"
        return [f"C{person}", mail, NAMES[person % 8], family, "2026-01-01 10:00:00"]
    if table == "help/tickets":
        state = dice.choice(("open", "solved"))
        phone = "" if person % 3 else f"+49301234{person:03}"
        return [f"T{number}", mail, phone, at, at if state == "solved" else "", "phone", "late",
                state, "5"]  # fmt: skip
    if table == "fair/attendees":
        state = dice.choice(("registered", "cancelled", "checked in"))
        there = at if state == "checked in" and dice.random() < 0.5 else ""
        return [f"R{number}", "Fair", mail, state, at, there]
    if table == "web_forms/forms":
        return [f"S{number}", "Quote", mail, at, dice.choice(("yes", "no", "")), "{}"]
    return [f"M{number}", f"K{number % 3}", f"C{person}", str(day),
            dice.choice(("delivered", "returned"))]  # fmt: skip


class Landing:
    """What lies in the landing folder, by table and name of the file."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder, self.dice = folder, dice
        self.last = TODAY - timedelta(days=20)
        self.files: dict[tuple[str, str], Sequence[Sequence[str]]] = {}
        for table in HEADERS:
            self.write(table, "1", [self.row(table, n) for n in range(40)])

    def row(self, table: str, number: int) -> list[str]:
        return row(table, number, self.dice, self.last)

    def write(self, table: str, name: str, rows: Sequence[Sequence[str]]) -> None:
        self.files[table, name] = rows
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([HEADERS[table].split(","), *rows])
        path = self.folder / f"{table}_{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue(), encoding="utf-8")

    def go_on(self, step: int) -> None:
        """Some rows change, some go, and a file with versions and news comes."""
        self.last += timedelta(days=8)
        for table in HEADERS:
            rows = self.files[table, "1"]
            kept = [n for n in range(len(rows)) if self.dice.random() > 0.1 or n <= STRAY]
            changed = [
                self.row(table, n) if self.dice.random() < 0.1 and n != STRAY else rows[n]
                for n in kept
            ]
            self.write(table, "1", changed)
            news = [self.row(table, self.dice.randrange(30, 60)) for _ in range(6)]
            self.write(table, f"{2 + step}", news)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return Landing(tmp_path_factory.mktemp("activities") / "lab" / "landing", random.Random(3))


@pytest.fixture(scope="module")
def lab(landing: Landing) -> Lab:
    """The project with these sources more, not built yet."""

    def add(settings: Settings) -> None:
        for name in ("crm", "help", "fair", "web_forms"):
            place = str(landing.folder / name)
            console = Console(file=io.StringIO())
            add_source(settings, name, place, yes=True, set_aside=0.5, console=console)

    return Lab(landing.folder.parent, ALL, ("row_conservation", "*_unit_tests"), add)


def told(landing: Landing, table: str, column: str) -> Mapping[str, int]:
    """Rows of a table by the value of a column, counted in its files by hand."""
    at = HEADERS[table].split(",").index(column)
    counts: dict[str, int] = {}
    for (of, _), rows in landing.files.items():
        for said in rows if of == table else ():
            counts[said[at]] = counts.get(said[at], 0) + 1
    return counts


@pytest.mark.slow
def test_they_are_activities_of_people_and_refreshed_as_they_are_built(
    lab: Lab, landing: Landing
) -> None:
    company: Any = SimpleNamespace(server=[])
    lab.load(company, TODAY)
    lab.remember_nothing()
    lab.build(policy=True, layers=ALL)
    counts = dict(
        lab.query(
            "select activity_type, count(*) from profile.activities group by activity_type"
            " union all select 'waits', count(*) from quarantine.set_aside_rows "
            "where reason = 'after_clock'"
        )
    )
    states = told(landing, "fair/attendees", "status")
    outcomes = told(landing, "crm/mailings", "status")
    expected = {
        "support_contact": 40,
        "registration_created": 40,
        "registration_cancelled": states["cancelled"],
        "checked_in": states["checked in"],
        "form_submitted": 40,
        "message_sent": 40,
        "message_delivered": outcomes["delivered"],
        "message_bounced": outcomes["returned"],
    }
    expected["support_contact"] -= 1
    assert counts == {**expected, "waits": 1}
    # Twenty people, whom their addresses join over all systems.
    assert lab.query(
        "select count(distinct profile_id), count(distinct source_system), "
        "count(*) filter (profile_id is null) from profile.activities"
    ) == [(20, 4, 0)]
    assert lab.query("select count(*) from profile.profiles") == [(20,)]
    assert lab.query(
        "select distinct channel, topic from profile.activities "
        "where activity_type in ('support_contact', 'message_bounced', 'checked_in') order by 1"
    ) == [("direct_mail", None), ("phone", "late"), (None, "Fair")]
    said = told(landing, "web_forms/forms", "newsletter_opt_in")
    consents = "select count(*) from conformed.consents where captured_by = 'form'"
    assert lab.query(consents) == [(said["yes"] + said["no"],)]
    changed: set[str] = set()
    watched = {"support_contacts", "interactions", "message_events", "recorded_activities"}
    for step in range(3):
        landing.go_on(step)
        # The clock passes what has waited.
        lab.load(company, TODAY + timedelta(days=step))
        lab.build(lab.refreshed, layers=ALL)
        assert lab.differences((*LAYERS, "profile")) == {}, step
        changed |= {m for m in watched if lab.query(f"from operations.delta_{m} limit 1")}
    assert changed == watched
    waits = "select count(*) from quarantine.set_aside_rows where reason = 'after_clock'"
    assert lab.query(waits) == [(0,)]
    stray = f"from profile.activities where source_activity_id = 'T{STRAY}'"
    assert lab.query(f"select activity_type {stray}") == [("support_contact",)]
