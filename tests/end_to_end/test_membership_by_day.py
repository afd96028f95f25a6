"""Members of several days, remembered run after run, beside what each run itself has said.

Slow, so by hand: each day is a run of the chain.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Company, settings_in

DAYS = ("2026-07-31", "2026-08-15", "2026-10-31")
HISTORY = """
    select profile_id, segment_name from segments.segment_membership_history
    where valid_from <= $day and (valid_to is null or valid_to > $day)
"""
MEMBERS = "select profile_id, segment_name from segments.segment_membership"
UNEXPLAINED = """
    select reasons.explanation, count(*)
    from segments.membership_reasons as reasons
    where reasons.cause in ('rule', 'identity') and not (
        reasons.explanation in ('arrived', 'no_longer_kept_out')
        or reasons.explanation = 'clauses' and exists (
            select 1 from segments.membership_clauses as clauses
            where clauses.profile_id = reasons.profile_id
                and clauses.segment_name = reasons.segment_name
                and clauses.changed_on = reasons.changed_on
                and clauses.part_played in ('decides', 'decides_together')
                and clauses.was_true <> clauses.is_true
        )
    )
    group by all
"""
EXPLAINED = "select count(*) from segments.membership_reasons where explanation = 'clauses'"
SIZES = "select sum(member_count) from segments.segment_sizes where as_of_on = $day"


@pytest.mark.slow
def test_the_history_of_daily_runs_is_the_members_of_each_day(tmp_path: Path) -> None:
    company = Company(settings_in(tmp_path / "data"))
    landing = str(company.settings.landing_dir)
    made = company.c360("demo", "--customers", "300", "--landing", landing)
    assert made.returncode == 0, made.stderr
    members: dict[str, set[tuple[str, str]]] = {}
    for day in DAYS:
        ran = company.c360("run", "--as-of", day, "--accept-drift")
        assert ran.returncode == 0, ran.stderr
        with company.warehouse() as con:
            members[day] = set(con.execute(MEMBERS).fetchall())
    with company.warehouse() as con:
        for day in DAYS:
            assert set(con.execute(HISTORY, {"day": day}).fetchall()) == members[day]
            assert con.execute(SIZES, {"day": day}).fetchone() == (len(members[day]),)
    assert len({frozenset(one) for one in members.values()}) == len(DAYS)
    with company.warehouse() as con:
        # Every change by rule has the clauses that decided it.
        assert con.execute(UNEXPLAINED).fetchall() == []
        [(explained,)] = con.execute(EXPLAINED).fetchall()
        assert explained > 50
