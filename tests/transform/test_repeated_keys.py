"""Tests of uniqueness look at the keys that a refresh has put in, and at all rows otherwise."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR

MACROS = ("macros/repeated_keys.sql", "macros/reached_strategy.sql")
TESTS = ("tests/generic/unique.sql", "tests/generic/unique_combination.sql")
PROFILE = """
shop:
  target: dev
  outputs: {dev: {type: duckdb, path: shop.duckdb, threads: 1}}
"""
SCHEMA = """
models:
  - name: orders
    columns: [{name: id, data_tests: [unique]}]
    data_tests:
      - unique_combination: {arguments: {columns: [id, system]}}
      - unique_combination: {name: by_file, arguments: {columns: [id, file]}}
"""
ROWS = "(1, 'x', 'f'), (2, 'y', 'f'), (null, 'z', 'f')"
ID, PAIR, BY_FILE = "unique_orders_id", "unique_combination_orders_id__system", "by_file"
WHOLE = {ID: 2, PAIR: 3, BY_FILE: 3}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three keys stand twice in a table, of which a refresh put in the second and the third."""
    folder = tmp_path_factory.mktemp("repeated_keys")
    texts = {
        "dbt_project.yml": "{name: shop, profile: shop, test-paths: [tests]}",
        "profiles.yml": PROFILE,
        "models/orders.sql": "select 1 as id",
        "models/orders.yml": SCHEMA,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in (*MACROS, *TESTS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DBT_PROJECT_DIR / name, folder / name)
    with duckdb.connect(str(folder / "shop.duckdb")) as con:
        con.execute(
            f"create table orders as from (values {ROWS}, {ROWS}) as rows (id, system, file)"
        )
        con.execute(
            "create schema operations; create table operations.delta_orders as "
            "select id, system, id is null or id = 2 as is_after from orders"
        )
    return folder


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"C360_REFRESH": "orders"}, WHOLE),
        ({"C360_REFRESH": f"orders {ID} {PAIR} {BY_FILE}"}, {ID: 1, PAIR: 2, BY_FILE: 3}),
        ({"C360_REFRESH": f"{ID} {PAIR}", "C360_AS_OF": "2026-01-01"}, WHOLE),
    ],
    ids=["the test is not named", "it is", "a day is replayed, so the model was built"],
)
def test_only_a_refresh_is_asked_for_its_keys(
    project: Path, variables: dict[str, str], found: dict[str, int]
) -> None:
    dbt = [str(Path(sys.executable).parent / "dbt"), "test", "--profiles-dir", "."]
    done = subprocess.run(
        dbt, cwd=project, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    failures = {r["unique_id"].split(".")[2]: r["failures"] for r in results}
    assert failures == found, done.stdout
