"""The documented ways of joining the wrong people, simulated with the presets that prevent them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import UserError
from orchestration.identity.scratch import replace_policy
from orchestration.identity.simulate import Event, read_events, simulate_events
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from tests.own_data import project_copy

FOLDER = Path(__file__).parent / "scenarios"
PRESETS = PROJECT_ROOT / "examples" / "identity_presets"
QUICK = ("shared_email",)
SCENARIOS = tuple(sorted(path.stem for path in FOLDER.glob("*.txt")))


def preset_of(scenario: str) -> str:
    first = (FOLDER / f"{scenario}.txt").read_text().splitlines()[0]
    return first.removeprefix("# preset: ")


def named(scenario: str) -> list[Event]:
    """A scenario's events, its values marked as its own: those of one preset run together."""
    events = read_events(FOLDER / f"{scenario}.txt")
    return [[(namespace, f"{scenario}/{value}") for namespace, value in e] for e in events]


@cache
def simulated(preset: str) -> Mapping[str, Any]:
    """What becomes of all scenarios of a preset, by scenario, as their JSON files say it."""
    events: list[Event] = []
    starts: dict[str, int] = {}
    for scenario in SCENARIOS:
        if preset_of(scenario) == preset:
            starts[scenario] = len(events)
            events += named(scenario)
    people, refused = simulate_events(events, PRESETS / preset)
    return {
        scenario: {
            "people": [
                _person(p, scenario, start) for p in people if _is_of(p, scenario, named_at)
            ],
            "refused": [
                [r["event"] - start, r["namespace"], _bare(r["value"], scenario), r["reason"]]
                for r in refused
                if r["value"].startswith(f"{scenario}/")
            ],
        }
        for scenario, start in starts.items()
        for named_at in [range(start + 1, start + 1 + len(named(scenario)))]
    }


def _is_of(person: Mapping[str, Any], scenario: str, numbers: range) -> bool:
    assert len({event in numbers for event in person["events"]}) == 1, "scenarios have mixed"
    return person["events"][0] in numbers


def _person(person: Mapping[str, Any], scenario: str, start: int) -> dict[str, Any]:
    return {
        "events": [event - start for event in person["events"]],
        "identities": [
            f"{i['namespace']}: {_bare(i['value'], scenario)}" for i in person["identities"]
        ],
    }


def _bare(value: str, scenario: str) -> str:
    return value.removeprefix(f"{scenario}/")


@pytest.mark.parametrize(
    "scenario",
    # Each starts dbt once more; the rules themselves are tested with all of them at once.
    [s if s in QUICK else pytest.param(s, marks=pytest.mark.slow) for s in SCENARIOS],
)
def test_a_documented_collapse_does_not_happen(scenario: str) -> None:
    expected = json.loads((FOLDER / f"{scenario}.json").read_text())
    assert simulated(preset_of(scenario))[scenario] == expected


def test_every_scenario_of_the_reference_is_here() -> None:
    assert {
        "shared_device", "shared_email", "shared_phone", "dangling_login",
        "two_values_in_one_event",
    } <= set(SCENARIOS)  # fmt: skip


@pytest.mark.parametrize("preset", sorted(p.name for p in PRESETS.iterdir() if p.is_dir()))
def test_a_preset_is_a_policy_that_can_be_followed(preset: str, tmp_path: Path) -> None:
    project = project_copy(tmp_path / "project")
    replace_policy(project, PRESETS / preset)
    own = project / "seeds" / "policy" / "identity_namespaces.csv"
    assert own.read_text() == (PRESETS / preset / "identity_namespaces.csv").read_text()
    with own.open() as handle:
        rows = list(csv.DictReader(handle))
    with (DBT_PROJECT_DIR / "seeds" / "policy" / "identity_namespaces.csv").open() as handle:
        assert list(rows[0]) == next(csv.reader(handle))
    assert all(row["comment"] for row in rows)


@pytest.mark.parametrize("text", ["", "# nothing", "crm_id", "crm_id: ann, cookie", "crm_id:"])
def test_a_line_that_is_no_event_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "events.txt"
    path.write_text(f"crm_id: ann\n{text}\n" if ":" in text or text == "crm_id" else text)
    with pytest.raises(UserError, match=r"no event|line 2"):
        read_events(path)
