"""The day that a run replays: read alike from every door, refused when it is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from orchestration import clock
from orchestration.errors import UserError
from tests.conftest import Company
from tests.staging.rendering import staging_macros


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "")


def test_the_option_and_the_variable_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clock.replayed_day() is None
    clock.replay("2026-05-17")
    assert clock.replayed_day() == date(2026, 5, 17)
    monkeypatch.setenv(clock.VARIABLE, "2026-05-18")
    assert clock.replayed_day() == date(2026, 5, 18)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30", "20260517", "2026-5-17", "2026-W20-7", "1969-12-31"]
)
def test_what_is_no_day_that_has_been_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--as-of"):
        clock.replay(text)


def test_tomorrow_is_refused_from_every_door(monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = str(datetime.now(UTC).date() + timedelta(days=1))
    with pytest.raises(UserError, match="can't be replayed"):
        clock.replay(tomorrow)
    monkeypatch.setenv(clock.VARIABLE, tomorrow)
    with pytest.raises(UserError, match=clock.VARIABLE):
        clock.replayed_day()


def test_a_wrong_day_ends_the_command_in_a_paragraph(finished_company: Company) -> None:
    ran = finished_company.c360("run", "--as-of", "soon")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.strip() == "✗ --as-of soon is not a day like 2026-11-01."


def test_staging_takes_the_day_for_today_and_no_file_for_faulty() -> None:
    clock.replay("2026-05-17")
    macros = staging_macros()
    condition = macros.is_after_today("happened")
    fault = macros.first_fault([(condition, "future_timestamp", "at"), ("x is null", "x", None)])
    with duckdb.connect() as con:
        found = con.execute(
            f"select {fault} from (values (timestamp '2026-05-17 23:59:59', 1, false), "
            "(timestamp '2026-05-18', 1, false), (timestamp '2099-01-01', 1, true)) as rows("
            "happened, x, is_deleted)"
        ).fetchall()
    assert found == [(None, None), ("after_clock", "at"), ("after_clock", "at")]
