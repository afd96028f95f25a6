"""Members of each of several days, remembered run after run, beside a run of that day alone.

Slow, so by hand: each day costs two runs of the chain.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Company, settings_in

DAYS = ("2026-07-31", "2026-08-15", "2026-08-16", "2026-10-31")
HISTORY = """
    select profile_id, segment_name from segments.segment_membership_history
    where valid_from <= $day and (valid_to is null or valid_to > $day)
"""
ALONE = "select profile_id, segment_name from segments.segment_membership"
SIZES = "select segment_name, member_count from segments.segment_sizes where as_of_on = $day"


def company_in(folder: Path) -> Company:
    """A demo company of which nothing has run."""
    company = Company(settings_in(folder))
    landing = str(company.settings.landing_dir)
    made = company.c360("demo", "--customers", "300", "--landing", landing)
    assert made.returncode == 0, made.stderr
    return company


@pytest.mark.slow
def test_the_history_of_daily_runs_is_the_members_of_each_day(tmp_path: Path) -> None:
    daily = company_in(tmp_path / "daily")
    for day in DAYS:
        ran = daily.c360("run", "--as-of", day, "--accept-drift")
        assert ran.returncode == 0, ran.stderr
    # A day that is replayed late adds nothing.
    ran = daily.c360("run", "--as-of", DAYS[1], "--accept-drift")
    assert ran.returncode == 0, ran.stderr
    changed = set()
    for day in DAYS:
        alone = company_in(tmp_path / day)
        ran = alone.c360("run", "--as-of", day, "--accept-drift")
        assert ran.returncode == 0, ran.stderr
        with alone.warehouse() as con:
            members = set(con.execute(ALONE).fetchall())
        with daily.warehouse() as con:
            assert set(con.execute(HISTORY, {"day": day}).fetchall()) == members
            sizes = dict(con.execute(SIZES, {"day": day}).fetchall())
        assert sum(sizes.values()) == len(members)
        changed.add(frozenset(members))
    assert len(changed) == len(DAYS)
