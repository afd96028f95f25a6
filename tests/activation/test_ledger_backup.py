"""A backup has the ledger of syncs whole, and nothing that is on its way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from orchestration.activation.ledger import SyncLock
from orchestration.backup.manifest import Manifest
from orchestration.backup.save import back_up
from orchestration.settings import Settings


def save(settings: Settings, target: Path) -> Manifest:
    """A backup without words."""
    return back_up(settings, target, lambda *_: None, lambda _: None)


def test_a_backup_waits_for_a_sync_and_leaves_out_what_is_on_its_way(
    settings: Settings, tmp_path: Path
) -> None:
    home = settings.data_dir
    (home / "activation_transit").mkdir(parents=True)
    (home / "activation_transit" / "sealed.parquet").write_text("addresses")
    for path in (settings.warehouse_path, home / "activation.duckdb"):
        with duckdb.connect(str(path)) as con:
            con.execute("create table ledger as select range as sync_key from range(10)")
    with ThreadPoolExecutor(1) as pool:
        with SyncLock(home):
            saving = pool.submit(save, settings, tmp_path / "backup")
            with pytest.raises(TimeoutError):
                saving.result(timeout=0.3)
        made = {file.path for file in saving.result(timeout=20).files}
    assert made == {"activation.duckdb", "warehouse.duckdb"}
