"""`c360 new measure`: what it writes builds and passes, and what can't be is refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.dashboard.templates import ask, read_template
from orchestration.errors import UserError
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.value.measure_text import Measure, Shape
from orchestration.value.new_measure import write_measure
from tests.own_data import project_copy
from tests.parsed import parsed

PURCHASES = """
    create table profile.purchases as
    select * replace (line_amount::decimal(18, 2) as line_amount)
    from (values
        ('p1', 'shop', 'o1', 1, 'Books', timestamp '2026-01-01', 10.00, false, 'a'),
        ('p1', 'shop', 'o1', 2, 'Toys', timestamp '2026-01-01', 40.00, false, 'b'),
        ('p1', 'shop', 'o2', 1, 'Books', timestamp '2026-01-05', -4.00, true, 'a'),
        ('p2', 'shop', 'o3', 1, null, timestamp '2026-01-03', 7.50, false, 'c'),
        (null, 'shop', 'o4', 1, 'Books', timestamp '2026-01-04', 1.00, false, 'a')
    ) as t (profile_id, source_system, order_id, line_number, product_category, booked_at,
        line_amount, is_return, note)
"""


# What the profile, the insights and the dashboards read beside the measures.
OTHERS = """
    create schema value;
    create table profile.profiles as
    select profile_id, true as is_known, 'Gold' as loyalty_tier
    from (values ('p1'), ('p2'), ('p3')) as t (profile_id);
    create schema policy;
    create table policy.look_backs as
    from (values ('12', 12), ('lifetime', null)) as t (look_back, months);
    create table policy.merge_policies as
    select 'timestamp_ordered' as policy, 'whole_graph' as stitching, true as is_default;
    create table value.customer_attributes as
    select 'p1' as profile_id, 1 as purchase_count, 5.00 as average_order_amount, 'EUR' as currency;
    create table value.loyalty_points as select 'p1' as profile_id, 7 as points_balance;
    create table value.revenue_by_category as
    select 'p1' as profile_id, 'Books' as product_category, 6.00 as net_amount;
    create table value.deciles as
    select 'p1' as profile_id, 'net_revenue' as metric, 'loyalty_tier' as category_type,
        'lifetime' as look_back, 1 as decile;
"""
EVERYWHERE = ("profile_measures", "dim_measure", "dim_merge_policy", "fact_measure")


def test_all_shapes_and_functions_build_and_pass_at_once(tmp_path: Path) -> None:
    project = project_copy(tmp_path / "project")
    settings = parsed(Settings(tmp_path / "data", tmp_path / "landing", project))
    wanted = [
        Measure("gross_spend", Shape.CUSTOMER_ATTRIBUTE, where="not is_return"),
        Measure("spend_by_category", Shape.CUSTOMER_MEASURE),
        Measure("mean_line", Shape.CUSTOMER_TABLE, function="average"),
        Measure("net_total", Shape.BUSINESS_MEASURE),
        Measure("buyers_by_return", Shape.BUSINESS_MEASURE, function="count_distinct",
                value="profile_id", per=("is_return",)),
        Measure("line_tally", Shape.CUSTOMER_ATTRIBUTE, function="count", value=None),
        Measure("dearest", Shape.CUSTOMER_ATTRIBUTE, function="max"),
        Measure("cheapest", Shape.CUSTOMER_ATTRIBUTE, function="min"),
        Measure("first_category", Shape.CUSTOMER_ATTRIBUTE, function="first",
                value="product_category", by="booked_at", tie="line_number"),
        Measure("last_category", Shape.CUSTOMER_ATTRIBUTE, function="last",
                value="product_category", where="product_category <> 'o''Hara \\ x'",
                by="booked_at", tie="line_number"),
        Measure("top_category", Shape.CUSTOMER_ATTRIBUTE, function="arg_max",
                value="product_category", by="line_amount", tie="line_number"),
        Measure("low_category", Shape.CUSTOMER_ATTRIBUTE, function="arg_min",
                value="product_category", by="line_amount", tie="line_number"),
    ]  # fmt: skip
    for measure in wanted:
        write_measure(project, measure)
    # A measure on a measure reads it like any other model of value.
    on_measure = Measure(
        "spend_mean", Shape.BUSINESS_MEASURE, "gross_spend", "average", "gross_spend"
    )
    write_measure(project, on_measure)
    # Two people are told of here.
    said = project / "dbt_project.yml"
    said.write_text(said.read_text().replace("minimum_cell_size: 5", "minimum_cell_size: 1"))
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("create schema profile")
        con.execute(PURCHASES)
        con.execute(OTHERS)
        con.execute("create schema conformed")
        con.execute(
            "create table conformed.refresh_period as select date '2026-01-31' as as_of_on, "
            "date '2026-01-01' as month_start_on"
        )
    names = [measure.name for measure in [*wanted, on_measure]]
    command = ["build", "--select", *names, *EVERYWHERE, "--indirect-selection", "cautious"]
    results = list(run_dbt(settings, command))
    close_connections()
    assert [(r.unique_id, r.message) for r in results if r.status not in ("success", "pass")] == []
    assert sum(r.unique_id.startswith("model.") for r in results) == len(names) + len(EVERYWHERE)
    tests = [r.unique_id for r in results if r.unique_id.startswith("test.")]
    for name in names:
        grain = (f".unique_{name}_", f".unique_combination_{name}_")
        assert any(g in test for g in grain for test in tests), name
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:

        def table(name: str) -> list[tuple[object, ...]]:
            return con.execute(f"from value.{name} order by all").fetchall()

        assert table("gross_spend") == [("p1", 50), ("p2", 7.5)]
        assert table("spend_by_category") == [
            ("p1", "Books", 6), ("p1", "Toys", 40), ("p2", None, 7.5)
        ]  # fmt: skip
        assert [(p, float(str(a)), n) for p, a, n in table("mean_line")] == [
            ("p1", 15.33, 3), ("p2", 7.5, 1)
        ]  # fmt: skip
        assert [row[1] for row in table("net_total")] == [54.5]
        assert table("buyers_by_return") == [(False, 2), (True, 1)]
        assert table("line_tally") == [("p1", 3), ("p2", 1)]
        assert table("dearest") == [("p1", 40), ("p2", 7.5)]
        assert table("cheapest") == [("p1", -4), ("p2", 7.5)]
        assert table("first_category") == [("p1", "Books"), ("p2", None)]
        assert table("last_category") == [("p1", "Books"), ("p2", None)]
        assert table("top_category") == [("p1", "Toys"), ("p2", None)]
        assert table("low_category") == [("p1", "Books"), ("p2", None)]
        assert [row[1] for row in table("spend_mean")] == [28.75]
        mine = con.execute(
            "select profile_id, gross_spend, first_category, mean_line_row_count, points_balance "
            "from value.profile_measures order by 1"
        ).fetchall()
        assert mine == [
            ("p1", 50, "Books", 3, 7), ("p2", 7.5, None, 1, None), ("p3", None, None, None, None)
        ]  # fmt: skip
    shown_everywhere(settings)


def shown_everywhere(settings: Settings) -> None:
    """Insights and the dashboards have the measures, each with what it may say."""
    settings.published_path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(settings.insights_build_path, settings.published_path)

    def answer(template: str, **chosen: str) -> list[tuple[Any, ...]]:
        rows = ask(settings, read_template(template), chosen)
        return list(
            rows.astype(object).where(rows.notna(), None).itertuples(index=False, name=None)
        )

    offered = {name for name, _ in answer("measures")}
    assert {"gross_spend", "spend_by_category", "net_total", "points_balance"} <= offered

    def told(measure: str, group: str = "dimension") -> list[tuple[Any, ...]]:
        return answer("measure_by_group", measure=measure, measure_group=group)

    assert told("gross_spend", "decile") == [
        ("1", "EUR", 1, 50, 50), ("none", "EUR", 1, 7.5, 7.5)
    ]  # fmt: skip
    by_category = told("spend_by_category")
    assert [(row[0], row[3]) for row in by_category] == [
        ("Toys", 40), ("Unknown", 7.5), ("Books", 6)
    ]  # fmt: skip
    # The mean of lines adds up to nothing; of a text only the people are told; a measure of no
    # people is what it is.
    assert told("mean_line", "decile")[0][3:] == (None, 15.33)
    assert told("top_category") == [("all", None, 1, None, 1)]
    assert told("net_total") == [("all", "EUR", 0, 54.5, 54.5)]
    assert told("buyers_by_return") == [
        ("false", None, 0, None, 2), ("true", None, 0, None, 1)
    ]  # fmt: skip


def test_what_could_tell_who_somebody_is_stays_in_value(tmp_path: Path) -> None:
    project = project_copy(tmp_path / "project")
    for name, per in {"by_order": "order_id", "by_instant": "booked_at"}.items():
        write_measure(project, Measure(name, Shape.CUSTOMER_MEASURE, per=(per,)))
    people = Measure("by_mail", Shape.BUSINESS_MEASURE, "profiles", "count", None, per=("email",))
    write_measure(project, people)
    said = yaml.safe_load((project / "dbt_project.yml").read_text())
    assert said == yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text())


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Measure("Gift", Shape.CUSTOMER_ATTRIBUTE), "lower case"),
        (Measure("../up", Shape.CUSTOMER_ATTRIBUTE), "lower case"),
        (Measure("average_order", Shape.CUSTOMER_ATTRIBUTE), "declares 'average_order' already"),
        (Measure("select", Shape.CUSTOMER_ATTRIBUTE), "word of SQL"),
        (Measure("deciles", Shape.CUSTOMER_ATTRIBUTE), r"already models/value/deciles\.sql"),
        (Measure("look_backs", Shape.CUSTOMER_ATTRIBUTE), r"already seeds/policy/look_backs\.csv"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, "orders"), "'orders' is none. .*purchases"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, value="abc"), "no column 'abc'. .* profile_id"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, function="median"), "no function 'median'"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, function="first"), "needs --by"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, value=None), "needs --value"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, per=("currency",)), "customer-measure"),
        (Measure("abc", Shape.CUSTOMER_MEASURE, "order_amounts", "count", None), "--per"),
        (Measure("abc", Shape.CUSTOMER_MEASURE, per=("profile_id",)), "beside it"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, where="colour = 1"), "no column 'colour'"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, where="(is_return"), "one SQL condition"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, where="{{ var('x') }}"), "one SQL condition"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, where="true from x; drop table y"), "one SQL"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, where="is_return, true"), "one SQL condition"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, where="is_return as x"), "one SQL condition"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, where="not\nis_return"), "one SQL condition"),
        (Measure("is_return", Shape.CUSTOMER_MEASURE, per=("is_return",)), "already a dimension"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, value="source_currency"), "sum takes numbers"),
        (Measure("abc", Shape.CUSTOMER_ATTRIBUTE, function="average", value="is_return"),
         r"purchases\.is_return holds none.*count_distinct"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_and_nothing_is_written(wanted: Measure, message: str) -> None:
    before = sorted((DBT_PROJECT_DIR / "models" / "value").iterdir())
    with pytest.raises(UserError, match=message):
        write_measure(DBT_PROJECT_DIR, wanted)
    assert sorted((DBT_PROJECT_DIR / "models" / "value").iterdir()) == before


def test_the_command_writes_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_copy(tmp_path / "project")
    monkeypatch.setenv("C360_DBT_PROJECT_DIR", str(project))
    result = CliRunner().invoke(app, ["new", "measure", "gift_revenue", "--where", "not is_return"])
    assert result.exit_code == 0, result.output
    assert "value.gift_revenue" in result.output
    text = (project / "models" / "value" / "gift_revenue.sql").read_text()
    assert "measure('sum', 'line_amount', where=\"not is_return\")" in text
    assert (project / "models" / "value" / "gift_revenue.yml").exists()
    assert "insights.fact_measure" in result.output and "dashboard" in result.output
    twice = ["new", "measure", "by_category", "--shape", "customer-measure"]
    told = CliRunner().invoke(app, [*twice, *["--per", "product_category"] * 2])
    assert told.exit_code == 0 and "profile_measures" not in told.output
    model = (project / "models" / "value" / "by_category.sql").read_text()
    assert "group by profile_id, product_category\n" in model
    withheld = CliRunner().invoke(
        app, ["new", "measure", "by_order", *twice[3:], "--per", "order_id"]
    )
    assert "It stays there" in withheld.output and "dashboard" not in withheld.output
    # A row is added, and nothing else of the file is touched.
    declared = "    gift_revenue: {title: Gift revenue, unit: money}\n"
    by_category = "    by_category: {title: By category, unit: money, per: [product_category]}\n"
    text = (project / "dbt_project.yml").read_text()
    assert text.count(declared) == text.count(by_category) == 1
    assert (
        text.replace(declared, "").replace(by_category, "")
        == (DBT_PROJECT_DIR / "dbt_project.yml").read_text()
    )
