"""A published table that does not say what it counts, or that nobody listed, is a fault."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
import yaml

from orchestration.settings import DBT_PROJECT_DIR

TESTS = DBT_PROJECT_DIR / "tests" / "insights"
KEY = {"type": "primary_key", "columns": ["number"]}
COUNT = {"profile_count": "bigint"}


def node(cells: Any, columns: dict[str, str], **more: Any) -> dict[str, Any]:
    """A model of the reporting model as dbt's graph has it."""
    return {
        "name": "fact_new",
        "resource_type": "model",
        "fqn": ["customer_360", "insights", "fact_new"],
        "columns": {n: {"name": n, "data_type": kind} for n, kind in columns.items()},
        "constraints": [KEY],
        "config": {"meta": {} if cells is None else {"cells": cells}},
        **more,
    }


def rendered(test: str, nodes: Mapping[str, Any], listed: bool = True) -> str:
    """The SQL of a blocking test over a project with these published tables."""
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])
    environment.globals.update(
        graph=SimpleNamespace(nodes=nodes),
        execute=True,
        ref=lambda name: name,
        published_tables=lambda: [n["name"] for n in nodes.values()] if listed else [],
        minimum_cell_size=lambda name: 5,
        modules=SimpleNamespace(re=None),
    )
    return environment.from_string((TESTS / f"{test}.sql").read_text()).render()


@pytest.mark.parametrize(
    ("cells", "columns", "fault"),
    [
        (None, {}, "fact_new lists no meta.cells.people"),
        ({"people": "profile_count"}, {}, "fact_new lists no meta.cells.people"),
        ({"people": []}, COUNT, "fact_new.profile_count is neither"),
        ({"people": ["nobody"]}, {}, "fact_new.nobody of meta.cells.people is no column"),
    ],
)
def test_a_table_says_what_its_counts_are_of(cells: Any, columns: Any, fault: str) -> None:
    assert f"'{fault}" in rendered("assert_no_small_cells", {"one": node(cells, columns)})


def test_what_is_declared_is_looked_at() -> None:
    text = rendered("assert_no_small_cells", {"one": node({"people": ["profile_count"]}, COUNT)})
    assert "published.profile_count between 1 and 5 - 1" in " ".join(text.split())
    assert "' as offender,\n            1 as row_count" not in text


def test_a_table_that_is_not_listed_is_a_fault_of_both_tests() -> None:
    one = node({"people": ["profile_count"]}, COUNT)
    for test in ("assert_no_small_cells", "assert_keys_hold"):
        assert "fact_new is not in macros/published_tables.sql" in rendered(
            test, {"one": one}, listed=False
        )
    assert "has no primary key" in rendered("assert_keys_hold", {"one": one | {"constraints": []}})


def test_every_table_of_the_project_is_declared() -> None:
    nodes = {}
    for path in (DBT_PROJECT_DIR / "models" / "insights").glob("*.yml"):
        for model in yaml.load(path.read_text(), Loader=yaml.CSafeLoader)["models"]:
            columns = {c["name"]: c["data_type"] for c in model["columns"]}
            cells = model["config"]["meta"].get("cells")
            nodes[model["name"]] = node(cells, columns) | {"name": model["name"]}
    text = rendered("assert_no_small_cells", nodes)
    assert len(nodes) > 40
    assert "' as offender,\n            1 as row_count" not in text
