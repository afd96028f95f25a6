"""The last versions are kept, a rollback shows one through every door, and nothing unproved."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas
import polars
import pytest

from orchestration.errors import UserError
from orchestration.publish import publish, versions
from orchestration.publish.config import Publication
from orchestration.publish.publish import Published, roll_back
from orchestration.publish.versions import current_version, kept_versions
from orchestration.runs.status import read_status
from orchestration.settings import Settings
from tests.publish.models import TABLES, build


@pytest.fixture(autouse=True)
def without_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "GRACE", timedelta())


def publish_all(settings: Settings, *numbers: int) -> list[Published]:
    published = []
    for number in numbers:
        build(settings, number)
        published.append(publish(settings))
    return published


def shown(settings: Settings) -> tuple[int, int]:
    """The version that the file shows, and that of Parquet."""
    asked = "select max(version) from {}"
    root = settings.published_path.parent / "parquet"
    with duckdb.connect(str(settings.published_path), read_only=True) as con:
        [(in_file,)] = con.execute(asked.format("insights.fact_segment")).fetchall()
        [(in_parquet,)] = con.execute(asked.format(f"'{root}/fact_segment/*.parquet'")).fetchall()
    return in_file, in_parquet


def inodes(settings: Settings, table: str) -> dict[str, int]:
    folder = settings.published_path.parent / "parquet" / table
    return {path.name[:10]: path.stat().st_ino for path in folder.iterdir()}


def test_the_last_versions_are_kept_and_cost_one_file_each(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C360_KEPT_VERSIONS", "2")
    published = publish_all(settings, 4, 5, 6)
    kept = kept_versions(settings)
    assert [version.name for version in kept] == [published[2].version, published[1].version]
    assert current_version(settings, kept) == kept[0]
    assert [version.as_of for version in kept] == ["2026-01-07", "2026-01-06"]
    assert kept[0].rows == 5 + 3 + 15
    assert kept[0].file.samefile(settings.published_path)
    assert kept[0].file.stat().st_mode & 0o777 == 0o440


def test_a_rollback_is_shown_by_every_door_and_told_until_the_next_publication(
    settings: Settings,
) -> None:
    first, second, third = publish_all(settings, 4, 5, 6)
    assert shown(settings) == (6, 6)
    back = roll_back(settings)
    assert (back.version, shown(settings)) == (second.version, (5, 5))
    state = read_status(settings)["published"]
    assert state["rolled_back_from"] == third.version
    assert (state["version"], state["run_id"], state["proved"]) == (
        second.version,
        "run-of-5",
        True,
    )
    assert roll_back(settings, first.version).version == first.version
    assert shown(settings) == (4, 4)
    with pytest.raises(UserError, match="older than the current"):
        roll_back(settings)
    with pytest.raises(UserError, match="publish list"):
        roll_back(settings, "2")
    assert publish(settings).version == third.version
    assert shown(settings) == (6, 6)
    assert read_status(settings)["published"]["rolled_back_from"] is None


def test_a_version_that_was_changed_is_not_gone_back_to(settings: Settings) -> None:
    publish_all(settings, 4, 5)
    file = kept_versions(settings)[1].file
    file.chmod(0o600)
    with file.open("r+b") as handle:
        handle.seek(20_000)
        handle.write(b"\xa5")
    with pytest.raises(UserError, match="not what passed the gates"):
        roll_back(settings)
    assert shown(settings) == (5, 5)


def test_a_reader_of_an_older_version_keeps_its_files(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "GRACE", timedelta(minutes=15))
    monkeypatch.setenv("C360_KEPT_VERSIONS", "1")
    publish_all(settings, 4)
    resolved = (settings.published_path.parent / "parquet").resolve()
    publish_all(settings, 5, 6)
    assert polars.read_parquet(resolved / "fact_profile")["version"].max() == 4
    monkeypatch.setattr(versions, "GRACE", timedelta())
    publish(settings)
    assert not resolved.exists() and len(kept_versions(settings)) == 1


def test_only_days_that_changed_are_written_again(settings: Settings) -> None:
    publish_all(settings, 4)
    before = inodes(settings, "fact_segment")
    dimension = inodes(settings, "dim_segment")
    publish_all(settings, 5)
    after = inodes(settings, "fact_segment")
    assert sorted(before) == ["2026-01-03", "2026-01-04", "2026-01-05"]
    assert {day: after.get(day) for day in before} == {**before, "2026-01-03": None}
    assert inodes(settings, "dim_segment") != dimension
    build(settings, 5, extra="update fact_segment set title = 'x' where date_key = '2026-01-05'")
    publish(settings)
    again = inodes(settings, "fact_segment")
    assert {day for day in after if again[day] != after[day]} == {"2026-01-05"}


def test_parquet_has_the_rows_and_types_of_the_file_for_every_client(settings: Settings) -> None:
    publish_all(settings, 4)
    build(settings, 5, extra="delete from fact_profile")
    publish(settings)
    root = settings.published_path.parent / "parquet"
    with duckdb.connect(str(settings.published_path), read_only=True) as con:
        for table in TABLES:
            parts = f"'{root}/{table}/*.parquet'"
            assert (
                con.execute(f"describe select * from {parts}").fetchall()[0][:2]
                == con.execute(f"describe {table}").fetchall()[0][:2]
            )
            for one, other in ((table, parts), (parts, table)):
                assert not con.execute(f"from {one} except all from {other}").fetchall(), table
        rows = con.execute("select count(*), sum(net_amount) from fact_segment").fetchone()
    frame = polars.read_parquet(root / "fact_segment")
    assert rows == (frame.height, frame["net_amount"].sum())
    assert frame.schema["date_key"] == polars.Date and frame.schema["is_even"] == polars.Boolean
    other = pandas.read_parquet(root / "fact_segment")
    assert rows == (len(other), other["net_amount"].sum())
    assert len(pandas.read_parquet(root / "fact_profile")) == 0, "an empty table has its columns"


def test_a_change_of_who_may_read_reaches_every_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_all(settings, 4)
    monkeypatch.setenv("C360_PUBLISHED_MODE", "0444")
    publish(settings)
    root = settings.published_path.parent
    modes = {path.stat().st_mode & 0o777 for path in root.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (root, *root.rglob("*")) if path.is_dir()}
    assert (modes, folders) == ({0o444}, {0o755})


def test_a_door_that_fails_is_told_and_caught_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    publish_all(settings, 4)
    secret = tmp_path / "password"
    secret.write_text("hunter2")
    secret.chmod(0o600)
    monkeypatch.setenv("C360_POSTGRES_URL", "postgresql://ann@127.0.0.1:1/bi")
    monkeypatch.setenv("C360_POSTGRES_PASSWORD_FILE", str(secret))
    (published,) = publish_all(settings, 5)
    (fault,) = published.faults
    assert "postgresql shows nothing" in fault and "hunter2" not in fault
    assert shown(settings) == (5, 5)
    doors = {door["name"]: door for door in read_status(settings)["published"]["doors"]}
    assert doors["postgresql"]["fault"] and not doors["parquet"]["fault"]
    monkeypatch.delenv("C360_POSTGRES_URL")
    assert publish(settings).faults == []
    assert [door["name"] for door in read_status(settings)["published"]["doors"]] == ["parquet"]


def test_a_data_folder_that_was_copied_with_its_links_goes_on(
    settings: Settings, tmp_path: Path
) -> None:
    publish_all(settings, 4)
    copy = Settings(tmp_path / "copy", tmp_path / "landing", settings.dbt_project_dir)
    shutil.copytree(settings.data_dir, copy.data_dir)
    publish_all(copy, 5)
    assert shown(copy) == (5, 5) and shown(settings) == (4, 4)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("C360_KEPT_VERSIONS", "0", "1 to 1000"),
        ("C360_KEPT_VERSIONS", "many", "C360_KEPT_VERSIONS=3"),
        ("C360_PUBLISH_PARQUET", "maybe", "yes or no"),
        ("C360_POSTGRES_URL", "host=db password=hunter2", "postgresql://"),
        ("C360_POSTGRES_URL", "postgresql://ann:hunt/er2@db/bi", "percent-encode"),
        ("C360_POSTGRES_SCHEMA", 'x"; drop', "letters"),
        ("C360_POSTGRES_READER", "a b", "letters"),
        ("C360_POSTGRES_PASSWORD_FILE", "/nowhere/hunter2x", "/nowhere"),
    ],
)
def test_what_a_variable_may_not_be_is_said_without_secrets(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv("C360_POSTGRES_URL", "postgresql://ann@db.example.com/bi")
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError, match=says) as refused:
        server = Publication.from_env().server
        assert server
        server.complete()
    assert "hunter2 " not in str(refused.value) and "er2@" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "proves"),
    [
        ("postgresql://ann@db.example.com/bi", True),
        ("postgresql://ann@localhost,db.example.com/bi", True),
        ("postgresql:///bi?host=db.example.com", True),
        ("postgresql://db.example.com/bi?host=/tmp", True),
        ("postgresql://ann@db.example.com/bi?sslmode=require", False),
        ("postgresql://ann@localhost:5433/bi", False),
        ("postgresql://ann@[::1]/bi", False),
        ("postgresql:///bi?host=/var/run/postgresql", False),
    ],
)
def test_a_server_elsewhere_must_prove_who_it_is(
    monkeypatch: pytest.MonkeyPatch, address: str, proves: bool
) -> None:
    monkeypatch.setenv("C360_POSTGRES_URL", address)
    server = Publication.from_env().server
    assert server and ("sslmode=verify-full" in server.complete()) is proves


def test_what_is_kept_is_listed_for_scripts(settings: Settings) -> None:
    publish_all(settings, 4, 5)
    kept = kept_versions(settings)
    listed = [versions.shown_as(version, kept[0]) for version in kept]
    assert [entry["current"] for entry in listed] == [True, False]
    assert json.loads(json.dumps(listed))[0]["as_of"] == "2026-01-06"
