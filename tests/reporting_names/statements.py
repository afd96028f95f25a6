"""Random questions in the SQL that all dialects have, over the ten people's model."""

from __future__ import annotations

from random import Random

KEYS = ["date_key", "f.merge_policy_id", "segment_name", "date_trunc('month', date_key)"]
AMOUNTS = ["count_of_profiles", "f.segment_id", "count_of_profiles - 3", "-count_of_profiles"]
WHERES = [
    "date_key >= date '2026-10-20'",
    "date_key between date '2026-10-10' and date '2026-10-30'",
    "date_key > date '2026-10-31' - interval 7 day",
    "f.merge_policy_id = 11",
    "segment_name in ('loyal', 'lapsed')",
    "segment_name like '%e%' and not segment_name = 'empty'",
    "count_of_profiles is not null",
    "upper(segment_name) <> 'VOID' or count_of_profiles > 4",
]
TEXT_VALUE = "min(segment_name || '-' || lower(s.segment)) as t"


def random_statement(random: Random) -> str:
    """One question: a step, groups, aggregates, a window over them, an order and a limit."""
    keys = random.sample(KEYS, random.randint(1, 3))
    names = [f"k{number}" for number in range(len(keys))]
    groups = ", ".join(f"{key} as {name}" for key, name in zip(keys, names, strict=True))
    values = [f"{_value(random)} as v{number}" for number in range(random.randint(1, 3))]
    values += [TEXT_VALUE] * random.randint(0, 1)
    wheres = " and ".join(f"({where})" for where in random.sample(WHERES, random.randint(1, 3)))
    order = ", ".join(f"{name} nulls last" for name in names)
    window = random.choice(
        [
            f"row_number() over (order by {order})",
            f"v0 - lag(v0) over (order by {order})",
            f"sum(v0) over (partition by k0 order by {order})",
            "rank() over (order by v0 desc nulls last)",
        ]
    )
    return (
        f"with steps as (select {groups}, {', '.join(values)} "
        "from profile_agg.adwh_fact_profile_by_segment as f "
        "inner join profile_agg.adwh_dim_segments as s on f.segment_id = s.segment_id "
        f"where {wheres} group by {', '.join(keys)}) "
        f"select *, {window} as w, {_derived(random)} as d from steps "
        f"order by {order}, v0 nulls last limit {random.randint(1, 40)}"
    )


def _value(random: Random) -> str:
    amount = random.choice(AMOUNTS)
    return random.choice(
        [
            f"sum({amount})",
            f"max({amount})",
            "count(distinct segment_name)",
            f"round(avg({amount}), 3)",
            f"round(cast(sum({amount}) as double) / nullif(count(*) - 1, 0), 4)",
            f"sum(case when {random.choice(WHERES)} then {amount} else 0 end)",
            f"coalesce(nullif(min({amount}), 0), 7)",
            f"cast(sum({amount}) as decimal(12, 2))",
        ]
    )


def _derived(random: Random) -> str:
    return random.choice(
        [
            "case when v0 is null then 'none' when k0 = k0 then 'some' else 'never' end",
            "coalesce(cast(v0 as varchar), '?')",
            "cast(k0 as varchar) || '!'",
            "abs(v0 - 12)",
        ]
    )
