"""What the page says of a company agrees with `c360 segment preview` and with the rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.rule_builder.builder import Builder
from orchestration.rule_builder.form import EVENT_TYPE, EVENTS
from orchestration.rule_builder.values import values
from orchestration.rule_builder.wire import to_wire
from orchestration.segment_tools.compare import LEAST_PEOPLE
from orchestration.segment_tools.compiled import left_by_parse
from orchestration.segment_tools.origins import Labels, labels_of
from orchestration.segment_tools.preview import Asked, preview, sizes
from orchestration.segments.reading import parse_rule_text
from orchestration.settings import DBT_PROJECT_DIR, Settings
from tests.conftest import Company

RULES = [
    *sorted(Path(__file__).with_name("by_hand").glob("*.yml")),
    DBT_PROJECT_DIR / "segment_rules" / "win_back.yml",
]


@pytest.fixture(scope="module")
def builder(finished_company: Company) -> Builder:
    return Builder(finished_company.settings)


@pytest.fixture(scope="module")
def warehouse(finished_company: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(finished_company.settings.warehouse_path), read_only=True) as con:
        yield con


def sent(path: Path) -> Any:
    return to_wire(parse_rule_text(path.read_bytes(), path.name).data)


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_count_is_that_of_the_preview(
    builder: Builder, finished_company: Company, tmp_path: Path, path: Path
) -> None:
    name, rule = path.stem, sent(path)
    checked = builder.check(name, rule)
    assert checked["says"] == ""
    file = tmp_path / f"{name}.sql"
    file.write_text(checked["sql"], "utf-8")
    told = preview(finished_company.settings, name, file)
    found = builder.count(name, rule)
    assert found["qualified"] == told["qualified"]
    assert found["profiles"] == told["profiles"]
    last = [one for one in found["clauses"] if one["path"] in ("include", "exclude")][-1]
    assert last["so_far"] == found["qualified"]
    if rule.get("keeps_opted_out"):
        # The file of SQL has no YAML, so that preview takes the rule for one that does not.
        assert found["members"] >= told["members"]
    else:
        assert found["members"] == told["members"]
        assert found["kept_out"] == told["kept_out"]
    [conditions] = [one["conditions"] for one in told["filters"] if one["step"] == "members"]
    if "all" in rule["include"] and "exclude" not in rule:
        clauses = [one for one in found["clauses"] if one["path"].count("[") == 1]
        assert [c["so_far"] for c in clauses] == [c["cumulative"] for c in conditions]


def test_what_the_rule_says_of_its_segment_is_what_is_counted(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Asked] = []

    def noted(con: duckdb.DuckDBPyConnection, settings: Settings, one: Asked) -> dict[str, Any]:
        asked.append(one)
        return sizes(con, settings, one)

    monkeypatch.setattr("orchestration.rule_builder.builder.sizes", noted)
    rule = sent(RULES[-1])
    untitled = {"title": "", "owner": "", "purpose": ""}  # counted all the same
    assert "is empty" in builder.check("", {**rule, **untitled})["says"]
    for more in (untitled, {"keeps_opted_out": True}, {"state": "inactive"}):
        assert builder.count("", {**rule, **more})["qualified"] > 0
    assert [one.keeps_opted_out for one in asked] == [False, True, False]
    assert [one.state for one in asked] == ["active", "active", "inactive"]


def test_values_are_those_of_the_rows_and_small_cells_are_left_out(
    builder: Builder, warehouse: duckdb.DuckDBPyConnection
) -> None:
    for table, column in (("profile.profiles", "loyalty_tier"), (f"profile.{EVENTS}", EVENT_TYPE)):
        found = builder.values(table.split(".")[1], column)
        rows = warehouse.execute(
            f"select {column}, count(distinct profile_id) from {table} where {column} is not null "
            "group by 1 order by 2 desc, 1"
        ).fetchall()
        shown = [(value, people) for value, people in rows if people >= LEAST_PEOPLE]
        assert [(one["value"], one["people"]) for one in found["values"]] == shown
        assert bool(found["says"]) == (len(shown) < len(rows))
        assert shown


def test_no_value_of_a_person_is_shown(
    builder: Builder, finished_company: Company, warehouse: duckdb.DuckDBPyConnection
) -> None:
    tables, known = builder.form()["tables"], builder.catalogue
    labels = labels_of(warehouse, left_by_parse(finished_company.settings))
    telling, personal = 0, 0
    for table in ("profiles", "enrichment", "customer_attributes"):
        for column, about in tables[table]["columns"].items():
            found = values(warehouse, known, labels, table, column)["values"]
            assert all(one["people"] >= LEAST_PEOPLE for one in found)
            assert not (found and about["is_personal"])
            telling += bool(found)
            personal += about["is_personal"]
    assert telling > 3
    assert personal > 5
    for column in ("email", "phone", "birth_date"):
        assert tables["profiles"]["columns"][column]["is_personal"]
    # A label that only dbt's last parse knows hides as well.
    hidden = Labels(labels.tables, {**labels.hidden, "profile.profiles": {"loyalty_tier"}})
    assert values(warehouse, known, labels, "profiles", "loyalty_tier")["values"]
    assert values(warehouse, known, hidden, "profiles", "loyalty_tier")["values"] == []
