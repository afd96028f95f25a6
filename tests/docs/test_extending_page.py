"""docs/extending-insights.md works as written: from a file to the number of a chart."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.dashboard.pages import Page
from orchestration.questions.files import read_question
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from orchestration.transform.published_tables import LISTED_IN, keep_tables_listed, list_text

PAGE = (PROJECT_ROOT / "docs" / "extending-insights.md").read_text()
TABLE = "external_audience_reach"
COPIED = ("dbt_project", "sql_templates", "dashboards", "examples", "orchestration",
          "reporting_names")  # fmt: skip


def blocks(language: str) -> list[str]:
    """The page's fenced blocks in one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.S | re.M)


def checkout(place: Path, folders: tuple[str, ...] = COPIED) -> Path:
    """What a reader of the page has in front of them."""
    place.mkdir()
    left = shutil.ignore_patterns("target", "logs", "__pycache__")
    for folder in folders:
        shutil.copytree(PROJECT_ROOT / folder, place / folder, ignore=left)
    shutil.copyfile(PROJECT_ROOT / "profiles.yml", place / "profiles.yml")
    (place / ".venv").symlink_to(sys.prefix)
    return place


def follow(place: Path, commands: list[str], **environment: str) -> str:
    """What commands print."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("C360_")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        env={**kept, "COLUMNS": "200", **environment},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def name_entities(place: Path) -> None:
    """Write into dbt_project.yml what the page says."""
    [entities] = [block for block in blocks("yaml") if "stg_ad_platforms" in block]
    path = place / "dbt_project" / "dbt_project.yml"
    text = path.read_text()
    path.write_text(text.replace("  entity_sources:\n", "  entity_sources:\n" + entities))


def test_what_the_page_copies_is_a_table_with_all_it_must_have(tmp_path: Path) -> None:
    place = checkout(tmp_path / "checkout", ("dbt_project", "sql_templates", "dashboards"))
    (place / "examples").symlink_to(PROJECT_ROOT / "examples")
    copies = [line for block in blocks("bash") for line in block.splitlines() if line[:3] == "cp "]
    follow(place, copies)
    name_entities(place)
    project = place / "dbt_project"
    keep_tables_listed(project)
    # The list is what both tests go by (tests/insights/test_declared_cells.py).
    assert f"'{TABLE}'" in (project / LISTED_IN).read_text()
    read_question("match_rates", place / "sql_templates")
    said = yaml.safe_load((place / "dashboards" / "match_rates.yml").read_text())
    page = Page.model_validate({"name": "match_rates", **said})
    asked = (place / "sql_templates" / "match_rates.sql").read_text()
    assert all(column in asked for item in page.items for column in item.columns())
    text = (project / "models" / "insights" / f"{TABLE}.yml").read_text()
    [quoted] = [block for block in blocks("yaml") if "primary_key" in block]
    assert quoted in text
    [contract] = yaml.safe_load(text)["models"]
    cells = contract["config"]["meta"]["cells"]
    counts = {c["name"] for c in contract["columns"] if c["data_type"] == "bigint"}
    assert counts == {*cells["people"], *cells["others"]}
    fed = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"]["entity_sources"]
    for entity in ("audience_reach", "audience_mappings"):
        assert (project / "models" / "conformed" / f"{entity}.sql").exists()
        [source] = fed[entity]
        assert (project / "models" / "staging" / "ad_platforms" / f"{source}.sql").exists()


@pytest.mark.slow
def test_a_reader_of_the_page_sees_the_table_and_the_number_of_the_chart(tmp_path: Path) -> None:
    place = checkout(tmp_path / "checkout")
    *before, last = blocks("bash")
    name_entities(place)
    follow(place, [*before, last], PYTHONPATH=str(place))
    data = place / "data" / "reach"
    with duckdb.connect(str(data / "published" / "insights.duckdb"), read_only=True) as con:
        rows = con.execute(
            f"select external_audience_id, profile_count, reach_lower_bound, match_rate_lower "
            f"from {TABLE} order by 1"
        ).fetchall()
        [(count,)] = con.execute(
            "select profile_count from fact_segment inner join dim_merge_policy "
            "using (merge_policy_id) where is_default and segment_name = 'newsletter_only' "
            "and date_key = (select max(date_key) from fact_segment)"
        ).fetchall()
        aside = con.execute(
            "select reason, row_count from fact_set_aside "
            "where source_system = 'ad_platforms' order by 1"
        ).fetchall()
    assert count > 5
    assert rows[0] == ("23851", count, 40, 40 / count)
    assert rows[1][0] == "23852" and rows[1][2] == 5
    assert aside == [("superseded_version", 1)]
    # The page's card, and the numbers that it draws.
    drawn = follow(
        place,
        [f"{sys.executable} -c '{DRAWN}'"],
        PYTHONPATH=str(place),
        C360_DATA_DIR=str(data),
    )
    assert json.loads(drawn.splitlines()[-1])["Newsletter only"] == pytest.approx(40 / count)


DRAWN = """
import json
from orchestration.dashboard.reading import read_pages
from orchestration.dashboard.templates import data_function
from orchestration.questions.files import read_question
from orchestration.settings import Settings
[page] = [page for page in read_pages().sound if page.name == "match_rates"]
[item] = page.items
rows = data_function(Settings.from_env(), read_question(item.template))()
[value] = item.chart.values
print(json.dumps(dict(zip(rows[item.chart.along.column], rows[value.column].fillna(-1)))))
"""


def test_the_project_lists_its_tables() -> None:
    assert (DBT_PROJECT_DIR / LISTED_IN).read_text() == list_text(DBT_PROJECT_DIR)
