"""What a load finds that was begun by another version, or left open by the file before."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.ingest import load_all
from orchestration.settings import Settings
from tests.sources.test_incremental import EVENTS, ORDERS, Deliveries, fresh, results


def test_a_quote_closed_by_what_is_appended(settings: Settings, tmp_path: Path) -> None:
    deliveries = Deliveries(settings.landing_dir, 0)
    deliveries.put("web/a.ndjson", '{"id": "w"}\n')
    deliveries.put("shop/a.csv", 'id,amount,note\n1,1,n\n2,1,"open\n3,1,n\n')
    load_all(settings, [ORDERS, EVENTS])
    for more in ('closed"\n4,1,n\n', "5,1,n\n", '6,1,"open\n', '"\n'):
        deliveries.put("shop/a.csv", more, "a")
        load_all(settings, [ORDERS, EVENTS])
        assert results(settings) == fresh(settings, tmp_path / str(len(more))), more


def test_a_warehouse_of_an_older_version_is_loaded_anew(settings: Settings) -> None:
    deliveries = Deliveries(settings.landing_dir, 0)
    deliveries.put("shop/a.csv", "id,amount,note\n1,1,n\n")
    load_all(settings, [ORDERS])
    for table in ("source_files", "ingest_log", "source_tables", "source_lines"):
        with duckdb.connect(str(settings.warehouse_path)) as con:
            con.execute(f"alter table operations.{table} add column of_old integer")
        (loaded,) = load_all(settings, [ORDERS])
        assert (loaded.files_read, loaded.rows_loaded) == (1, 1), table
