"""Tables of a real PostgreSQL server: snapshots, watermarks, late rows, a connection that drops."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.ingest import Column, SourceTable, load_all
from orchestration.ingest.watch import UNREACHABLE, source_states
from orchestration.settings import Settings
from tests.postgresql import running
from tests.sources.added import add

COLUMNS = (Column("id"), Column("name"), Column("amount"), Column("changed_at"))
Sql = Callable[[str], None]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Sql, Sql]]:
    """A server's address, what runs SQL in it, and what starts and stops it."""
    with running() as server:
        yield server.url, server.sql, server.control


def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        return con.execute(sql).fetchall()


def declared(url: str, watermark: str | None = None) -> SourceTable:
    return SourceTable(
        "shop",
        "orders",
        "shop__orders",
        "postgresql",
        "",
        COLUMNS,
        "public.orders",
        url=url,
        watermark=watermark,
    )


CREATE = (
    "drop table if exists orders; create table orders (id int, name text, amount numeric(10,2), "
    "changed_at timestamptz, note text); "
    "insert into orders select i, 'n' || i, i * 1.5, timestamptz '2024-01-01 00:00:00+00' "
    "+ i * interval '1 hour' from generate_series(1, 50) as i"
)
ALL = "select * from landing.shop__orders order by all"


def test_snapshot_is_replaced(settings: Settings, server: tuple[str, Sql, Sql]) -> None:
    url, sql, _ = server
    sql(CREATE)
    (loaded,) = load_all(settings, [declared(url)])
    assert (loaded.rows_loaded, loaded.failures) == (50, [])
    sql("delete from orders where id <= 10; update orders set name = 'x' where id = 11")
    (loaded,) = load_all(settings, [declared(url)])
    assert loaded.rows_loaded == 40
    found = rows(settings, "select name from landing.shop__orders where id = '11'")
    assert found == [("x",)]


def test_watermark_reads_nothing_twice_and_misses_nothing(
    settings: Settings, tmp_path: Path, server: tuple[str, Sql, Sql]
) -> None:
    url, sql, _ = server
    sql(CREATE + "; insert into orders values (99, 'no instant', 1, null)")
    table = declared(url, "changed_at")
    load_all(settings, [table])
    last = "timestamptz '2024-01-03 02:00:00+00'"
    sql(f"insert into orders values (51, 'same instant, written later', 1, {last})")
    sql("insert into orders values (52, 'newer', 1, '2024-02-01')")
    sql("update orders set name = 'changed', changed_at = '2024-02-02' where id = 3")
    load_all(settings, [table])
    latest = rows(settings, "select rows_loaded from operations.ingest_log order by rowid")
    assert latest[-2:] == [(4,), (1,)], "the boundary again, its late row, two new; no instant"
    keys = rows(
        settings, "select id, count(*) from landing.shop__orders group by 1 having count(*) > 1"
    )
    assert keys == [("3", 2)], "the version of before stays, as superseded versions do"
    positions = rows(
        settings, "select source_file, source_row from landing.shop__orders order by all"
    )
    assert len(positions) == len(set(positions)) == 54
    once = Settings(tmp_path / "once", settings.landing_dir, settings.dbt_project_dir)
    load_all(once, [table])
    newest = (
        "select id, name, amount, changed_at from landing.shop__orders "
        "qualify row_number() over (partition by id order by changed_at desc) = 1 order by all"
    )
    assert rows(settings, newest) == rows(once, newest)


def test_a_lost_server_keeps_what_was_loaded(
    settings: Settings, server: tuple[str, Sql, Sql], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C360_RETRY_PAUSES", "0")
    url, sql, control = server
    sql(CREATE)
    load_all(settings, [declared(url)])
    before = rows(settings, ALL)
    # A row that breaks in the middle of the stream, after thousands of good ones.
    sql(
        "drop table orders; create function boom(i int) returns text language plpgsql as $$ begin "
        "if i = 40000 then perform pg_terminate_backend(pg_backend_pid()); end if; "
        "return 'n' || i; end $$; create view orders as select i as id, boom(i) as name, "
        "1 as amount, now() as changed_at from generate_series(1, 50000) as i"
    )
    (loaded,) = load_all(settings, [declared(url)])
    assert rows(settings, ALL) == before
    (message,) = loaded.failures
    assert "server" in message
    assert "what was loaded before stays" in message
    sql("drop view orders; drop function boom")
    (loaded,) = load_all(settings, [declared(url)])
    assert "has no table" in loaded.failures[0]
    control("stop")
    (loaded,) = load_all(settings, [declared(url)])
    control("start")
    assert "Check that the server runs" in loaded.failures[0]
    assert rows(settings, ALL) == before


def test_names_are_quoted(settings: Settings, server: tuple[str, Sql, Sql]) -> None:
    url, sql, _ = server
    sql(
        'drop table if exists "we""ird; --"; create table "we""ird; --" ("a "" b" text); '
        'insert into "we""ird; --" values (\'1\')'
    )
    table = replace(declared(url), database_table='we"ird; --', columns=(Column("a_b", 'a " b'),))
    (loaded,) = load_all(settings, [table])
    assert (loaded.rows_loaded, loaded.failures) == (1, [])


def test_source_add_declares_a_table_of_a_server(
    tmp_path: Path, server: tuple[str, Sql, Sql]
) -> None:
    url, sql, _ = server
    sql(
        "create schema crm; create table crm.customers (customer_id int primary key, email text, "
        "first_name text, last_name text, updated_at timestamptz); insert into crm.customers "
        "select i, 'p' || i || '@example.org', 'Ann', 'Lee', timestamptz '2024-05-01 10:00:00+00' "
        "from generate_series(1, 40) as i"
    )
    added = add(tmp_path, "crm", url.replace("shop@", "shop:secret@"), tables=["crm_customers"])
    assert added.feeds() == {"crm_customers": "customer_records"}
    assert added.meta("crm_customers")["watermark"] == "updated_at"
    assert "secret" not in added.shown + "".join(p.read_text() for p in added.folder.iterdir())
    assert added.reasons("crm_customers") == {None: 40}


def test_news_are_seen_without_reading_a_table(
    settings: Settings, server: tuple[str, Sql, Sql]
) -> None:
    url, sql, _ = server
    sql("drop schema if exists crm cascade; " + CREATE.replace("id int", "id int primary key"))
    marked, whole = declared(url, "changed_at"), replace(declared(url), source="whole")
    missing = replace(declared(url), source="missing", database_table="public.gone")
    tables = [marked, whole, missing, replace(missing, source="mark", watermark="x")]

    def look() -> dict[str, str]:
        # The server counts changes when a session ends.
        subprocess.run(["sleep", "0.2"], check=True)
        return source_states(settings, tables)

    first = look()
    assert first == look(), "looking is no news"
    assert first["mark.orders"] == UNREACHABLE != first["shop.orders"]
    last = "timestamptz '2024-01-03 02:00:00+00'"
    sql(f"insert into orders values (51, 'at the very instant of the last', 1, {last})")
    second = look()
    assert second["shop.orders"] != first["shop.orders"]
    assert second["whole.orders"] != first["whole.orders"]
    sql("update orders set name = 'changed' where id = 3")
    third = look()
    assert third["shop.orders"] == second["shop.orders"], "no watermark says so"
    assert third["whole.orders"] != second["whole.orders"]
    assert all("2024" not in text and "shop@" not in text for text in third.values())


def test_a_password_comes_from_the_variable_that_is_named(
    settings: Settings, server: tuple[str, Sql, Sql], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, sql, _ = server
    sql(CREATE)
    table = replace(declared(url), password_env="SHOP_PASSWORD")
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    (message,) = load_all(settings, [table])[0].failures
    assert "SHOP_PASSWORD, which is not set" in message
    monkeypatch.setenv("SHOP_PASSWORD", "s3cr3t&sslmode=require")
    (loaded,) = load_all(settings, [table])
    assert (loaded.rows_loaded, loaded.failures) == (50, []), "it is a value and no parameter"
    (message,) = load_all(settings, [replace(table, url=url + "&no_such=1")])[0].failures
    assert "no_such" in message
    assert "s3cr3t" not in message
    with pytest.raises(UserError) as refused:
        add(
            tmp := settings.data_dir / "add", "crm", url.replace("shop@", "shop:s3cr3t@") + "/no/db"
        )
    assert "s3cr3t" not in str(refused.value)
    assert not any(b"s3cr3t" in path.read_bytes() for path in tmp.rglob("*") if path.is_file())
