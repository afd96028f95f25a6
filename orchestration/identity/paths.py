"""The shortest chain of evidence between two records of one profile.

Breadth first over the links of that profile alone, a level at a time and in SQL: from records to
the values they show, from values to the records that show them. So a value of a thousand records
costs a thousand rows and not a million pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import duckdb

from orchestration.warehouse import rows

EVIDENCE = """
create or replace temp table evidence as
with profile_links as (
    select links.*
    from identity.links as links
    inner join identity.identity_map as map
        on map.source_system || ':' || map.source_record_id = links.record_key_a
    where map.profile_id = $profile
),
ends as (
    select record_key_a as record_key, * exclude (record_key_a, record_key_b) from profile_links
    union all
    select record_key_b as record_key, * exclude (record_key_a, record_key_b) from profile_links
),
pairs as (
    select *, concat_ws(' ', link_kind, least(record_key_a, record_key_b),
        greatest(record_key_a, record_key_b)) as pair
    from profile_links
    where link_kind <> 'exact'
)
select distinct
    ends.record_key,
    'exact' as link_kind,
    ends.namespace,
    ends.comparison_value,
    cast(null as double) as match_probability,
    ends.namespace || ' ' || ends.comparison_value as value_id,
    coalesce(namespaces.priority, 10000) as weakness
from ends
left join policy.identity_namespaces as namespaces on namespaces.namespace = ends.namespace
where ends.link_kind = 'exact'
union all
select
    unnest([record_key_a, record_key_b]) as record_key,
    link_kind,
    namespace,
    null,
    match_probability,
    pair,
    case link_kind
        when 'always_link' then 0
        when 'rule' then 50000
        else 100000 + 100000 * (1 - match_probability)
    end
from pairs
"""
"""Who shows what. `weakness` ranks evidence: a person's decision, then values by the priority of
their namespace, then match rules, then scored pairs, the surest first."""

REACH_VALUES = """
insert into reached_values
select value_id, $level, record_key, weakness
from (
    select
        evidence.value_id,
        reached.record_key,
        reached.weakness + evidence.weakness as weakness,
        row_number() over (
            partition by evidence.value_id
            order by reached.weakness + evidence.weakness, reached.record_key
        ) as place
    from reached
    inner join evidence on evidence.record_key = reached.record_key
    where reached.level = $level
)
where place = 1 and value_id not in (select value_id from reached_values)
"""
REACH_RECORDS = """
insert into reached
select record_key, $level + 1, value_id, weakness
from (
    select
        evidence.record_key,
        reached_values.value_id,
        reached_values.weakness,
        row_number() over (
            partition by evidence.record_key
            order by reached_values.weakness, reached_values.value_id
        ) as place
    from reached_values
    inner join evidence on evidence.value_id = reached_values.value_id
    where reached_values.level = $level
)
where place = 1 and record_key not in (select record_key from reached)
"""
WALK_BACK = """
with recursive walk (step, record_key, value_id) as (
    select level, record_key, value_id from reached where record_key = $to
    union all
    select walk.step - 1, reached_values.record_key, reached.value_id
    from walk
    inner join reached_values on reached_values.value_id = walk.value_id
    inner join reached on reached.record_key = reached_values.record_key
    where walk.step > 0
)
select step, record_key, value_id from walk order by step
"""


@dataclass(frozen=True)
class Link:
    """One link of a path: two records and what says that they are one person's.

    Attributes:
        record_a: where the link starts.
        record_b: where it leads.
        link_kind: exact, rule, probabilistic or always_link.
        namespace: of the value both show; of a rule its name; None for another pair.
        comparison_value: the value both show; None for a pair.
        match_probability: of a scored pair, else None.
    """

    record_a: str
    record_b: str
    link_kind: str
    namespace: str | None
    comparison_value: str | None
    match_probability: float | None


def shortest_path(
    con: duckdb.DuckDBPyConnection, profile_id: str, record_a: str, record_b: str
) -> list[Link]:
    """The path of fewest links between two records; of equals the stronger, then by names.

    Parameters:
        con: see `connect_identity`.
        profile_id: the profile of both.
        record_a: where it starts.
        record_b: where it ends.

    Returns:
        Its links in order; empty when it is one record, or when nothing links them.
    """
    con.execute(EVIDENCE, {"profile": profile_id})
    con.execute(
        "create or replace temp table reached "
        "(record_key varchar, level integer, value_id varchar, weakness double)"
    )
    con.execute(
        "create or replace temp table reached_values "
        "(value_id varchar, level integer, record_key varchar, weakness double)"
    )
    con.execute("insert into reached values (?, 0, null, 0)", [record_a])
    level = 0
    while not con.execute("select 1 from reached where record_key = ?", [record_b]).fetchone():
        con.execute(REACH_VALUES, {"level": level})
        con.execute(REACH_RECORDS, {"level": level})
        level += 1
        if not con.execute("select 1 from reached where level = ? limit 1", [level]).fetchone():
            return []
    walk = con.execute(WALK_BACK, {"to": record_b}).fetchall()
    con.execute("create or replace temp table values_on_path (value_id varchar)")
    values = [[value] for _, _, value in walk if value]
    if values:
        con.executemany("insert into values_on_path values (?)", values)
    shown = {
        row.pop("value_id"): row
        for row in rows(
            con,
            "select distinct value_id, link_kind, namespace, comparison_value, match_probability "
            "from evidence where value_id in (select value_id from values_on_path)",
        )
    }
    return [Link(before[1], here[1], **shown[here[2]]) for before, here in pairwise(walk)]
