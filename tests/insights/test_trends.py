"""What facts say of each day, remembered day by day, is what they say of it from scratch."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import Company
from tests.insights.days_lab import DaysLab, Step, differences

FIRST = date(2026, 1, 1)


def on(number: int, replays: bool = False, passes: bool = True) -> Step:
    """A refresh of so many days after the first, with all who have come until then."""
    return Step(FIRST + timedelta(days=number), number, replays, passes)


def test_days_are_what_each_says_from_scratch(finished_company: Company, tmp_path: Path) -> None:
    facts = ("fact_segment", "fact_consent", "processing_log")
    lab = DaysLab(tmp_path, finished_company.settings.warehouse_path, facts)
    for step in (on(0), on(9), on(5, replays=True), on(10, passes=False), on(12)):
        found, expected = lab.refresh(step)
        assert differences(found, expected) == {}, step
    # Days on which nobody looked are there, and the log says which they are.
    assert len({row[0] for row in found["fact_segment"]}) == 13
    assert sum("CARRIED" in row for row in found["processing_log"]) == 9 * 2


def a_year(dice: random.Random) -> list[Step]:
    """Three hundred and sixty-five days with what happens in a year."""
    steps, number = [], 0
    while number < 365:
        steps.append(on(number, passes=dice.random() > 0.04))
        if dice.random() < 0.05:
            # The same day again, with people who came in the meantime.
            steps.append(Step(FIRST + timedelta(days=number), number + 1))
        if number > 20 and dice.random() < 0.04:
            steps.append(on(number - dice.randrange(20), replays=True, passes=dice.random() > 0.2))
        if number > 20 and dice.random() < 0.01:
            # What was taken for the last days turns out wrong: the clock goes back.
            number -= 3
        number += dice.choice([1] * 16 + [2, 4])
    return [*steps, on(364)]


@pytest.mark.slow
def test_a_year_of_days(finished_company: Company, tmp_path: Path) -> None:
    lab = DaysLab(tmp_path, finished_company.settings.warehouse_path)
    measured: list[dict[str, float]] = []
    for number, step in enumerate(steps := a_year(random.Random(24))):
        found, expected = lab.refresh(step)
        assert differences(found, expected) == {}, (number, step)
        size = lab.settings.insights_build_path.stat().st_size
        rows = sum(map(len, found.values()))
        day = (step.day - FIRST).days
        measured.append({"day": day, "rows": rows, "bytes": size, "seconds": lab.seconds})
        (tmp_path / "measured.json").write_text(json.dumps(measured))
    print(len(steps), "refreshes,", sum(step.replays for step in steps), "replays,")
    print(sum(not step.passes for step in steps), "refused,", *measured[::30], sep="\n")
    assert len({row[0] for row in found["fact_segment"]}) == 365
    month, last = measured[30], measured[-1]
    for grows in ("rows", "bytes"):
        # A day has more rows when more people have come, and no more than that.
        assert last[grows] / (last["day"] + 1) <= 1.5 * month[grows] / (month["day"] + 1), grows
    assert last["seconds"] <= 2 * month["seconds"]
