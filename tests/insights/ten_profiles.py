"""Ten people whose every number can be counted by hand, as a published model.

On the last of four refresh days:

    person  identities            segments
    p1      email, phone          vip, news
    p2      email, phone          vip, news
    p3      email                 vip
    p4      email, cookie         news
    p5      email, phone, cookie  vip, news
    p6      phone                 news
    p7      cookie
    p8      cookie
    p9      email                 dormant
    p10     email, cookie         trial

The days before: `DAYS`. Identities of a person are the same on all days. The merge policy
`shop_only` knows p1 to p4, on the last day alone.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.dashboard import published_model

LATEST = "2026-10-31"
IDENTITIES = {
    "p1": "email phone", "p2": "email phone", "p3": "email", "p4": "email cookie",
    "p5": "email phone cookie", "p6": "phone", "p7": "cookie", "p8": "cookie", "p9": "email",
    "p10": "email cookie",
}  # fmt: skip
DAYS: dict[str, tuple[str, dict[str, str]]] = {
    # Before the window of 30 days, its first day, yesterday and today: who is known, who is where.
    "2026-09-15": ("p1 p2 p3 p4", {"vip": "p1", "news": "p1 p2"}),
    "2026-10-01": ("p1 p2 p3 p4 p5 p7", {"vip": "p1 p2 p3", "news": "p1 p2 p4"}),
    "2026-10-30": (
        "p1 p2 p3 p4 p5 p6 p7 p8 p9",
        {"vip": "p1 p2 p3 p5 p9", "news": "p1 p2 p4 p5", "dormant": "p9"},
    ),
    LATEST: (
        "p1 p2 p3 p4 p5 p6 p7 p8 p9 p10",
        {"vip": "p1 p2 p3 p5", "news": "p1 p2 p4 p5 p6", "dormant": "p9", "trial": "p10"},
    ),
}
SEGMENTS = {"dormant": (21, "Dormant"), "news": (22, "News"), "trial": (23, "Trial"),
            "vip": (24, "VIP")}  # fmt: skip
NAMESPACES = {"email": 11, "phone": 12, "cookie": 13}
DEFAULT, SHOP_ONLY = 1, 2

TABLES = {
    "dim_merge_policy": """
        from (values (1, 'default', true), (2, 'shop_only', false))
            as t(merge_policy_id, merge_policy_name, is_default)""",
    "dim_namespace": """
        select namespace_id, namespace, 'contact' as kind, namespace_id - 10 as priority
        from namespaces""",
    "dim_segment": """
        select segment_id, segment_name, title, title || ' people' as description,
            'To act on' as purpose, 'marketing-analytics' as owner, 'active' as life_cycle_state
        from segments""",
    "dim_namespace_overlap": """
        select distinct overlap_id, namespace_id, merge_policy_id
        from combinations inner join has using (profile_id) inner join namespaces using (namespace)
    """,
    "dim_destination_platform": """
        from (values (41, 'social', 'Social'), (42, 'mailer', 'Mailer'))
            as t(destination_platform_id, platform_name, title)""",
    "dim_destination": """
        from (values
            (31, 'lookalikes', 'Lookalikes', 'enabled', 41, timestamp '2026-09-01'),
            (32, 'newsletter', 'Newsletter', 'enabled', 42, timestamp '2026-10-15'),
            (33, 'old_export', 'Old export', 'disabled', 42, timestamp '2026-01-01'))
            as t(destination_id, destination_name, title, state, destination_platform_id,
                created_at)""",
    "segment_destination": """
        from (values
            (24, 31, timestamp '2026-09-02', date '2026-09-02', date '9999-12-31'),
            (24, 32, timestamp '2026-10-16', date '2026-10-16', date '9999-12-31'),
            (22, 32, timestamp '2026-10-20', date '2026-10-20', date '2026-10-25'),
            (21, 33, timestamp '2026-01-02', date '2026-01-02', date '9999-12-31'))
            as t(segment_id, destination_id, created_at, start_on, end_on)""",
    # The last run of `letters` saw 60 members where four runs before saw 40, 40, 50 and 50.
    "fact_sync_run": """
        select run_id, date '2026-10-30' as date_key, sync_name, segment_id, destination_id,
            started_at, started_at + interval 1 minute as ended_at, outcome, 1 as call_count,
            row_count, unchanged_count, accepted_count, rejected_count, suppressed_count,
            activation_hours, z_score
        from (values
            ('r1', 'letters', 24, 32, timestamp '2026-07-01 09:00', 'completed',
                50, 0, 40, 0, 10, 1.5, null),
            ('r2', 'letters', 24, 32, timestamp '2026-10-30 09:00', 'completed',
                50, 40, 5, 0, 12, 2.0, 1.0),
            ('r3', 'letters', 24, 32, timestamp '2026-10-31 09:00', 'completed_with_rejects',
                60, 45, 10, 6, 14, 2.5, 3.0),
            ('r4', 'ads', 22, 31, timestamp '2026-10-31 10:00', 'refused',
                20, 0, 0, 0, null, null, -0.5))
            as t(run_id, sync_name, segment_id, destination_id, started_at, outcome, row_count,
                unchanged_count, accepted_count, rejected_count, suppressed_count,
                activation_hours, z_score)""",
    "dim_model": """
        select 51 as model_id, 'churn' as model_name, 'churn' as model_type, 1 as merge_policy_id
    """,
    "fact_model_score": """
        from (values (51, 1, 3, date '2026-10-30', 10), (51, 1, 3, date '2026-10-31', 2),
            (51, 1, 7, date '2026-10-31', 1), (51, 1, 48, date '2026-10-31', 3),
            (51, 1, 92, date '2026-10-31', 3), (51, 1, 100, date '2026-10-31', 1))
            as t(model_id, merge_policy_id, score, score_on, profile_count)""",
    "fact_model_score_by_segment": """
        from (values (51, 1, 48, date '2026-10-31', 1, 24), (51, 1, 92, date '2026-10-31', 3, 24),
            (51, 1, 7, date '2026-10-31', 1, 21))
            as t(model_id, merge_policy_id, score, score_on, profile_count, segment_id)""",
    "fact_profile": """
        select date_key, merge_policy_id, count(*) as profile_count,
            count(*) as known_profile_count, 0 as anonymous_profile_count,
            count(*) filter (where identity_count = 1) as single_identity_profile_count,
            count(*) filter (where not is_segmented) as unsegmented_profile_count,
            count(*) as record_count
        from known group by all""",
    "fact_profile_by_namespace": """
        select date_key, merge_policy_id, namespace_id, namespace, count(*) as profile_count,
            count(*) filter (where identity_count = 1) as single_identity_profile_count
        from known inner join has using (profile_id) inner join namespaces using (namespace)
        group by all""",
    "fact_segment": """
        select date_key, merge_policy_id, segment_id, segment_name,
            count(profile_id) as profile_count, 2 * count(profile_id) as order_count,
            10.00 * count(profile_id) as net_amount, 'EUR' as currency
        from days cross join segments
        left join members using (date_key, merge_policy_id, segment_id, segment_name)
        group by all""",
    "fact_segment_size": """
        select day.date_key, segments.segment_name, count(now.profile_id) as profile_count,
            count(*) filter (where now.profile_id is not null and before.profile_id is null)
                as entered_count,
            count(before.profile_id) filter (where now.profile_id is null) as left_count
        from (select *, lag(date_key) over (order by date_key) as last_on from days
            where merge_policy_id = 1) as day
        cross join segments cross join (select distinct profile_id from has) as person
        left join members as now on now.merge_policy_id = 1 and now.date_key = day.date_key
            and now.segment_id = segments.segment_id and now.profile_id = person.profile_id
        left join members as before on before.merge_policy_id = 1
            and before.date_key = day.last_on and before.segment_id = segments.segment_id
            and before.profile_id = person.profile_id
        group by all""",
    "fact_segment_by_namespace": """
        select date_key, merge_policy_id, segment_id, segment_name, namespace_id, namespace,
            count(*) as profile_count
        from members inner join has using (profile_id) inner join namespaces using (namespace)
        group by all""",
    "fact_namespace_overlap": """
        select date_key, merge_policy_id, overlap_id, count(*) as profile_count
        from known inner join combinations using (profile_id, merge_policy_id) group by all""",
    "fact_namespace_overlap_by_segment": """
        select date_key, merge_policy_id, overlap_id, segment_id, segment_name,
            count(*) as profile_count
        from members inner join combinations using (profile_id, merge_policy_id) group by all""",
    "fact_segment_overlap": """
        select date_key, merge_policy_id, a.segment_id as segment_id_a,
            b.segment_id as segment_id_b, a.segment_name as segment_name_a,
            b.segment_name as segment_name_b,
            len(list_intersect(a.people, b.people)) as profile_count,
            case when len(a.people) + len(b.people) = 0 then 1.0
                else profile_count / (len(a.people) + len(b.people) - profile_count) end as jaccard
        from people_of as a inner join people_of as b using (date_key, merge_policy_id)
        where a.segment_name < b.segment_name""",
    "fact_revenue": """
        select month_start_on, currency, order_count, gross_amount::decimal(18, 2) as gross_amount,
            returned_amount::decimal(18, 2) as returned_amount,
            (gross_amount - returned_amount)::decimal(18, 2) as net_amount
        from (values (date '2026-08-01', 'EUR', 4, 100, 10), (date '2026-09-01', 'EUR', 6, 300, 50),
            (date '2026-10-01', 'EUR', 2, 50, 0), (date '2026-10-01', 'CHF', 1, 20, 5))
            as t(month_start_on, currency, order_count, gross_amount, returned_amount)""",
    "fact_attribute_completeness": """
        from (values (date '2026-10-31', 'email', 10, 8, 7, 7),
            (date '2026-10-31', 'phone', 10, 5, 4, 4), (date '2026-10-30', 'email', 9, 9, 9, 9))
            as t(date_key, attribute, profile_count, filled_count, distinct_count, valid_count)""",
    "fact_profile_completeness": """
        from (values (date '2026-10-31', '0-49', 4, 30.0), (date '2026-10-31', '50-100', 6, 75.0),
            (date '2026-10-01', '0-49', 5, 20.0), (date '2026-09-15', '0-49', 4, 10.0))
            as t(date_key, bucket, profile_count, mean_percent)""",
}
"""The tables by hand; those of the contract that are not here stay empty."""


def write(path: Path) -> Path:
    """Write the model, of the contract's shape.

    Parameters:
        path: the published file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as con:
        _write_people(con)
        for name, columns in published_model.contracts().items():
            declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            con.execute(f"create table {name} ({declared})")
        for name, query in TABLES.items():
            con.execute(f"insert into {name} by name {query}")
    return path


def _write_people(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create temp table namespaces (namespace varchar, namespace_id int)")
    con.executemany("insert into namespaces values (?, ?)", list(NAMESPACES.items()))
    con.execute("create temp table segments (segment_name varchar, segment_id int, title varchar)")
    con.executemany("insert into segments values (?, ?, ?)", [(n, *s) for n, s in SEGMENTS.items()])
    con.execute("create temp table has (profile_id varchar, namespace varchar)")
    con.executemany(
        "insert into has values (?, ?)",
        [(p, n) for p, kinds in IDENTITIES.items() for n in kinds.split()],
    )
    con.execute("create temp table seen (date_key date, merge_policy_id int, profile_id varchar)")
    con.execute(
        "create temp table members (date_key date, merge_policy_id int, profile_id varchar, "
        "segment_name varchar, segment_id int)"
    )
    for day, (people, segments) in DAYS.items():
        for policy in (DEFAULT, SHOP_ONLY) if day == LATEST else (DEFAULT,):
            known = people.split()[:4] if policy == SHOP_ONLY else people.split()
            con.executemany("insert into seen values (?, ?, ?)", [(day, policy, p) for p in known])
            con.executemany(
                "insert into members values (?, ?, ?, ?, ?)",
                [
                    (day, policy, person, name, SEGMENTS[name][0])
                    for name, inside in segments.items()
                    for person in inside.split()
                    if person in known
                ],
            )
    con.execute("""
        create temp table days as select distinct date_key, merge_policy_id from seen;
        create temp table known as
        select seen.*, (select count(*) from has where has.profile_id = seen.profile_id)
                as identity_count,
            exists (from members where members.profile_id = seen.profile_id
                and members.date_key = seen.date_key
                and members.merge_policy_id = seen.merge_policy_id) as is_segmented
        from seen;
        create temp table combinations as
        select profile_id, merge_policy_id,
            cast(hash(merge_policy_id, string_agg(namespace, ' ' order by namespace)) % 2000000000
                as int) as overlap_id
        from has cross join (from range(1, 3) as t(merge_policy_id))
        group by profile_id, merge_policy_id;
        create temp table people_of as
        select date_key, merge_policy_id, segment_id, segment_name,
            coalesce(list(profile_id) filter (where profile_id is not null), []) as people
        from days cross join segments
        left join members using (date_key, merge_policy_id, segment_id, segment_name)
        group by all
    """)
