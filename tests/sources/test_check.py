"""`c360 source check` says what a run would make of the files, and leaves no trace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.conftest import Company


def test_check_tells_what_a_run_would_find(finished_company: Company, tmp_path: Path) -> None:
    landing = shutil.copytree(finished_company.settings.landing_dir, tmp_path / "landing")
    products = next(landing.glob("web_shop/products/**/*.csv"))
    products.write_text("product,name\n1,x\n")
    before = finished_company.settings.warehouse_path.stat().st_mtime_ns
    done = finished_company.c360("source", "check", "web_shop", "--landing", str(landing), "--json")
    assert done.returncode == 1, done.stderr
    checks = {check["table"]: check for check in json.loads(done.stdout)}
    assert "lacks the column product_id" in checks["products"]["failures"][0]
    with finished_company.warehouse() as con:
        rows = con.execute(
            "select source_table, sum(rows_read)::int, sum(rows_accepted)::int, "
            "sum(rows_quarantined)::int, sum(rows_superseded)::int "
            "from operations.row_accounting where source_system = 'web_shop' group by 1"
        ).fetchall()
    names = ("rows_read", "rows_accepted", "rows_quarantined", "rows_superseded")
    for table, *counts in rows:
        if table != "products":
            assert [checks[table][name] for name in names] == counts, table
            assert checks[table]["failures"] == []
            assert all("@" not in str(example) for example in checks[table]["examples"])
    assert finished_company.settings.warehouse_path.stat().st_mtime_ns == before
    assert not list((finished_company.settings.data_dir / "tmp").glob("check-*"))


def test_an_unknown_source_is_told_the_known_ones(finished_company: Company) -> None:
    done = finished_company.c360("source", "check", "web_shopp")
    assert done.returncode == 2
    assert "web_shop" in done.stderr
