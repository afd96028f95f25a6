"""A segment's SQL is one select over what segments may read; everything else is refused."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.segments.checks import check_sql
from tests.segments.world import SEGMENTS, TYPES

COLUMNS = {
    **{f"profile.{name}": {"profile_id": "VARCHAR", **said} for name, said in TYPES.items()},
    **{f"segments.{name}": {"profile_id": "VARCHAR", "reason": "VARCHAR"} for name in SEGMENTS},
    "conformed.refresh_period": {"as_of_at": "TIMESTAMP", "as_of_on": "DATE"},
    "identity.identity_map": {"profile_id": "VARCHAR"},
    "operations.secrets": {"profile_id": "VARCHAR"},
}
P = "select profile_id from profile.profiles"
STATEMENTS = (
    "insert into profile.profiles values ('x')", "update profile.profiles set city = 'x'",
    "delete from profile.profiles", "drop table profile.profiles", "create table x as select 1",
    "create view x as select 1", "alter table profile.profiles add column x int", "truncate x",
    "attach 'x.db'", "detach x", "copy profile.profiles to '/tmp/x'", "install httpfs",
    "load httpfs",
    "pragma database_list", "set memory_limit = '1GB'", "reset x", "call pragma_version()", "use x",
    "export database '/tmp/x'", "import database '/tmp/x'", "checkpoint", "vacuum",
    "explain select 1",
    "describe profile.profiles", "summarize profile.profiles", "show tables", "begin", "commit",
    "create macro x() as 1", "create secret (type s3)", "prepare x as select 1", "execute x",
    "merge into profile.profiles using x on true when matched then delete",
    "comment on table x is 'y'",
    "", ";", "selec profile_id", "values ('x')", "(", "select", "grant all on x to y",
)  # fmt: skip
SOURCES = (
    "read_csv('x')", "read_csv_auto('x')", "read_parquet('x')", "parquet_scan('x')",
    "read_json('x')",
    "read_text('/etc/passwd')", "read_blob('/etc/passwd')", "glob('*')", "'x.csv'", "'x.parquet'",
    '"x.csv"', "'s3://a/b'", "sniff_csv('x')", "query('select 1')", "query_table('x')",
    "duckdb_settings()", "duckdb_secrets()", "duckdb_tables()", "pragma_table_info('x')",
    "information_schema.tables", "pg_catalog.pg_class", "main.x", "identity.identity_map",
    "operations.secrets", "other.profile.profiles", "sqlite_scan('x', 'y')",
    "postgres_scan('a', 'b', 'c')",
    "iceberg_scan('x')", "delta_scan('x')", "st_read('x')", "range(5)", "repeat_row(1)",
    "profile.profile", "profiles", "segments.nobody", "staging.x", "insights.dim_segment",
    "(select * from read_csv('x'))", "(from 'x.csv')", "profile.profiles, glob('*')",
    "profile.profiles join read_csv('x') on true", "test_all_types()",
    "json_execute_serialized_sql('x')",
    "which_secret('a', 's3')", "read_xlsx('x')", "parquet_metadata('x')",
    "profile.profiles tablesample 5%",
)  # fmt: skip
CONDITIONS = (
    "getenv('HOME') = 'x'", "current_setting('x') = 'y'", "random() < 0.5", "uuid() = city",
    "gen_random_uuid()::varchar = city", "birth_date < current_date", "last_seen_at < now()",
    "last_seen_at < current_timestamp", "birth_date < today()", "getvariable('x') = 'y'",
    "nextval('x') = 1", "txid_current() = 1", "write_log('x') is null", "version() = 'x'",
    "current_user = 'x'", "current_schema() = 'x'", "city = $1", "city = ?", "city = $name",
    "record_count = 'many'", "record_count > '5'", "city > 5", "is_known = 'yes'", "is_known > 5",
    "birth_date > 5", "city between 1 and 2", "record_count in ('a', 'b')", "city in (1, 2)",
    "ciyt = 'x'", "profiles.ciyt = 'x'", "p.city = 'x'", "record_cuont > 1",
    "no_function(city) = 'x'",
    "city = (select city from operations.secrets)", "exists (select 1 from glob('*'))",
    "exists (select 1 from profile.visits v where v.profile = profiles.profile_id)",
    "city in (select devicetype from profile.visits)", "load_extension('x')", "readfile('x') = ''",
    "system('id') = 0", "pg_sleep(10) is null", "columns('c.*') = 'x'", "city = (from 'x.csv')",
    "current_database() = 'x'", "current_catalog() = 'x'", "http_get('x') = ''",
    "age(birth_date) > interval 1 year",
    "setseed(0.5) is null", "any_value(city) = 'x'", "currval('x') = 1",
    "city = (select max(table_name) from information_schema.tables)",
    "(select count(*) from read_text('/etc/passwd')) > 0",
)  # fmt: skip
RESULTS = (
    "select * from profile.profiles", "select city from profile.profiles",
    "select profile_id, city from profile.profiles",
    "select profile_id as id from profile.profiles",
    "select profile_id, reason, city from profile.profiles", "select 1", "from profile.profiles",
    f"{P}; {P}", f"{P}; drop table x", f"{P} for update",
    "select profile_id into x from profile.profiles",
    "with x as (insert into y select 1 returning *) select profile_id from x",
    "with x as (select * from read_csv('x')) select profile_id from x",
    f"{P} union all select profile_id from read_csv('x')",
    "select profile_id from (pivot profile.profiles on city)",
    "with recursive x as (select profile_id from nowhere) select profile_id from x",
    "select profile_id from profile.profiles where " + "(" * 5000 + "true" + ")" * 5000,
    "x" * 300_000,
    f"{P} qualify row_number() over (order by nothing) = 1", f"{P} group by naught",
    f"{P} where true /* ; */ ; attach 'x'", "copy (" + P + ") to '/tmp/x'",
    "select profile_id, getenv('HOME') as reason from profile.profiles",
    "select profile_id, cty as reason from profile.profiles",
)  # fmt: skip
REFUSED = (
    *STATEMENTS,
    *(f"select profile_id from {source}" for source in SOURCES),
    *(f"{P} where {condition}" for condition in CONDITIONS),
    *RESULTS,
)
ACCEPTED = (
    P,
    f"{P} where city = 'Bern' and record_count between 1 and 2 and birth_date > '2026-01-01'",
    f"{P} union select profile_id from segments.loyal",
    "with x as (select * from profile.profiles) select x.profile_id, x.city as reason from x",
    "select p.profile_id from profile.profiles p where exists (select 1 from profile.visits v "
    "where v.profile_id = p.profile_id and p.record_count > v.event_count)",
    "select profile_id from profile.visits qualify row_number() over (partition by profile_id "
    "order by started_at desc, event_count) = 1",
    "select profile_id from profile.visits group by profile_id having count(*) > 2",
    "select a.profile_id from profile.profiles a semi join profile.visits using (profile_id)",
    "select a.profile_id from profile.profiles a anti join profile.visits v "
    "on v.profile_id = a.profile_id and v.event_count > a.record_count",
    "select profile_id, city || cast(record_count as string) as reason from profile.profiles",
    "select profile_id from profile.profiles cross join conformed.refresh_period as clock "
    "where cast(last_seen_at as date) > cast(clock.as_of_on - interval '7' day as date)",
    "select profile_id from (select profile_id, sum(event_count) as n from profile.visits "
    "group by 1) where n > 2",
    f"{P} where city in (select device_type from profile.visits)",
)  # fmt: skip


@pytest.mark.parametrize("sql", REFUSED, ids=lambda sql: sql[:50])
def test_what_is_no_segment_is_refused(sql: str) -> None:
    with pytest.raises(UserError, match=r"^models/segments/x\.sql: ") as refusal:
        check_sql("models/segments/x.sql", sql, COLUMNS)
    assert len(str(refusal.value)) < 1500


def test_there_are_enough_hostile_definitions() -> None:
    assert len(set(REFUSED)) >= 150


def test_segments_as_people_write_them_are_accepted() -> None:
    with duckdb.connect() as con:
        for schema in {name.partition(".")[0] for name in COLUMNS}:
            con.execute(f"create schema {schema}")
        for name, columns in COLUMNS.items():
            con.execute(
                f"create table {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})"
            )
        for sql in ACCEPTED:
            check_sql("models/segments/x.sql", sql, COLUMNS)
            con.execute(sql)


def test_messages_say_line_and_nearest() -> None:
    with pytest.raises(UserError, match=r"line 3: there is no column ciyt\. Nearest: city"):
        check_sql("x", "select profile_id\nfrom profile.profiles\nwhere ciyt = 'x'", COLUMNS)
    with pytest.raises(UserError, match=r"no table profile\.visit\. Nearest: profile\.visits"):
        check_sql("x", "select profile_id from profile.visit", COLUMNS)
    joined = (
        "select a.profile_id from profile.profiles a semi join profile.visits v on v.{} where {}"
    )
    with pytest.raises(UserError, match=r"no column profil_id\. Nearest: profile_id"):
        check_sql("x", joined.format("profil_id = a.profile_id", "true"), COLUMNS)
    with pytest.raises(UserError, match="there is no v to take from"):
        check_sql("x", joined.format("profile_id = a.profile_id", "v.event_count = 1"), COLUMNS)
    with pytest.raises(UserError, match="number with text"):
        check_sql("x", "select profile_id from profile.profiles where record_count = 'x'", COLUMNS)
