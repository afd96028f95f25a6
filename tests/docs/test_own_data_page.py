"""docs/own-data.md works as written, and what it quotes is what the example says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from decimal import Decimal

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company, settings_in
from tests.end_to_end.contents import warehouse_rows
from tests.own_data import EXAMPLE, blocks, connect_sources, project_copy


def test_page_quotes_the_example() -> None:
    files = "\n".join(p.read_text() for p in EXAMPLE.rglob("*") if p.suffix in (".sql", ".yml"))
    added = ("entity_sources", "attribute: text")
    quoted = [b for b in blocks("sql") + blocks("yaml") if not any(word in b for word in added)]
    assert len(quoted) >= 2
    assert [block for block in quoted if block not in files] == []


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, str]:
    """Every command of the page, in order, in a checkout of its own, and what it printed."""
    checkout = tmp_path_factory.mktemp("checkout")
    project = project_copy(checkout / "dbt_project")
    shutil.copytree(PROJECT_ROOT / "examples", checkout / "examples")
    shutil.copyfile(PROJECT_ROOT / "profiles.yml", checkout / "profiles.yml")
    (checkout / ".venv").symlink_to(sys.prefix)
    connect_sources(project)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("C360_")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks("bash"))],
        env={**environment, "C360_DBT_PROJECT_DIR": str(project), "COLUMNS": "200"},
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Company(settings_in(checkout / "data" / "own", project)), done.stdout


@pytest.mark.slow
def test_walk_through_sets_aside_what_the_page_says(walked: tuple[Company, str]) -> None:
    with walked[0].published() as con:
        reasons = con.execute("select reason, row_count from fact_set_aside order by 1").fetchall()
        per_reason: dict[str, int] = {}
        for reason, count in reasons:
            per_reason[reason] = per_reason.get(reason, 0) + count
        people = con.execute("select distinct profile_count from fact_profile").fetchall()
        told = con.execute("select count(order_count), count(net_amount) from fact_revenue")
        assert told.fetchall() == [(0, 0)], "four customers are too few to be told of"
    revenue = warehouse_rows(
        walked[0],
        "select sum(order_count)::int, sum(net_amount)::decimal(18, 2) from value.monthly_revenue",
    )
    assert per_reason == {
        "duplicate_row": 1,
        "invalid_amount": 2,
        "invalid_timestamp": 2,
        "missing_reference": 1,
        "unknown_order": 1,
    }
    assert people == [(4,)]
    assert revenue == [(3, Decimal("65.15"))]


@pytest.mark.slow
def test_walk_through_shows_the_rows_and_passes_the_unit_tests(walked: tuple[Company, str]) -> None:
    shown = walked[1]
    assert "unknown_order" in shown
    assert "PASS=8 " in shown
