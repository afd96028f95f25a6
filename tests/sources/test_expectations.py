"""Expectations are proposed, reviewed by people, then stop a run; they never say a value."""

from __future__ import annotations

import io
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.expectations import load_source_suite, reviewed_suites
from orchestration.expectations.assets import landing_gate, sentence, unexpected_text
from orchestration.expectations.propose import propose_expectations
from orchestration.locking import WriterLock
from orchestration.profiles import ProfiledTable, profile_tables
from orchestration.quality.validation import validate
from orchestration.settings import Settings
from orchestration.terminal import Console
from orchestration.warehouse import connect_writer
from tests.sources.loaded import load

COLUMNS = ("order_id", "customer", "status", "amount", "ordered_at", "note", "agent")
ORDERS = ProfiledTable("shop", "orders", "shop__orders", tuple((c, None, None) for c in COLUMNS))
MANIFEST = {
    "nodes": {},
    "sources": {
        "source.x.shop.orders": {
            "source_name": "shop",
            "name": "orders",
            "identifier": "shop__orders",
            "config": {"meta": {"format": "csv", "path": "orders.csv"}},
            "columns": {name: {} for name in COLUMNS},
        }
    },
}


def orders(count: int = 200) -> list[dict[str, Any]]:
    return [
        {
            "order_id": f"O{i:05}",
            "customer": f"Secret Person {i % 90}",
            "status": "completed" if i % 4 else "cancelled",
            "amount": f"{10 + i % 50}.50",
            "ordered_at": f"2026-01-{1 + i % 28:02} 10:{i % 60:02}:00",
            "note": "gift" * (1 + i % 3) if i % 2 else None,
            "agent": "a browser with a name that is much longer than what is kept " + "ab"[i % 2],
        }
        for i in range(count)
    ]


def write(settings: Settings, rows: list[dict[str, Any]], load_id: str, profile: bool) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        load(con, ORDERS, rows, load_id)
        if profile:
            assert [o.state for o in profile_tables(con, [ORDERS])] == ["profiled"]


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """A source that has been loaded and profiled, in a project of the user's own."""
    project = tmp_path / "project"
    project.mkdir()
    settings = Settings(tmp_path / "data", tmp_path / "landing", project)
    write(settings, orders(), "load1", profile=True)
    return settings


def propose(settings: Settings, yes: bool = True, **options: Any) -> tuple[Path | None, str]:
    said = io.StringIO()
    path = propose_expectations(
        settings, "shop", yes=yes, console=Console(file=said, width=200), **options
    )
    return path, said.getvalue()


def review(path: Path) -> None:
    text = path.read_text()
    assert text.count("status: proposed\n") == 1
    path.write_text(text.replace("status: proposed\n", "status: reviewed\n"))


def test_nothing_is_written_without_a_yes_and_a_reviewed_suite_stays(shop: Settings) -> None:
    path, said = propose(shop, yes=False)
    assert path is None and "--yes" in said and "has no value twice" in said
    assert not (shop.dbt_project_dir / "expectations").exists()
    assert propose(shop, yes=False, confirm=lambda question: "no" in "yes")[0] is None
    path, _ = propose(shop, yes=False, confirm=lambda question: question.startswith("Write"))
    assert path == shop.dbt_project_dir / "expectations" / "shop.yml"
    assert "Secret Person" not in path.read_text()
    assert propose(shop)[0] == path, "a proposal may be made anew"
    review(path)
    with pytest.raises(UserError, match="reviewed"):
        propose(shop)


def test_each_kind_of_rule_holds_as_proposed_and_is_noticed_when_broken(shop: Settings) -> None:
    path, _ = propose(shop)
    assert path
    suite = load_source_suite(path)
    with duckdb.connect(str(shop.warehouse_path)) as con:
        as_proposed = validate(con, "shop", suite.promises)
        assert [sentence(r) for r in as_proposed.results if not r.kept] == []
    faults: dict[str, Any] = {
        "order_id": "O00001",
        "customer": "Someone With A Very Long Secret Name Indeed, And More Of It",
        "status": "teleported",
        "amount": "99999999",
        "ordered_at": "1970-01-01 00:00:00",
        "note": None,
    }
    few = [row | (faults if i == 7 else {}) for i, row in enumerate(orders())]
    many = [row | (faults if i % 20 == 0 else {}) for i, row in enumerate(orders())]
    blank = dict.fromkeys(COLUMNS, " ")
    empty = [row | (blank if i == 7 else {}) for i, row in enumerate(orders(20))]
    found = []
    for rows in (few, many, empty):
        write(shop, rows, "load2", profile=False)
        with duckdb.connect(str(shop.warehouse_path)) as con:
            found.append(validate(con, "shop", suite.promises))
    assert found[0].passed, "one bad row in 200 is staging's to set aside"
    broken = {sentence(r) for r in found[1].broken}
    assert broken == {
        "orders.order_id has no value twice (found 10)",
        "orders.customer has a usual length (found 10 of 200 values)",
        "orders.status is one of its 2 known values (found 10 of 200 values)",
        "orders.amount lies in its usual range (found 10 of 200 values)",
        "orders.ordered_at is not older than what came before (found 10 of 200 values)",
    }
    names = [name for name in COLUMNS if name != "note"]
    absent = {f"orders.{name} is never empty (found 1 of 20 values)" for name in names}
    assert {"orders has a usual number of rows (found 20)", *absent} == {
        sentence(r) for r in found[2].broken
    }
    told = " ".join(unexpected_text(result) for result in found[1:])
    for secret in ("teleported", "Secret", "O00001", "99999999", "1970"):
        assert secret not in told
    assert "shop.yml" in told and "Nothing was staged" in told


def run_gate(settings: Settings) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    @dg.asset(key=["shop", "orders"])
    def landing() -> None: ...

    @dg.asset(key=["staging", "stg_shop__orders"], deps=[["gate", "ingest"]])
    def staging() -> None: ...

    # The connections of the resource without the run around it, which needs a whole project.
    warehouse = SimpleNamespace(get_connection=partial(connect_writer, settings))
    result = dg.materialize(
        [landing, landing_gate(settings, MANIFEST), staging],
        resources={"warehouse": dg.ResourceDefinition.hardcoded_resource(warehouse)},
        raise_on_error=False,
    )
    events = result.get_asset_materialization_events()
    built = [event.asset_key.to_user_string() for event in events if event.asset_key]
    return result, built


def test_only_a_reviewed_suite_stops_the_run_before_staging(shop: Settings) -> None:
    path, _ = propose(shop)
    assert path
    faulty = [row | ({"status": "teleported"} if i < 50 else {}) for i, row in enumerate(orders())]
    write(shop, faulty, "load2", profile=False)
    assert reviewed_suites(shop) == []
    result, built = run_gate(shop)
    assert result.success and "staging/stg_shop__orders" in built
    review(path)
    result, built = run_gate(shop)
    assert not result.success and "staging/stg_shop__orders" not in built
    checks = {c.check_name: c for c in result.get_asset_check_evaluations()}
    assert checks["shop_has_nothing_unusual"].passed
    description = checks["shop_is_as_expected"].description or ""
    assert "orders.status is one of its 2 known values (found 50 of 200 values)" in description
    page = (shop.data_docs_dir / "source_shop.html").read_text()
    assert "✗ broken" in page and "50 of 200 values" in page and "teleported" not in page
    assert "source_shop.html" in (shop.data_docs_dir / "index.html").read_text()
    # A promise that only warns is shown and lets the run go on.
    text = path.read_text()
    path.write_text(
        re.sub(r"(  - name: orders_status_is_known\n)", r"\1    severity: warning\n", text)
    )
    result, built = run_gate(shop)
    checks = {c.check_name: c for c in result.get_asset_check_evaluations()}
    assert result.success and "staging/stg_shop__orders" in built
    assert not checks["shop_has_nothing_unusual"].passed


def test_mistakes_are_told_with_what_to_do(shop: Settings, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no profile of a source other.*profiles of shop"):
        propose_expectations(shop, "other", yes=True, console=Console(file=io.StringIO()))
    bare = Settings(tmp_path / "nothing", tmp_path / "landing", shop.dbt_project_dir)
    with pytest.raises(UserError, match="c360 run"):
        propose(bare)
    with WriterLock(shop.data_dir), pytest.raises(UserError, match="writing the warehouse"):
        propose(shop)
    path = tmp_path / "suite.yml"
    promise = "promises: [{name: a, table: t, why: w, expectation: E}]"
    for text, message in {
        "status: maybe": "status: proposed",
        "[": "can't be read as YAML",
        f"status: reviewed\n{promise}": "promise 1, lacks 't'",
        f"status: reviewed\nqueries: {{t: select 1}}\n{promise[:-1]}, "
        "{name: a, table: t, why: w, expectation: E}]": "promise a twice",
    }.items():
        path.write_text(text)
        with pytest.raises(UserError, match=message):
            load_source_suite(path)
