"""The documented tables: all there, by each of their names, in the published file and safe."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.errors import UserError
from orchestration.query import run_query
from orchestration.reporting_names import declared_names, names_fingerprint, write_names
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.terminal import Console

SIZES = "date_key merge_policy_id"
DOCUMENTED = {
    "adwh_dim_date": "date_key",
    "adwh_dim_merge_policies": "merge_policy_id merge_policy_name merge_policy dataset_id",
    "adwh_dim_namespaces": "namespace_id namespace_description merge_policy_id",
    "adwh_dim_segments": "segment_id segment segment_name",
    "adwh_dim_audiences": "audience_id audience audience_name",
    "adwh_dim_br_segment_destinations": "segment_id destination_id create_time start_date end_date",
    "adwh_dim_destination": "destination_id destination destination_name destination_status "
    "destination_platform_id create_time",
    "adwh_dim_destination_platform": "destination_platform_id destination_platform "
    "destination_platform_name",
    "adwh_dim_overlap_namespaces": "overlap_id overlap_namespaces merge_policy_id",
    "adwh_dim_ai_models": "model_id model_name model_type merge_policy_id",
    "adwh_fact_profile": f"{SIZES} count_of_profiles count_of_Single_Identity_profiles "
    "count_of_Orphan_profiles",
    "adwh_fact_profile_by_trendlines": f"{SIZES} count_of_profiles",
    "adwh_fact_profile_by_namespace": f"{SIZES} namespace_id count_of_profiles "
    "count_of_Single_Identity_profiles",
    "adwh_fact_profile_by_segment": f"{SIZES} segment_id count_of_profiles",
    "adwh_fact_profile_by_segment_and_namespace": f"{SIZES} segment_id namespace_id "
    "count_of_profiles",
    "adwh_fact_profile_overlap_of_namespace": f"{SIZES} overlap_id count_of_profiles",
    "adwh_fact_profile_overlap_of_namespace_by_segment": f"{SIZES} segment_id overlap_id "
    "count_of_profiles",
    "adwh_fact_profile_overlap_of_segments": f"{SIZES} segment1 segment2 count_of_overlap",
    "adwh_fact_profile_ai_models": "model_id merge_policy_id score score_date count_of_profiles",
    "adwh_fact_profile_by_segment_ai_models": "model_id merge_policy_id segment_id score "
    "score_date count_of_profiles",
    "adwh_lkup_process_delta_log": "process_name process_status process_date merge_policy_id",
}
DOCUMENTED |= {
    f"{table}_trendlines": DOCUMENTED[table]
    for table in (
        "adwh_fact_profile_by_namespace",
        "adwh_fact_profile_by_segment",
        "adwh_fact_profile_by_segment_and_namespace",
    )
}
TYPES = {
    "_key": "DATE", "_date": "DATE", "_time": "TIMESTAMP", "_id": "INTEGER", "_name": "VARCHAR",
    "_profiles": "BIGINT", "_overlap": "BIGINT", "score": "INTEGER", "segment1": "INTEGER",
    "segment2": "INTEGER", "_status": "VARCHAR", "_type": "VARCHAR", "_description": "VARCHAR",
    "dataset_id": "VARCHAR",
}  # fmt: skip
GUIDS = {
    "adwh_dim_merge_policies": ("merge_policy", "dataset_id"),
    "adwh_dim_segments": ("segment",),
    "adwh_dim_audiences": ("audience",),
    "adwh_dim_destination": ("destination",),
    "adwh_dim_destination_platform": ("destination_platform",),
}


def test_the_documented_tables_are_declared_and_no_others() -> None:
    names = declared_names()
    assert {name.table for name in names} == set(DOCUMENTED)
    assert {(name.catalogue, name.schema) for name in names} == {("qsaccel", "profile_agg")}
    assert all(name.description for name in names)


@pytest.mark.parametrize("table", sorted(DOCUMENTED))
def test_a_table_has_its_columns_by_each_of_its_names(
    con: duckdb.DuckDBPyConnection, table: str
) -> None:
    for name in (f"QSAccel.profile_agg.{table}", f"profile_agg.{table}", table.upper()):
        found = con.sql(f"select * from {name}")
        assert found.columns == DOCUMENTED[table].split()
        for column, data_type in zip(found.columns, found.types, strict=True):
            ends = [kind for end, kind in TYPES.items() if column.endswith(end)]
            assert str(data_type) == (ends or ["VARCHAR"])[-1], column
        assert found.fetchall()


def test_views_fit_the_contracts_of_the_models(ten: Settings) -> None:
    contracts = {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for path in (DBT_PROJECT_DIR / "models" / "insights").glob("*.yml")
        for model in yaml.safe_load(path.read_text())["models"]
    }
    with duckdb.connect() as con:
        for table, columns in contracts.items():
            listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            con.execute(f"create table {table}({listed})")
        write_names(con, declared_names())
        con.execute(f"attach '{ten.published_path}' as ten (read_only)")
        kinds: dict[str, dict[tuple[str, str], str]] = {}
        for database, table, column, kind in con.execute(
            "select database_name, table_name, column_name, data_type from duckdb_columns() "
            "where not internal"
        ).fetchall():
            kinds.setdefault(database, {})[table, column] = kind
        # The ten people's tables are those of the contracts, though not all columns of them.
        assert kinds["ten"].items() <= kinds["memory"].items()


@pytest.mark.parametrize("table", sorted(GUIDS))
def test_guids_are_texts_one_for_each_name(con: duckdb.DuckDBPyConnection, table: str) -> None:
    for column in GUIDS[table]:
        values = [value for (value,) in con.execute(f"select {column} from {table}").fetchall()]
        assert len({uuid.UUID(value) for value in values}) == len(values)
        assert all(str(uuid.UUID(value)) == value for value in values)


def test_guids_and_newer_names_agree(con: duckdb.DuckDBPyConnection) -> None:
    older = con.execute("select * from adwh_dim_segments order by 1").fetchall()
    assert older == con.execute("select * from adwh_dim_audiences order by 1").fetchall()
    assert ("7a637866-0c58-dd9c-eace-a2c62e6481de",) in [row[1:2] for row in older]


def test_another_tool_has_the_whole_name_by_attaching_the_file(ten: Settings) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{ten.published_path}' as qsaccel (read_only)")
        rows = con.execute(
            "select qsaccel.profile_agg.adwh_fact_profile.count_of_orphan_profiles "
            "from qsaccel.profile_agg.adwh_fact_profile "
            "where adwh_fact_profile.date_key = '2026-10-31' and merge_policy_id = 11"
        ).fetchall()
        assert rows == [(2,)]
        comments = con.execute(
            "select comment from duckdb_views() where database_name = 'qsaccel'"
        ).fetchall()
        assert all(comment for (comment,) in comments) and len(comments) == len(DOCUMENTED)


def test_views_as_declared_are_not_written_again(ten: Settings, tmp_path: Path) -> None:
    path = tmp_path / "again.duckdb"
    path.write_bytes(ten.published_path.read_bytes())
    before = path.read_bytes()
    names = declared_names()
    with duckdb.connect(str(path)) as con:
        write_names(con, names)
    assert path.read_bytes() == before
    with duckdb.connect(str(path)) as con:
        write_names(con, names[1:])
        gone = con.execute("select count(*) from duckdb_views() where view_name = ?", [
            names[0].table
        ]).fetchone()  # fmt: skip
        assert gone == (0,)
    assert names_fingerprint(names) != names_fingerprint(names[1:])


def test_a_view_that_does_not_fit_is_named_and_nothing_changes(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute("create table dim_date as select date '2026-10-31' as date_key")
        with pytest.raises(UserError, match=r"adwh_dim_ai_models.sql does not fit .*dim_model"):
            write_names(con, declared_names())
        assert con.execute("select * from duckdb_views() where not internal").fetchall() == []
        assert con.execute("from dim_date").fetchall()


def asked(settings: Settings, capsys: pytest.CaptureFixture[str], sql: str, dialect: str) -> object:
    console = Console(file=io.StringIO())
    run_query(settings, sql, "json", 10, console, dialect=dialect)
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("dialect", ["", "redshift"])
@pytest.mark.parametrize("name", ["qsaccel.profile_agg.", "profile_agg.", ""])
def test_the_command_reads_every_form(
    ten: Settings, capsys: pytest.CaptureFixture[str], name: str, dialect: str
) -> None:
    sql = f"SELECT count(*) AS n FROM {name}adwh_dim_destination d, insights.dim_destination"
    assert asked(ten, capsys, sql, dialect) == [{"n": 9}]


def test_a_file_and_standard_input_are_statements(
    ten: Settings,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "SELECT TOP 1 [destination_name] FROM adwh_dim_destination ORDER BY destination_id;\n"
    (tmp_path / "one.sql").write_text(text)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    expected = [{"destination_name": "search_ads"}]
    assert asked(ten, capsys, str(tmp_path / "one.sql"), "tsql") == expected
    assert asked(ten, capsys, "-", "tsql") == expected


@pytest.mark.parametrize(
    "sql",
    [
        "drop view qsaccel.profile_agg.adwh_dim_date",
        "create table qsaccel.profile_agg.x as select 1 as adwh_dim_date",
        "attach 'adwh_dim_date.db' as other",
        "copy adwh_dim_date to 'x.csv'",
        "set search_path = 'adwh_dim_date'",
        "select * from adwh_dim_date, read_text('/etc/hostname')",
        "select * from adwh_dim_date, 'data.parquet'",
    ],
)
@pytest.mark.parametrize("dialect", ["", "postgres"])
def test_documented_names_open_no_other_door(
    ten: Settings, capsys: pytest.CaptureFixture[str], sql: str, dialect: str
) -> None:
    with pytest.raises(UserError):
        asked(ten, capsys, sql, dialect)


def test_other_statements_see_no_other_names(
    ten: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = asked(ten, capsys, "show tables", "")
    assert isinstance(tables, list) and not any("adwh" in row["name"] for row in tables)
