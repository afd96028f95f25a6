"""`c360 source list` tells what is declared, loaded, fresh and wrong, before, after and during."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.profiles import ProfiledTable, profile_tables
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.sources.listing import ListedTable, list_sources
from orchestration.terminal import Console
from tests.conftest import settings_in
from tests.sources.loaded import instant, load, log

COLUMNS = (("id", None, None), ("changed_at", None, None))
NAMES = ("orders", "late", "torn", "missing")
TABLES = {name: ProfiledTable("shop", name, f"shop__{name}", COLUMNS) for name in NAMES}
MANIFEST: Mapping[str, Any] = {
    "sources": {
        f"source.x.shop.{name}": {
            "source_name": "shop",
            "name": name,
            "identifier": f"shop__{name}",
            "config": {"meta": {"format": "csv", "path": f"shop/{name}*.csv"}},
            "columns": {},
        }
        for name in NAMES
    },
    "nodes": {},
}


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("orchestration.transform.parsing.load_manifest", lambda settings: MANIFEST)
    return settings_in(tmp_path / "data")


def listed(settings: Settings) -> tuple[dict[str, ListedTable], str]:
    said = io.StringIO()
    found = list_sources(settings, console=Console(file=said, width=200))
    return {entry.table: entry for entry in found}, said.getvalue()


def test_before_the_first_run_everything_is_declared_and_never_loaded(declared: Settings) -> None:
    found, said = listed(declared)
    assert {entry.state for entry in found.values()} == {"never loaded"} and "orders" in said
    assert not declared.data_dir.exists(), "looking makes nothing"
    declared.data_dir.mkdir()
    duckdb.connect(str(declared.warehouse_path)).close()
    assert {entry.state for entry in listed(declared)[0].values()} == {"never loaded"}


def test_rows_freshness_rejects_and_states(
    declared: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    declared.data_dir.mkdir()
    days = ("2026-01-05 10:00:00", "2026-03-07 11:30:00", "2199-01-01 00:00:00")
    rows = [{"id": str(number), "changed_at": day} for number, day in enumerate(days)]
    with duckdb.connect(str(declared.warehouse_path)) as con:
        load(con, TABLES["orders"], rows, "load1", loaded_at=instant("load1"))
        profile_tables(con, [TABLES["orders"]])
        load(con, TABLES["late"], rows[:1], "load1")
        log(con, "load1", TABLES["orders"], "failed", "an old failure, mended since")
        log(con, "load2", TABLES["late"], "waiting", "a.csv waits for its marker a.csv.fin")
        log(con, "load2", TABLES["torn"], "waiting", "b.csv waits")
        log(con, "load2", TABLES["torn"], "failed", "c.csv is cut off")
        con.execute(
            "create table operations.row_accounting as select * from (values "
            "('stg_a', 'shop', 'orders', 'a.csv', 2), ('stg_a', 'shop', 'orders', 'b.csv', 1), "
            "('stg_b', 'shop', 'orders', 'a.csv', 1)) as v "
            "(staging_model, source_system, source_table, source_file, rows_quarantined)"
        )
    found, said = listed(declared)
    orders = found["orders"]
    assert (orders.state, orders.files, orders.rows, orders.rows_rejected) == ("ok", 1, 3, 3)
    assert (orders.rows_quarantined, orders.file_bytes) == (3, 1000)
    assert orders.loaded_at == "2026-01-01 00:01:00"
    assert orders.newest_data_at == "2026-03-07 11:30:00", "the year 2199 is no news"
    assert (found["late"].state, found["late"].rows) == ("waiting", 1)
    assert (found["torn"].state, found["torn"].message) == ("failed", "c.csv is cut off")
    assert found["missing"].state == "never loaded"
    assert "shop.torn failed: c.csv is cut off" in said and "1.0 KB" in said
    list_sources(declared, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert answer["running"] is None
    assert [entry["table"] for entry in answer["tables"]] == sorted(NAMES)


def test_during_a_run_it_says_so_and_shows_what_is_declared(declared: Settings) -> None:
    declared.dbt_target_dir.mkdir(parents=True)
    (declared.dbt_target_dir / "manifest.json").write_text(json.dumps(MANIFEST))
    hold = (
        "import sys, pathlib; from orchestration.locking import WriterLock\n"
        "with WriterLock(pathlib.Path(sys.argv[1])): print('held', flush=True); input()"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", hold, str(declared.data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
    )
    try:
        assert run.stdout and run.stdout.readline() == "held\n"
        found, said = listed(declared)
    finally:
        run.communicate("\n", timeout=30)
    assert f"process {run.pid}" in said and "orders" in said
    assert {entry.state for entry in found.values()} == {"unknown"}
