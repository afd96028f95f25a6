"""What a declared measure becomes in the profile, the insights and on the dashboard."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.dashboard.templates import read_template
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.value.declaring import declaration, withheld
from orchestration.value.measure_text import Measure, Shape
from tests.value.rendering import CompilerError, fill, project_vars, render

MEASURES: Mapping[str, Mapping[str, Any]] = {
    "spend": {"title": "What's spent", "unit": "money"},
    "mood": {"unit": "text"},
    "tally": {"title": "Tally", "unit": "count", "from": "visits", "value": "visit_count"},
    "mean": {
        "title": "Mean", "unit": "money", "from": "visits", "value": "mean_amount", "adds_up": False
    },
    "by_place": {"title": "By place", "unit": "number", "per": ["place", "floor"]},
    "company": {"title": "Of the company", "unit": "money", "of": "company"},
    "zero": {"title": "Zero", "unit": "number", "from": "spend", "value": "nothing"},
}  # fmt: skip


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    """Five people: in two deciles, in none, and one of whom nothing is said."""
    con = duckdb.connect()
    fill(con, "refresh_period", "as_of_on date", [("2026-10-31",)])
    fill(con, "merge_policies", "policy varchar, is_default boolean", [("by_time", True)])
    fill(con, "customer_attributes", "currency varchar", [("EUR",), ("EUR",)])
    deciles = [("p1", 1), ("p2", 1), ("p3", 2), ("p4", None)]
    told = (
        "profile_id varchar, decile int, metric varchar, category_type varchar, look_back varchar"
    )
    fill(con, "deciles", told, [
        *[(who, n, "net_revenue", "loyalty_tier", "lifetime") for who, n in deciles],
        ("p1", 9, "net_revenue", "loyalty_tier", "12"),
        ("p1", 9, "visits", "loyalty_tier", "lifetime"),
        ("p1", 9, "net_revenue", "city", "lifetime"),
    ])  # fmt: skip
    fill(con, "profiles", "profile_id varchar", [(f"p{n}",) for n in range(1, 6)])
    amounts = [("p1", 10), ("p2", -30), ("p3", None), ("p4", 5)]
    fill(con, "spend", "profile_id varchar, spend decimal(18, 2), nothing decimal(18, 2)",
         [(*row, None if row[0] == "p4" else 0) for row in amounts])  # fmt: skip
    fill(con, "mood", "profile_id varchar, mood varchar", [("p1", "glad"), ("p3", None)])
    fill(con, "visits", "profile_id varchar, visit_count bigint, mean_amount decimal(18, 2)",
         [("p1", 3, 2.5), ("p4", 1, 7.5)])  # fmt: skip
    fill(con, "by_place", "profile_id varchar, place varchar, floor int, by_place double",
         [("p1", "Ulm", 1, 2.0), ("p1", None, 1, 4.0), ("p1", "Unknown", 1, 10.0),
          ("p2", "Ulm", 1, 6.0)])  # fmt: skip
    fill(con, "company", "as_of_on date, company decimal(18, 2)", [("2026-10-31", 99)])
    con.execute("create schema insights")
    made = {
        "value": ["profile_measures"],
        "insights": ["dim_measure", "fact_measure", "dim_merge_policy"],
    }
    for layer, models in made.items():
        schema = "insights" if layer == "insights" else "main"
        for model in models:
            given = project_vars() | {"measures": MEASURES, "minimum_cell_size": 1}
            sql = render(f"{layer}/{model}", given)
            con.execute(f"create table {schema}.{model} as {sql}")
    # As an earlier refresh may leave them; only the newest is told.
    con.execute(
        "insert into insights.fact_measure "
        "select * replace (date '2026-09-30' as date_key) from insights.fact_measure"
    )
    return con


def test_the_profile_has_a_column_of_each_measure_with_one_value(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.execute("from profile_measures order by profile_id")
    assert [column[0] for column in found.description or []] == [
        "profile_id", "spend", "mood", "tally", "mean", "zero"
    ]  # fmt: skip
    assert found.fetchall() == [
        ("p1", 10, "glad", 3, 2.5, 0), ("p2", -30, None, None, None, 0),
        ("p3", None, None, None, None, 0), ("p4", 5, None, 1, 7.5, None),
        ("p5", None, None, None, None, None),
    ]  # fmt: skip


def test_the_dimension_says_what_each_is(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("from insights.dim_measure order by measure").fetchall() == [
        ("by_place", "By place", "number", "place, floor"),
        ("company", "Of the company", "money", "none"),
        ("mean", "Mean", "money", "none"),
        ("mood", "mood", "text", "none"),
        ("spend", "What's spent", "money", "none"),
        ("tally", "Tally", "count", "none"),
        ("zero", "Zero", "number", "none"),
    ]
    assert con.execute(read_template("measures").sql).fetchall()[0] == ("by_place", "By place")


def test_facts_count_people_and_add_up_what_does(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select * exclude (date_key, merge_policy_id) from insights.fact_measure "
        "where date_key = date '2026-10-31' order by all"
    ).fetchall()
    assert found == [
        ("by_place", "place, floor", "Ulm, 1", 1, 2, 2, 8, 4, None),
        ("by_place", "place, floor", "Unknown, 1", 1, 1, 2, 14, 7, None),
        ("company", "none", "all", 0, 0, 0, 99, 99, "EUR"),
        ("mean", "none", "all", 0, 1, 1, None, 7.5, "EUR"),
        ("mean", "none", "all", 1, 1, 1, None, 2.5, "EUR"),
        ("mood", "none", "all", 1, 1, 1, None, None, None),
        ("spend", "none", "all", 0, 1, 1, 5, 5, "EUR"),
        ("spend", "none", "all", 1, 2, 2, -20, -10, "EUR"),
        ("tally", "none", "all", 0, 1, 1, 1, 1, None),
        ("tally", "none", "all", 1, 1, 1, 3, 3, None),
        ("zero", "none", "all", 1, 2, 2, 0, 0, None),
        ("zero", "none", "all", 2, 1, 1, 0, 0, None),
    ]


@pytest.mark.parametrize(
    ("measure", "group", "bars"),
    [
        ("spend", "decile", [("1", 2, -20, -10), ("none", 1, 5, 5)]),
        ("spend", "dimension", [("all", 3, -15, -5)]),
        ("mean", "dimension", [("all", 2, None, 5)]),
        ("by_place", "dimension", [("Unknown, 1", 1, 14, 14), ("Ulm, 1", 2, 8, 4)]),
        ("mood", "decile", [("1", 1, None, 1)]),
        ("company", "dimension", [("all", 0, 99, 99)]),
        # Two people with three values: each is counted once.
        (None, None, [("1", 2, 22, 11)]),
    ],
)
def test_the_chart_has_bars_of_it(
    con: duckdb.DuckDBPyConnection, measure: str | None, group: str | None, bars: list[Any]
) -> None:
    for name, value in (("measure", measure), ("measure_group", group)):
        con.execute(
            f"reset variable {name}" if value is None else f"set variable {name} = '{value}'"
        )
    drawn = con.execute(read_template("measure_by_group").sql).fetchall()
    assert [(row[0], *row[2:]) for row in drawn] == bars


def test_a_unit_that_there_is_not_is_named() -> None:
    wrong = project_vars() | {"measures": {"spend": {"unit": "euro"}}}
    with pytest.raises(
        CompilerError, match=r"vars\.measures\.spend\.unit is 'euro'.*docs/value\.md"
    ):
        render("insights/dim_measure", wrong)


ATTRIBUTE, TABLE, COMPANY = Shape.CUSTOMER_ATTRIBUTE, Shape.CUSTOMER_TABLE, Shape.BUSINESS_MEASURE


@pytest.mark.parametrize(
    ("wanted", "row"),
    [
        (Measure("x_spend", ATTRIBUTE), {"unit": "money"}),
        (Measure("x_spend", ATTRIBUTE, value="unit_revenue"), {"unit": "money"}),
        (Measure("x_spend", ATTRIBUTE, value="revenue"), {"unit": "money"}),
        (Measure("x_spend", ATTRIBUTE, value="quantity"), {"unit": "number"}),
        (Measure("x_spend", ATTRIBUTE, "profiles", "count", None), {"unit": "count"}),
        (Measure("x_spend", ATTRIBUTE, function="count_distinct", value="line_amount"),
         {"unit": "count", "adds_up": False}),
        (Measure("x_spend", ATTRIBUTE, function="average", value="x"),
         {"unit": "number", "adds_up": False}),
        (Measure("x_spend", ATTRIBUTE, function="last", value="product_category"),
         {"unit": "text", "adds_up": False}),
        (Measure("x_spend", ATTRIBUTE, function="max", value="earned_points"),
         {"unit": "number", "adds_up": False}),
        # Of a measure it takes the unit; a sum or a mean of counts is a number.
        (Measure("x_spend", COMPANY, "profile_measures", "average", "average_order"),
         {"unit": "money", "adds_up": False, "of": "company"}),
        (Measure("x_spend", COMPANY, "profile_measures", "average", "points_balance",
                 per=("tier",)),
         {"unit": "number", "adds_up": False, "of": "company", "per": ["tier"]}),
    ],
)  # fmt: skip
def test_a_row_says_what_can_be_known_of_a_measure(
    tmp_path: Path, wanted: Measure, row: dict[str, Any]
) -> None:
    assert rows_added(tmp_path, wanted) == {"x_spend": {"title": "X spend", **row}}


def test_each_calculation_of_a_table_has_a_row(tmp_path: Path) -> None:
    assert rows_added(tmp_path, Measure("x_mean", TABLE, function="average")) == {
        "x_mean": {"title": "X mean", "unit": "money", "adds_up": False},
        "x_mean_row_count": {
            "title": "X mean row count", "unit": "count", "from": "x_mean", "value": "row_count"
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: {unit: count}  # why\n    # more\n\nmodels:",
         "a: {unit: count}  # why\n    # more\n@\nmodels:"),
        ("a:\n      unit: count  # why\n\n# On models.\nmodels:",
         "a:\n      unit: count  # why\n@\n# On models.\nmodels:"),
        ("a: {per: [x,\n      y]}\n  other: 1\nmodels:",
         "a: {per: [x,\n      y]}\n@  other: 1\nmodels:"),
    ],
)  # fmt: skip
def test_a_row_stands_behind_the_last_and_comments_stay(
    tmp_path: Path, before: str, after: str
) -> None:
    head = "vars:\n  first: 1\n  measures:\n    "
    (tmp_path / "dbt_project.yml").write_text(head + before + " {}\n")
    row = "    x_spend: {title: X spend, unit: money}\n"
    found = declaration(tmp_path, Measure("x_spend", ATTRIBUTE))
    assert found == head + after.replace("@", row) + " {}\n"


@pytest.mark.parametrize("before", ["name: x\n", "vars:\n  measures:\n", "vars: {measures: {}}\n"])
def test_the_first_row_needs_no_other(tmp_path: Path, before: str) -> None:
    (tmp_path / "dbt_project.yml").write_text(before)
    found = yaml.safe_load(declaration(tmp_path, Measure("x_spend", ATTRIBUTE)))
    assert found["vars"] == {"measures": {"x_spend": {"title": "X spend", "unit": "money"}}}


def test_measures_on_one_line_are_kept(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("vars:\n  measures: {a: {unit: count}}\n")
    found = yaml.safe_load(declaration(tmp_path, Measure("x_spend", ATTRIBUTE)))
    assert list(found["vars"]["measures"]) == ["a", "x_spend"]


def rows_added(folder: Path, wanted: Measure) -> dict[str, Any]:
    """What a measure adds to `vars.measures`."""
    shutil.copy(DBT_PROJECT_DIR / "dbt_project.yml", folder)
    after = yaml.safe_load(declaration(folder, wanted))["vars"]["measures"]
    return {name: row for name, row in after.items() if name not in project_vars()["measures"]}


def test_only_dimensions_that_tell_nobody_go_on() -> None:
    per = ("product_id", "campaign_id", "is_return", "order_id", "booked_at", "email")
    wanted = Measure("x_spend", Shape.CUSTOMER_MEASURE, per=per)
    assert withheld(wanted, ["email"]) == ["order_id", "booked_at", "email"]
