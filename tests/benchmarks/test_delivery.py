"""A delivery has news of every kind for every source, and the same seed makes the same one."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from benchmarks.delivered_tables import SQLITE, TABLES, DeliveredTable
from benchmarks.delivery import SHARES, Counts, deliver
from orchestration.demo import DemoParameters, generate
from orchestration.settings import DBT_PROJECT_DIR

END_ON = date(2026, 10, 1)
LISTS = {"web_shop.products", "email_marketing.campaigns", "loyalty.tiers"}
Rows = set[tuple[Any, ...]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landing folder of a company that nothing has been delivered to."""
    folder = tmp_path_factory.mktemp("delivery")
    generate(DemoParameters(customers=300, end_on=END_ON), folder / "landing", folder / "truth")
    return folder / "landing"


@pytest.fixture(scope="module")
def delivered(company: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counts]:
    """The same company after its first delivery."""
    landing = tmp_path_factory.mktemp("first") / "landing"
    shutil.copytree(company, landing)
    return landing, bring(landing, 1)


def bring(landing: Path, number: int, seed: int = 360) -> Counts:
    return deliver(landing, number, END_ON, seed, landing.parent / "spill")


def declared() -> dict[str, list[str]]:
    """Every table that the project's sources declare, with its columns."""
    found = {}
    for path in sorted(DBT_PROJECT_DIR.glob("models/staging/*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text())["sources"]:
            for table in source["tables"]:
                columns = [column["name"] for column in table["columns"]]
                found[f"{source['name']}.{table['name']}"] = columns
    return found


def rows(landing: Path, table: DeliveredTable, pattern: str = "*") -> Rows:
    """The rows of a table's files, or of its SQLite table, apart from lines that are none."""
    if table.format == SQLITE:
        with closing(sqlite3.connect(landing / "loyalty" / "loyalty.sqlite")) as database:
            columns = ", ".join(table.columns)
            return set(database.execute(f"select {columns} from {table.table}").fetchall())
    files = sorted((landing / table.system / table.table).glob(f"{pattern}.{table.format}"))
    if not files:
        return set()
    shape = f"columns = {dict.fromkeys(table.columns, 'varchar')}"
    reader = "read_csv" if table.format == "csv" else "read_json"
    options = "header = true, auto_detect = false" if table.format == "csv" else "format = 'nd'"
    with duckdb.connect() as con:
        return set(
            con.execute(
                f"select * from {reader}({[str(f) for f in files]}, {shape}, {options}, "
                "ignore_errors = true)"
            ).fetchall()
        )


def keys(found: Rows, table: DeliveredTable) -> Rows:
    places = [table.columns.index(column) for column in table.key]
    return {tuple(row[place] for place in places) for row in found}


def test_every_declared_table_gets_news_and_is_known_with_its_columns(
    delivered: tuple[Path, Counts],
) -> None:
    counts = delivered[1]
    assert declared().keys() - LISTS == counts.keys()
    for table in TABLES:
        assert list(table.columns) == declared()[table.name]
        for fate in ("new", "changed", "withdrawn", "late", "repeated"):
            assert counts[table.name][fate] > 0, (table.name, fate)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_what_comes_is_what_its_name_says(
    company: Path, delivered: tuple[Path, Counts], table: DeliveredTable
) -> None:
    before, landing = rows(company, table), delivered[0]
    if table.format == SQLITE:
        after = rows(landing, table)
        assert keys(after, table) - keys(before, table), "new"
        assert keys(before, table) - keys(after, table), "withdrawn"
        assert keys(after - before, table) & keys(before, table), "changed"
        return
    new, late, changed, repeated = (
        rows(landing, table, f"update-0001-{fate}")
        for fate in ("new", "late", "changed", "repeated")
    )
    assert new and not keys(new, table) & keys(before, table)
    assert late and not keys(late, table) & keys(before, table)
    instant = table.columns.index(table.instant)
    assert min(row[instant] for row in new) >= str(END_ON) > max(row[instant] for row in late)
    assert changed and keys(changed, table) <= keys(before, table) and not changed & before
    assert repeated and repeated <= before


@pytest.mark.parametrize("table", [t for t in TABLES if t.format != SQLITE], ids=lambda t: t.name)
def test_withdrawn_rows_were_there_and_are_named_by_key_and_instant(
    company: Path, delivered: tuple[Path, Counts], table: DeliveredTable
) -> None:
    (path,) = (delivered[0] / table.system / table.table / "Deletes").iterdir()
    reader = "read_csv" if table.format == "csv" else "read_json"
    with duckdb.connect() as con:
        found = con.execute(f"from {reader}('{path}')")
        assert [column[0] for column in found.description or []] == [*table.key, table.instant]
        gone = {tuple(map(str, row[:-1])) for row in found.fetchall()}
    assert gone and gone <= keys(rows(company, table), table)


def test_the_second_delivery_comes_over_what_the_first_has_left(
    delivered: tuple[Path, Counts], tmp_path: Path
) -> None:
    landing = tmp_path / "landing"
    shutil.copytree(delivered[0], landing)
    first = {table.name: rows(landing, table, "update-0001-*") for table in TABLES}
    changed = {table.name: rows(landing, table, "update-0001-changed") for table in TABLES}
    bring(landing, 2)
    taken_up, taken_out = 0, 0
    for table in TABLES:
        if table.format == SQLITE:
            continue
        folder = landing / table.system / table.table
        assert not (folder / f"update-0001-late.{table.format}").exists()
        left = rows(landing, table, "update-0001-changed")
        assert left <= changed[table.name]
        taken_out += len(changed[table.name] - left)
        second = keys(rows(landing, table, "update-0002-changed"), table)
        taken_up += len(second & keys(first[table.name], table))
    assert taken_up and taken_out


def test_the_same_seed_makes_the_same_delivery_and_another_one_another(
    company: Path, delivered: tuple[Path, Counts], tmp_path: Path
) -> None:
    same, other = tmp_path / "same" / "landing", tmp_path / "other" / "landing"
    for landing in (same, other):
        shutil.copytree(company, landing)
    bring(same, 1)
    bring(other, 1, seed=7)
    assert hashes(same) == hashes(delivered[0])
    assert hashes(same).keys() == hashes(other).keys() and hashes(same) != hashes(other)


def hashes(landing: Path) -> dict[str, str]:
    return {
        str(path.relative_to(landing)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in landing.rglob("*")
        if path.is_file()
    }


def test_the_shares_are_one_per_cent() -> None:
    assert sum(SHARES.values()) == pytest.approx(0.01)
