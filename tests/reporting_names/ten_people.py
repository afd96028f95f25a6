"""Ten people over 33 days, and the reporting model that follows from them, as a published file.

Small enough that every number of a report can be counted on this page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

import duckdb

from orchestration.reporting_names import declared_names, write_names

LAST = date(2026, 10, 31)
DAYS = [LAST - timedelta(days=back) for back in range(32, -1, -1)]
DEFAULT, STRICT = 11, 12
"""Merge policies: every person, and the first five of the last two days."""
NAMESPACES = {"email": 21, "crmid": 22, "ecid": 23, "phone": 24}
SEGMENTS = {"loyal": 31, "newsletter": 32, "lapsed": 33, "empty": 34, "void": 35}
DAY_ONE = DAYS[0]

# Person: since when, with which identities, in which segments.
PEOPLE: dict[str, tuple[date, str, str]] = {
    "p1": (DAY_ONE, "email crmid ecid", "loyal newsletter"),
    "p2": (DAY_ONE, "email crmid", "loyal newsletter"),
    "p3": (DAY_ONE, "email crmid", "loyal"),
    "p4": (DAY_ONE, "email", "newsletter"),
    "p5": (DAY_ONE, "email", "newsletter"),
    "p6": (DAY_ONE, "crmid", "lapsed"),
    "p7": (date(2026, 10, 2), "ecid", ""),
    "p8": (date(2026, 10, 15), "ecid", ""),
    "p9": (date(2026, 10, 30), "crmid ecid", "loyal"),
    "p10": (LAST, "email ecid", "newsletter"),
}

TABLES = """
create table dim_date as select unnest({days})::date as date_key;
create table dim_merge_policy(merge_policy_id int, merge_policy_name text, is_default boolean);
insert into dim_merge_policy values (11, 'default', true), (12, 'strict', false);
create table dim_namespace(namespace_id int, namespace text, kind text, priority int);
insert into dim_namespace values (21, 'email', 'person', 2), (22, 'crmid', 'person', 1),
    (23, 'ecid', 'device', 3), (24, 'phone', 'person', 4);
create table dim_segment(segment_id int, segment_name text, title text);
insert into dim_segment values (31, 'loyal', 'Loyal'), (32, 'newsletter', 'Newsletter'),
    (33, 'lapsed', 'Lapsed'), (34, 'empty', 'Nobody'), (35, 'void', 'Nobody either');
create table dim_namespace_overlap(overlap_id int, namespace_id int, merge_policy_id int);
create table dim_destination_platform(destination_platform_id int, platform_name text, title text);
insert into dim_destination_platform values (51, 'ads', 'Ads'), (52, 'mail', 'Mail');
create table dim_destination(destination_id int, destination_name text, title text, state text,
    destination_platform_id int, created_at timestamp);
insert into dim_destination values
    (41, 'search_ads', 'Search ads', 'enabled', 51, '2026-06-01 08:00:00'),
    (42, 'newsletter_tool', 'Newsletter tool', 'enabled', 52, '2026-08-01 08:00:00'),
    (43, 'old_ads', 'Old ads', 'disabled', 51, '2026-01-01 08:00:00');
create table segment_destination(segment_id int, destination_id int, created_at timestamp,
    start_on date, end_on date);
insert into segment_destination values
    (31, 41, '2026-07-01 09:00:00', '2026-07-01', '9999-12-31'),
    (32, 41, '2026-09-01 09:00:00', '2026-09-01', '2026-10-15'),
    (32, 42, '2026-08-02 09:00:00', '2026-08-02', '9999-12-31'),
    (33, 43, '2026-02-01 09:00:00', '2026-02-01', '2026-12-31'),
    (31, 42, '2026-10-20 09:00:00', '2026-11-01', '9999-12-31');
create table dim_model(model_id int, model_name text, model_type text, merge_policy_id int);
insert into dim_model values (61, 'churn_2026', 'churn', 11);
create table fact_profile(date_key date, merge_policy_id int, profile_count bigint,
    single_identity_profile_count bigint, unsegmented_profile_count bigint);
create table fact_profile_by_namespace(date_key date, merge_policy_id int, namespace_id int,
    namespace text, profile_count bigint, single_identity_profile_count bigint);
create table fact_segment(date_key date, merge_policy_id int, segment_id int, segment_name text,
    profile_count bigint);
create table fact_segment_by_namespace(date_key date, merge_policy_id int, segment_id int,
    segment_name text, namespace_id int, namespace text, profile_count bigint);
create table fact_namespace_overlap(date_key date, merge_policy_id int, overlap_id int,
    profile_count bigint);
create table fact_namespace_overlap_by_segment(date_key date, merge_policy_id int, overlap_id int,
    segment_id int, segment_name text, profile_count bigint);
create table fact_segment_overlap(date_key date, merge_policy_id int, segment_id_a int,
    segment_id_b int, segment_name_a text, segment_name_b text, profile_count bigint,
    jaccard double);
create table fact_model_score(model_id int, merge_policy_id int, score int, score_on date,
    profile_count bigint);
insert into fact_model_score values (61, 11, 50, '2026-10-30', 10), (61, 11, 3, '2026-10-31', 1),
    (61, 11, 24, '2026-10-31', 1), (61, 11, 25, '2026-10-31', 2), (61, 11, 74, '2026-10-31', 1),
    (61, 11, 75, '2026-10-31', 1), (61, 11, 97, '2026-10-31', 2), (61, 11, 100, '2026-10-31', 2);
create table fact_model_score_by_segment(model_id int, merge_policy_id int, segment_id int,
    score int, score_on date, profile_count bigint);
insert into fact_model_score_by_segment values (61, 11, 32, 50, '2026-10-30', 4),
    (61, 11, 32, 3, '2026-10-31', 1), (61, 11, 32, 25, '2026-10-31', 2),
    (61, 11, 32, 97, '2026-10-31', 2), (61, 11, 31, 100, '2026-10-31', 4);
create table processing_log(process_name text, process_status text, processed_on date,
    merge_policy_id int);
insert into processing_log values ('FACT_TABLES_PROCESSING', 'FAILED', '2026-11-01', 11),
    ('SOMETHING_ELSE', 'SUCCESSFUL', '2026-11-01', 11);
"""


def write(path: Path) -> None:
    """Write the reporting model of the ten people, with the documented names, to a new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as model (storage_version 'v1.0.0')")
        con.execute("use model")
        con.execute(TABLES.format(days=[str(day) for day in DAYS]))
        rows: dict[str, list[str]] = {}
        for table, row in _facts():
            rows.setdefault(table, []).append(f"({', '.join(map(_written, row))})")
        for table, found in rows.items():
            con.execute(f"insert into {table} values {', '.join(found)}")
        write_names(con, declared_names())


def _facts() -> Iterator[tuple[str, tuple[object, ...]]]:
    for policy, days, names in (
        (DEFAULT, DAYS, list(PEOPLE)),
        (STRICT, DAYS[-2:], ["p1", "p2", "p3", "p4", "p5"]),
    ):
        for combination in _combinations():
            for namespace in combination:
                row = (_overlap_id(combination), NAMESPACES[namespace], policy)
                yield "dim_namespace_overlap", row
        for day in days:
            people = [name for name in names if PEOPLE[name][0] <= day]
            yield "processing_log", ("FACT_TABLES_PROCESSING", "SUCCESSFUL", day, policy)
            yield from ((table, (day, policy, *row)) for table, row in _facts_of_day(people))


def _facts_of_day(people: Collection[str]) -> Iterator[tuple[str, tuple[object, ...]]]:
    held = [(PEOPLE[name][1].split(), PEOPLE[name][2].split()) for name in people]
    alone = sum(len(identities) == 1 for identities, _ in held)
    yield "fact_profile", (len(held), alone, sum(not segments for _, segments in held))
    for name, key in NAMESPACES.items():
        having = sum(name in identities for identities, _ in held)
        only = sum(identities == [name] for identities, _ in held)
        yield "fact_profile_by_namespace", (key, name, having, only)
    for segment, key in SEGMENTS.items():
        members = [identities for identities, segments in held if segment in segments]
        yield "fact_segment", (key, segment, len(members))
        for name, other in NAMESPACES.items():
            both = sum(name in identities for identities in members)
            yield "fact_segment_by_namespace", (key, segment, other, name, both)
        for combination in _combinations():
            row = (_overlap_id(combination), key, segment, members.count(combination))
            yield "fact_namespace_overlap_by_segment", row
    for combination in _combinations():
        having = sum(identities == combination for identities, _ in held)
        yield "fact_namespace_overlap", (_overlap_id(combination), having)
    # In the order of the names, which is not the order of the ids.
    for a, b in combinations(sorted(SEGMENTS), 2):
        shared = sum(a in segments and b in segments for _, segments in held)
        yield "fact_segment_overlap", (SEGMENTS[a], SEGMENTS[b], a, b, shared, None)


def _combinations() -> list[list[str]]:
    return [list(found) for found in sorted({tuple(p[1].split()) for p in PEOPLE.values()})]


def _written(value: object) -> str:
    return "null" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


def _overlap_id(combination: Iterable[str]) -> int:
    return sum(2 ** (NAMESPACES[name] - 21) for name in combination)
