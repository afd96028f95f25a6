"""A backup holds what nothing brings back, and comes back whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.backup.manifest import MANIFEST, Manifest, read_manifest
from orchestration.backup.restore import restore
from orchestration.backup.save import back_up
from orchestration.errors import UserError
from orchestration.locking import WriterLock
from orchestration.settings import Settings
from tests.conftest import Company, settings_in


def silent(_what: str, _done: int, _total: int) -> None:
    return None


def save(settings: Settings, target: Path) -> Manifest:
    return back_up(settings, target, silent, lambda _text: None)


@pytest.fixture
def installation(settings: Settings) -> Settings:
    """A data folder with one of everything that matters, made in a moment."""
    home = settings.data_dir
    (home / "dagster" / "history").mkdir(parents=True)
    (home / "published").mkdir()
    (home / "landing" / "empty").mkdir(parents=True)
    (home / "dbt_target").mkdir()
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("create table ledger as select range as profile_id from range(1000)")
    with closing(sqlite3.connect(home / "dagster" / "history" / "runs.db")) as con:
        con.execute("create table runs as select 1 as run_id")
        con.commit()
    (home / "landing" / "orders.csv").write_text("order_id\n1\n")
    os.utime(home / "landing" / "orders.csv", ns=(1_700_000_000_123_456_789,) * 2)
    (home / "published" / "insights.duckdb").write_text("published")
    (home / "published" / "insights.duckdb").chmod(0o440)
    (home / "published").chmod(0o750)
    (home / "dbt_target" / "manifest.json").write_text("{}")
    return settings


def contents(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        path.relative_to(folder).as_posix(): (
            path.read_bytes(),
            stat.S_IMODE(path.stat().st_mode),
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".lock", ".db")
    }


def test_what_is_put_back_is_what_was_there(installation: Settings, tmp_path: Path) -> None:
    before = contents(installation.data_dir)
    del before["dbt_target/manifest.json"]
    save(installation, tmp_path / "backup")
    elsewhere = settings_in(tmp_path / "elsewhere")
    restore(elsewhere, tmp_path / "backup", force=False, progress=silent)
    assert contents(elsewhere.data_dir) == before
    assert (elsewhere.data_dir / "landing" / "empty").is_dir()
    assert stat.S_IMODE((elsewhere.data_dir / "published").stat().st_mode) == 0o750
    with closing(sqlite3.connect(elsewhere.data_dir / "dagster" / "history" / "runs.db")) as con:
        assert con.execute("select * from runs").fetchall() == [(1,)]


def test_a_company_that_was_put_back_elsewhere_has_equal_tables_and_its_status(
    company: Company, tmp_path: Path
) -> None:
    done = company.c360("backup", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    other = Company(settings_in(tmp_path / "other"))
    done = other.c360("restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    with company.warehouse() as ours, other.warehouse() as theirs:
        assert table_hashes(theirs) == table_hashes(ours)
    with company.published() as ours, other.published() as theirs:
        assert table_hashes(theirs) == table_hashes(ours)
    states = [json.loads(c.c360("status", "--json").stdout) for c in (company, other)]
    for state in states:
        state.pop("data_dir")
        del state["published"]["path"], state["published"]["doors"]
    assert states[1] == states[0]


def table_hashes(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    tables = con.execute(
        "select database_name || '.' || schema_name || '.' || table_name from duckdb_tables() "
        "where not temporary order by 1"
    ).fetchall()
    assert tables
    return {
        name: con.execute(f"select count(*), sum(hash(t)::hugeint) from {name} as t").fetchone()
        for (name,) in tables
    }


def test_readers_of_the_machine_can_not_read_a_backup(
    installation: Settings, tmp_path: Path
) -> None:
    save(installation, tmp_path / "backup")
    for path in [tmp_path / "backup", *(tmp_path / "backup").rglob("*")]:
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path


def test_a_backup_waits_for_a_run_and_says_so(installation: Settings, tmp_path: Path) -> None:
    holder = WriterLock(installation.data_dir)
    holder.acquire()
    # The lock counts within a process, so whoever waits is another one.
    pid = os.fork()
    if pid == 0:
        WriterLock._held.clear()

        def tell(text: str) -> None:
            (tmp_path / "told").write_text(text)
            os._exit(7)

        back_up(installation, tmp_path / "backup", silent, tell)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    holder.release()
    assert os.waitstatus_to_exitcode(status) == 7
    assert "Waiting for another run" in (tmp_path / "told").read_text()
    assert not (tmp_path / "backup").exists()


def spoil_content(backup: Path) -> None:
    path = backup / "warehouse.duckdb"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_file(backup: Path) -> None:
    os.truncate(backup / "warehouse.duckdb", (backup / "warehouse.duckdb").stat().st_size - 1)


def lose_file(backup: Path) -> None:
    (backup / "landing" / "orders.csv").unlink()


def lose_manifest(backup: Path) -> None:
    (backup / MANIFEST).unlink()


def cut_manifest(backup: Path) -> None:
    os.truncate(backup / MANIFEST, 200)


def lead_outside(backup: Path) -> None:
    change(backup, lambda values: values["files"][0].update(path="../outside"))


def lead_outside_by_a_folder(backup: Path) -> None:
    change(backup, lambda values: values["folders"].update({"../outside": 0o700}))


def newer_format(backup: Path) -> None:
    change(backup, lambda values: values.update(format=99))


def newer_database(backup: Path) -> None:
    change(backup, lambda values: values["versions"].update(duckdb="99.0.0"))


def without_versions(backup: Path) -> None:
    change(backup, lambda values: values["versions"].clear())


def change(backup: Path, how: Callable[[dict[str, Any]], Any]) -> None:
    values = json.loads((backup / MANIFEST).read_text())
    how(values)
    (backup / MANIFEST).write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (spoil_content, "another checksum"),
        (cut_file, "another checksum"),
        (lose_file, "lacks landing/orders.csv"),
        (lose_manifest, "did not come to its end"),
        (cut_manifest, "can't be read"),
        (lead_outside, "outside of the data folder"),
        (lead_outside_by_a_folder, "outside of the data folder"),
        (newer_format, "can't read it"),
        (newer_database, "DuckDB 99.0.0"),
        (without_versions, "can't be read"),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_a_backup_that_is_not_whole_changes_nothing(
    installation: Settings,
    tmp_path: Path,
    damage: Callable[[Path], None],
    told: str,
    force: bool,
) -> None:
    backup = tmp_path / "backup"
    save(installation, backup)
    damage(backup)
    target = installation if force else settings_in(tmp_path / "elsewhere")
    before = contents(target.data_dir) if force else {}
    with pytest.raises(UserError, match=told):
        restore(target, backup, force, silent)
    assert contents(target.data_dir) == before
    assert not list(tmp_path.glob("outside"))


def test_what_is_there_is_never_written_over(installation: Settings, tmp_path: Path) -> None:
    save(installation, tmp_path / "backup")
    landing = installation.landing_dir / "orders.csv"
    landing.write_text("order_id\n1\n2\n")
    with pytest.raises(UserError, match=r"is not empty .*--force"):
        restore(installation, tmp_path / "backup", force=False, progress=silent)
    assert landing.read_text() == "order_id\n1\n2\n"
    restore(installation, tmp_path / "backup", force=True, progress=silent)
    assert landing.read_text() == "order_id\n1\n"
    (aside,) = installation.data_dir.glob("before_restore_*")
    assert (aside / "landing" / "orders.csv").read_text() == "order_id\n1\n2\n"
    # What was moved aside is in no later backup.
    later = save(installation, tmp_path / "later")
    assert not [file.path for file in later.files if "before_restore" in file.path]


def test_a_restore_that_was_killed_half_way_begins_anew(
    installation: Settings, tmp_path: Path
) -> None:
    save(installation, tmp_path / "backup")
    elsewhere = settings_in(tmp_path / "elsewhere")
    (elsewhere.data_dir / "restoring").mkdir(parents=True)
    (elsewhere.data_dir / "restoring" / "warehouse.duckdb").write_text("half")
    restore(elsewhere, tmp_path / "backup", force=False, progress=silent)
    assert not (elsewhere.data_dir / "restoring").exists()
    with duckdb.connect(str(elsewhere.warehouse_path)) as con:
        assert con.execute("select count(*) from ledger").fetchone() == (1000,)


def test_nothing_is_put_back_under_a_run_or_an_open_page(
    installation: Settings, tmp_path: Path
) -> None:
    save(installation, tmp_path / "backup")
    with (installation.dagster_home / "page.lock").open("a") as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="Stop `c360 ui`"):
            restore(installation, tmp_path / "backup", force=True, progress=silent)
    before = contents(installation.data_dir)
    with (installation.data_dir / "writer.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="is being written"):
            restore(installation, tmp_path / "backup", force=True, progress=silent)
    assert contents(installation.data_dir) == before


def test_a_backup_needs_a_place_of_its_own(installation: Settings, tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    with pytest.raises(UserError, match="is not empty"):
        save(installation, tmp_path / "used")
    with pytest.raises(UserError, match="lies in the data folder"):
        save(installation, installation.data_dir / "backup")
    with pytest.raises(UserError, match="no warehouse"):
        save(settings_in(tmp_path / "nothing"), tmp_path / "backup")


def test_links_are_named_and_not_followed(installation: Settings, tmp_path: Path) -> None:
    shutil.move(installation.landing_dir, tmp_path / "share")
    installation.landing_dir.symlink_to(tmp_path / "share")
    made = save(installation, tmp_path / "backup")
    assert made.left_out == ["landing"]
    assert not (tmp_path / "backup" / "landing").exists()


def test_a_backup_that_did_not_come_to_its_end_is_none(
    installation: Settings, tmp_path: Path
) -> None:
    def full(name: str, _done: int, _total: int) -> None:
        if name == "warehouse.duckdb":
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        back_up(installation, tmp_path / "backup", full, lambda _text: None)
    with pytest.raises(UserError, match="did not come to its end"):
        read_manifest(tmp_path / "backup")
