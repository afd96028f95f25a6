"""Every row of every file is loaded or set aside with its line, and the log says so."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestration.errors import UserError
from orchestration.ingest import Column, SourceTable, load_all
from orchestration.settings import Settings

ID_AMOUNT = (Column("id"), Column("amount"))
CSV = SourceTable("shop", "orders", "shop__orders", "csv", "shop/**/*.csv", ID_AMOUNT)
ID_URL = (Column("id"), Column("url"))
NDJSON = SourceTable("web", "events", "web__events", "ndjson", "web/*.ndjson", ID_URL)
NO_TIER = (Column("no"), Column("tier"))
SQLITE = SourceTable(
    "loyalty", "members", "loyalty__members", "sqlite", "l/*.sqlite", NO_TIER, "members"
)


@pytest.fixture
def landing(settings: Settings) -> Iterator[Path]:
    settings.landing_dir.mkdir(parents=True)
    yield settings.landing_dir


def put(landing: Path, name: str, text: str) -> Path:
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        return con.execute(sql).fetchall()


def test_ragged_and_badly_quoted_lines_are_set_aside_with_their_line(
    settings: Settings, landing: Path
) -> None:
    put(landing, "shop/a.csv", 'id,amount\n1,2.50\n2,3,4\n3\n"4, ""x""",5\n5,"open\n')
    loaded = load_all(settings, [CSV])
    assert (loaded[0].rows_loaded, loaded[0].rows_rejected) == (2, 3)
    assert rows(settings, "select id from landing.shop__orders order by 1") == [("1",), ('4, "x"',)]
    lines = rows(settings, "select source_file, line_number from landing.rejected_lines order by 2")
    assert lines == [("shop/a.csv", 3), ("shop/a.csv", 4), ("shop/a.csv", 6)]


def test_column_order_may_differ_between_files_and_more_columns_are_ignored(
    settings: Settings, landing: Path
) -> None:
    put(landing, "shop/a.csv", "id,amount\n1,10\n")
    put(landing, "shop/deep/b.csv", "\ufeffnote,amount,id\nx,20,2\n")
    load_all(settings, [CSV])
    assert rows(settings, "select id, amount from landing.shop__orders order by 1") == [
        ("1", "10"),
        ("2", "20"),
    ]


def test_broken_json_lines_are_named(settings: Settings, landing: Path) -> None:
    lines = ['{"id": 1, "url": "/a"}', '{"id": 2, "url"', "[]", '{"url": "/b", "x": {}}', "no"]
    put(landing, "web/e.ndjson", "\n".join(lines))
    loaded = load_all(settings, [NDJSON])
    assert (loaded[0].rows_loaded, loaded[0].rows_rejected) == (2, 3)
    numbers = rows(settings, "select line_number from landing.rejected_lines order by 1")
    assert numbers == [(2,), (3,), (5,)]
    assert rows(settings, "select rows_rejected from operations.ingest_log") == [(3,)]


def test_sqlite_values_of_any_type_arrive_as_text(settings: Settings, landing: Path) -> None:
    (landing / "l").mkdir()
    with sqlite3.connect(landing / "l" / "x.sqlite") as db:
        db.execute("create table members (no, tier)")
        db.executemany("insert into members values (?, ?)", [(1, "Gold"), ("A2", None), (3.5, 7)])
    db.close()
    load_all(settings, [SQLITE])
    assert rows(settings, "select no, tier from landing.loyalty__members order by 1") == [
        ("1", "Gold"),
        ("3.5", "7"),
        ("A2", None),
    ]


def test_source_without_files_is_an_empty_table(settings: Settings, landing: Path) -> None:
    put(landing, "shop/a.csv", "id,amount\n1,10\n")
    load_all(settings, [CSV, NDJSON, SQLITE])
    assert rows(settings, "select count(*) from landing.web__events") == [(0,)]


def test_loading_again_replaces_instead_of_adding(settings: Settings, landing: Path) -> None:
    put(landing, "shop/a.csv", "id,amount\n1,10\n2\n")
    load_all(settings, [CSV])
    load_all(settings, [CSV])
    assert rows(settings, "select count(*) from landing.shop__orders") == [(1,)]
    assert rows(settings, "select count(*) from landing.rejected_lines") == [(1,)]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("shop/a.csv", b"id,total\n1,2\n", "lacks the column amount"),
        ("shop/a.csv", b"id,id,amount\n1,1,2\n", "names a column twice"),
        ("shop/a.csv", "id,am\u00f6unt\n".encode("latin-1"), "lacks the column amount"),
        ("l/x.sqlite", b"not a database", "members"),
        ("l/y.sqlite", b"", "members"),
    ],
)
def test_unusable_files_are_refused_by_name(
    settings: Settings, landing: Path, name: str, content: bytes, complaint: str
) -> None:
    put(landing, name, "").write_bytes(content)
    put(landing, "shop/good.csv", "id,amount\n1,10\n")
    shop, members = load_all(settings, [CSV, SQLITE])
    (failure,) = shop.failures + members.failures
    assert complaint in failure
    assert name in failure
    assert shop.rows_loaded == 1, "the good file beside it"


def test_empty_landing_folder_says_what_to_do(settings: Settings, landing: Path) -> None:
    with pytest.raises(UserError, match="c360 demo"):
        load_all(settings, [CSV])


def test_link_out_of_the_landing_folder_is_refused(
    settings: Settings, landing: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "secret.csv"
    outside.write_text("id,amount\n1,1\n")
    (landing / "shop").mkdir()
    (landing / "shop" / "a.csv").symlink_to(outside)
    with pytest.raises(UserError, match="leads out of"):
        load_all(settings, [CSV])


def test_a_gz_beside_it_is_not_mistaken_for_the_declared_file(
    settings: Settings, landing: Path
) -> None:
    put(landing, "shop/a.csv", "id,amount\n1,10\n")
    (landing / "shop" / "b.csv.gz").write_bytes(gzip.compress(b"id,amount\n2,20\n"))
    assert load_all(settings, [CSV])[0].rows_loaded == 1


cell = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(st.tuples(cell, cell), min_size=1, max_size=8), torn=st.integers(0, 3))
def test_rows_in_equal_rows_loaded_plus_rows_set_aside(
    settings: Settings, values: list[tuple[str, str]], torn: int
) -> None:
    """Any text goes through JSON unchanged; broken lines in between are counted, none is lost."""
    settings.landing_dir.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"id": f"k{i}{a}", "url": b}) for i, (a, b) in enumerate(values)]
    lines[1:1] = ['{"id": "torn'] * torn
    put(settings.landing_dir, "web/e.ndjson", "\n".join(lines) + "\n")
    loaded = load_all(settings, [NDJSON])[0]
    assert (loaded.rows_loaded, loaded.rows_rejected) == (len(values), torn)
    found = {str(r[0]) for r in rows(settings, "select id from landing.web__events")}
    assert found == {f"k{i}{a}" for i, (a, b) in enumerate(values)}
