"""Questions: each runs as it stands, returns what its chart needs, and reads the newest version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.dashboard.pages import Item, Selector
from orchestration.dashboard.reading import read_pages
from orchestration.dashboard.templates import (
    MESSAGE,
    TEMPLATES_DIR,
    ask,
    data_function,
    read_template,
)
from orchestration.errors import UserError
from orchestration.settings import Settings
from orchestration.warehouse import connect_published
from tests.conftest import Company
from tests.dashboard import published_model

TRENDS = {
    "profile_count_change_trend_by_namespace",
    "published_days",
    "segment_change_trend",
    "segment_trend",
}
"""Templates that ask for all days."""
UNKNOWN_AT_FIRST = {"audience_responses", "sync_latest_runs", "sync_rows_by_day"}
"""Templates that ask who was in a segment, or what syncs did, before the first refresh."""
TEMPLATES = sorted(file.stem for file in TEMPLATES_DIR.glob("*.sql"))
ITEMS = [item for page in read_pages().sound for item in page.items]
SELECTORS = [
    selector
    for page in read_pages().sound
    for selector in page.selectors + [s for item in page.items for s in item.selectors]
]


def test_every_template_runs_as_it_stands(published: Settings) -> None:
    with connect_published(published) as con:
        for name in TEMPLATES:
            con.execute(read_template(name).sql).fetchall()


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_every_template_returns_what_its_item_shows(published: Settings, item: Item) -> None:
    rows = ask(published, read_template(item.template))
    assert item.columns() <= set(rows.columns)
    assert len(rows) > 0


@pytest.mark.parametrize("selector", SELECTORS, ids=lambda selector: selector.variable)
def test_every_choice_is_an_answer(published: Settings, selector: Selector) -> None:
    rows = ask(published, read_template(selector.options))
    assert list(rows.columns) == ["option_value", "option_label"]
    assert rows["option_value"].is_unique
    assert selector.start is None or selector.start in set(rows["option_value"])


def test_a_real_run_answers_every_template(finished_company: Company) -> None:
    for item in ITEMS:
        rows = ask(finished_company.settings, read_template(item.template))
        assert item.columns() <= set(rows.columns)
        assert (len(rows) > 0) != (item.template in UNKNOWN_AT_FIRST), item.id


def test_earlier_days_and_other_policies_change_no_answer(published: Settings) -> None:
    templates = [
        template
        for template in map(read_template, TEMPLATES)
        if template.name not in TRENDS and "days" not in template.variables
    ]

    def answers() -> dict[str, list[Any]]:
        with connect_published(published) as con:
            return {t.name: con.execute(t.sql).fetchall() for t in templates}

    before = answers()
    with duckdb.connect(str(published.published_path)) as con:
        for table, columns in published_model.contracts().items():
            if "date_key" not in columns or not table.startswith("fact_"):
                continue
            con.execute(f"create temp table older as from {table}")
            for column, kind in columns.items():
                if kind == "bigint" or kind.startswith("decimal"):
                    con.execute(f"update older set {column} = 7 * {column} + 1")
            con.execute("update older set date_key = date_key - 400")
            con.execute(f"insert into {table} from older")
            con.execute("drop table older")
        for table in ("fact_profile", "fact_profile_by_namespace"):
            con.execute(
                f"insert into {table} select * replace (2 as merge_policy_id, 1 as profile_count) "
                f"from {table}"
            )
    assert answers() == before


def test_a_choice_reaches_the_query(published: Settings) -> None:
    template = read_template("value_by_decile")
    lifetime = ask(published, template)["net_amount"].sum()
    assert ask(published, template, {"look_back": "lifetime"})["net_amount"].sum() == lifetime
    assert ask(published, template, {"look_back": "1"})["net_amount"].sum() < lifetime
    tiers = ask(published, read_template("loyalty_tiers"))["option_value"]
    by_tier = [
        ask(published, template, {"loyalty_tier": tier})["net_amount"].sum() for tier in tiers
    ]
    assert sum(by_tier) == pytest.approx(lifetime)
    assert ask(published, template, {"loyalty_tier": None})["net_amount"].sum() == lifetime


def test_what_is_expected_says_how_far_it_is_to_be_trusted(published: Settings) -> None:
    template = read_template("expected_value")
    [row] = ask(published, template).to_dict("records")
    assert row["profile_count"] == 6400 and row["grade"] == "B"
    assert row["bias_label"] == "-3 % (-12 to +4)"
    assert row["coverage_label"] == "84 of 86 %" and row["top_decile_label"] == "42 %"
    with duckdb.connect(str(published.published_path)) as con:
        con.execute(
            "update insights.fact_lifetime_value set coverage_holds = false, "
            "is_better_than_chance = false"
        )
    [row] = ask(published, template).to_dict("records")
    assert row["coverage_label"] == "84 of 86 %, withheld"
    assert row["top_decile_label"] == "42 %, maybe chance"
    with duckdb.connect(str(published.published_path)) as con:
        con.execute("delete from insights.fact_lifetime_value where predicted_amount is not null")
    assert ask(published, template).isna().all(axis=None)


@pytest.mark.parametrize("value", ["'; drop table insights.fact_profile; --", "' or '1' = '1", ""])
def test_a_value_never_becomes_part_of_the_sql(published: Settings, value: str) -> None:
    rows = data_function(published, read_template("value_by_decile"))(look_back=value)
    assert rows.empty
    assert "no data" in rows.attrs[MESSAGE]


def test_a_newly_published_version_answers_next(published: Settings) -> None:
    load = data_function(published, read_template("key_figures"))
    assert load()["known_profile_count"].tolist() == [9874]
    published_model.write(published.published_path, known_profiles=11)
    assert load()["known_profile_count"].tolist() == [11]


def test_the_published_file_is_not_held_open(published: Settings) -> None:
    ask(published, read_template("key_figures"))
    handles = Path("/proc/self/fd")
    if not handles.is_dir():
        pytest.skip("open files can be listed on Linux only")
    held = [handle.resolve() for handle in handles.iterdir() if handle.exists()]
    assert published.published_path.resolve() not in held


def test_nothing_published_is_said_where_the_chart_would_be(settings: Settings) -> None:
    template = read_template("revenue_by_month")
    with pytest.raises(UserError, match="Nothing is published yet") as told:
        ask(settings, template)
    assert told.value.exit_code == 3
    rows = data_function(settings, template)()
    assert rows.empty
    assert "c360 run" in rows.attrs[MESSAGE]


def test_an_older_published_model_is_said_too(published: Settings, tmp_path: Path) -> None:
    (tmp_path / "newer.sql").write_text(
        "-- {title: Newer, question: 'New?', grain: One row., chart: none}\n"
        "select * from insights.fact_of_tomorrow"
    )
    rows = data_function(published, read_template("newer", tmp_path))()
    assert "newer.sql" in rows.attrs[MESSAGE]
    assert "c360 run" in rows.attrs[MESSAGE]
