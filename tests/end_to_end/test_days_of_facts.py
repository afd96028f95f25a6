"""Facts of several days, remembered run after run, beside a warehouse built from scratch per day.

Slow, so by hand: each day is two runs of the chain.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import Settings
from tests.conftest import Company, settings_in

DAYS = ("2026-07-31", "2026-08-15", "2026-08-16", "2026-09-30")
COMPARED = {"fact_segment_size": ("entered_count", "left_count")}
"""What is said of the change since the day before, of which one from scratch knows nothing."""


def facts(company: Company) -> dict[str, list[str]]:
    """The published tables that have days, and the columns in which they are compared."""
    with company.published() as con:
        found: dict[str, list[str]] = {}
        for table, column in con.execute(
            "select table_name, column_name from duckdb_columns() where table_name like 'fact_%' "
            "order by table_name, column_index"
        ).fetchall():
            if column not in COMPARED.get(table, ()):
                found.setdefault(table, []).append(column)
        return {table: columns for table, columns in found.items() if "date_key" in columns}


def rows_of(company: Company, table: str, columns: list[str], day: str) -> list[tuple[Any, ...]]:
    """What a fact says of a day."""
    with company.published() as con:
        sql = f"select {', '.join(columns)} from {table} where date_key = ? order by all"
        return con.execute(sql, [day]).fetchall()


@pytest.mark.slow
def test_every_day_is_what_a_warehouse_from_scratch_says_of_it(tmp_path: Path) -> None:
    company = Company(settings_in(tmp_path / "data"))
    landing = company.settings.landing_dir
    made = company.c360("demo", "--customers", "300", "--landing", str(landing))
    assert made.returncode == 0, made.stderr
    sizes = []
    for day in DAYS:
        ran = company.c360("run", "--as-of", day, "--accept-drift", timeout=1200)
        assert ran.returncode == 0, ran.stderr
        sizes.append(company.settings.published_path.stat().st_size)
    compared = facts(company)
    assert len(compared) > 12
    for day in DAYS:
        scratch = Company(Settings(tmp_path / day, landing, company.settings.dbt_project_dir))
        ran = scratch.c360("run", "--as-of", day, "--accept-drift", timeout=1200)
        assert ran.returncode == 0, ran.stderr
        for table, columns in compared.items():
            said = rows_of(scratch, table, columns, day)
            assert rows_of(company, table, columns, day) == said, (day, table)
            assert said or table in ("fact_rfm", "fact_lifetime_value"), (day, table)
    # A day more is not more than the first one was.
    assert sizes[-1] - sizes[0] <= len(DAYS) * sizes[0]
