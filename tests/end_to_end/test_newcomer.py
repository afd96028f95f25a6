"""What a newcomer changes first, done as the pages say it, in a copy: one file for each."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.policy import check_policy
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, Settings
from orchestration.transform.dbt import close_connections, run_dbt
from tests.conftest import Company
from tests.own_data import project_copy

POLICY = Path("seeds") / "policy"
SOURCES = Path("models") / "staging" / "web_shop" / "_web_shop__sources.yml"
MADE = (
    "stg_web_shop__customers", "customer_records", "attributes", "attribute_rules",
    "attribute_values", "ranked_records", "policy_profiles", "profiles", "rankings",
    "ranking_values", "ranking_places", "ranking_buckets", "match_records", "match_comparisons",
    "match_parameters",
)  # fmt: skip
EXAMPLES = PROJECT_ROOT / "examples" / "rankings" / "rankings.csv"


def block(page: str, language: str, start: str) -> str:
    """The fenced block of a page that begins with `start`, blanks aside."""
    text = (PROJECT_ROOT / "docs" / page).read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.S | re.M)
    [found] = [b for b in blocks if b.strip().startswith(start)]
    return str(found)


def files(project: Path) -> dict[str, str]:
    """Every file of a dbt project and a hash of what it holds."""
    return {
        str(path.relative_to(project)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in project.rglob("*")
        if path.is_file() and "target" not in path.parts
    }


def differing(project: Path) -> set[str]:
    """The files in which a copy of the project differs from it."""
    return {name for name, _ in set(files(project).items()) ^ set(files(DBT_PROJECT_DIR).items())}


@dataclass(frozen=True)
class Changed:
    """A copy of the project after its changes, and the warehouse it has made.

    Attributes:
        touched: the files that each change differs in.
        con: a connection that reads the warehouse.
    """

    touched: dict[str, set[str]]
    con: duckdb.DuckDBPyConnection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()


def append(project: Path, seed: str, rows: str) -> None:
    with (project / POLICY / f"{seed}.csv").open("a") as handle:
        handle.write(rows)


@pytest.fixture(scope="module")
def changed(
    finished_company: Company, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Changed]:
    """All changes one after the other in one copy, which dbt parses once."""
    folder = tmp_path_factory.mktemp("newcomer")
    project = project_copy(folder / "project")
    settings = Settings(folder / "data", folder / "landing", project)
    of_company = finished_company.settings
    for path, copy in {
        of_company.warehouse_path: settings.warehouse_path,
        of_company.insights_build_path: settings.insights_build_path,
    }.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    touched: dict[str, set[str]] = {}

    text = (project / SOURCES).read_text()
    line = block("own-data.md", "yaml", "- {name: occupation")
    customers, columns, rest = text.partition("        columns:\n")
    (project / SOURCES).write_text(customers + columns + line + rest)
    touched["column"] = differing(project)
    append(project, "rankings", block("rankings.md", "csv", "quartiles,"))
    touched["ranking"] = differing(project) - touched["column"]
    known = touched["column"] | touched["ranking"]
    append(project, "match_comparisons", block("matching.md", "csv", "occupation,200"))
    touched["comparison"] = differing(project) - known

    others = [row for row in EXAMPLES.read_text().splitlines() if not row.startswith("quartiles,")]
    append(project, "rankings", "".join(f"{row}\n" for row in others))
    check_policy(project)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        # The column is in the files.
        con.execute("alter view landing.web_shop__customers rename to landed_customers")
        con.execute(
            "create view landing.web_shop__customers as select *, "
            "['baker', 'miller', 'smith'][1 + cast(hash(customer_id) % 3 as int)] as occupation "
            "from landing.landed_customers"
        )
    without = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    try:
        results = list(run_dbt(settings, ["build", "--select", *MADE, *without]))
    finally:
        close_connections()
    assert {r.unique_id: r.message for r in results if r.is_failure} == {}
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        yield Changed(touched, con)


def test_a_new_column_reaches_the_profile_by_one_file(changed: Changed) -> None:
    assert changed.touched["column"] == {SOURCES.as_posix()}
    found = changed.rows("select occupation, count(*) from profile.profiles group by 1 order by 1")
    assert [name for name, _ in found] == ["baker", "miller", "smith", None]


def test_a_new_ranking_is_one_row(changed: Changed) -> None:
    assert changed.touched["ranking"] == {(POLICY / "rankings.csv").as_posix()}
    found = changed.rows(
        "select ranking, count(distinct bucket), max(bucket) from value.ranking_buckets "
        "where look_back = 'lifetime' and not is_small_category group by 1 order by 1"
    )
    buckets = {ranking: (count, most) for ranking, count, most in found}
    assert buckets["quartiles"] == (4, 4)
    assert buckets["deciles"] == (10, 10)
    assert buckets["ventiles"] == (20, 20)
    assert buckets["percentiles"][1] == 100


def test_a_new_comparison_of_records_is_one_row(changed: Changed) -> None:
    assert changed.touched["comparison"] == {(POLICY / "match_comparisons.csv").as_posix()}
    found = changed.rows(
        "select level from identity.match_parameters where comparison = 'occupation' order by all"
    )
    assert [degree for (degree,) in found] == ["different", "equal"]
