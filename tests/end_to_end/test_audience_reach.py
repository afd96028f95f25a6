"""The example of what platforms recognised: from files to the reporting model and the report."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from tests.conftest import Company, settings_in

EXAMPLE = PROJECT_ROOT / "examples" / "audience_reach"
LOOKED_AT = "    'external_audience_reach',\n"
UPDATED = "2026-01-01T08:00:00Z"
REACH = [
    ("23851", "8", "12", "ready", UPDATED),
    ("23851", "4", "6", "ready", "2025-12-01T08:00:00Z"),
    ("23852", "30", "20", "ready", UPDATED),
    ("23853", "7", "9", "too small", UPDATED),
    ("23854", "1", "2", "ready", "yesterday"),
]
"""Of the first the newer export counts; bounds the wrong way round and no date are set aside."""
MAPPINGS = [
    ("23851", "new_this_month", "agency_files"),
    ("23852", "win_back", "agency_files"),
    ("23853", "old_name", "agency_files"),
]


@pytest.mark.slow
def test_match_rates_come_from_the_platforms_files(company: Company, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copytree(EXAMPLE / "models", project / "models", dirs_exist_ok=True)
    entities = (EXAMPLE / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    for name, before, added in (
        ("dbt_project.yml", "  entity_sources:\n", entities),
        ("tests/insights/assert_keys_hold.sql", "looked_at = [\n", LOOKED_AT),
        ("tests/insights/assert_no_small_cells.sql", "looked_at = [\n", LOOKED_AT),
    ):
        text = (project / name).read_text()
        assert before in text
        (project / name).write_text(text.replace(before, before + added))
    others = [(f"x{n}", "1000", "1200", "ready", UPDATED) for n in range(500)]
    landed = company.settings.landing_dir / "ad_platforms"
    write(landed / "audience_reach_1.csv", (
        "ext_custom_audience_id", "approximate_count_lower_bound", "approximate_count_upper_bound",
        "delivery_status", "time_updated"), [*REACH, *others])  # fmt: skip
    write(landed / "audience_mappings.csv",
          ("ext_custom_audience_id", "segment_name", "destination_name"), MAPPINGS)  # fmt: skip

    own = Company(settings_in(company.settings.data_dir, project))
    ran = own.c360("run")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    with own.published() as con:
        sql = (EXAMPLE / "questions" / "match_rates.sql").read_text()
        rows = con.execute(sql).fetchall()
        [(count,)] = con.execute(
            "select profile_count from fact_segment inner join dim_segment using (segment_id) "
            "inner join dim_merge_policy using (merge_policy_id) where is_default "
            "and dim_segment.segment_name = 'new_this_month' "
            "and date_key = (select max(date_key) from fact_segment)"
        ).fetchall()
        aside = con.execute(
            "select reason, sum(row_count) from fact_set_aside "
            "where source_system = 'ad_platforms' group by 1 order by 1"
        ).fetchall()
    told = {row[2]: row for row in rows}
    assert len(rows) == 3
    [first] = [row for row in rows if row[4] == 8]
    assert first[:2] == ("Files", told["23853"][1])
    assert first[3] == count
    assert (first[6], first[7]) == ((8 / count, 12 / count) if count else (None, None))
    assert told["23853"][3:] == (None, 7, 9, None, None)
    assert aside == [("invalid_quantity", 1), ("invalid_timestamp", 1), ("superseded_version", 1)]


def write(path: Path, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A CSV file of the platforms."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as handle:
        csv.writer(handle).writerows([columns, *rows])
