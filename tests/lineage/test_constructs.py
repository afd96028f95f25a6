"""What each construct of SQL reads: column by column, and `*` for what decides the rows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.lineage.reading import columns_of, lineage_of

CASES: Mapping[str, tuple[str, dict[str, str]]] = {
    "as it is": ("select x from t", {"x": "t.x identity", "*": ""}),
    "another name": ("select x as z from t as a", {"z": "t.x identity", "*": ""}),
    "from first": ("from u", {c: f"u.{c} identity" for c in ["id", "k", "v", "w"]} | {"*": ""}),
    "a function": ("select lower(y) as z from t", {"z": "t.y transformation", "*": ""}),
    "a cast": ("select cast(x as varchar) as z from t", {"z": "t.x transformation", "*": ""}),
    "a hash": ("select md5(y) as z from t", {"z": "t.y transformation", "*": ""}),
    "a literal and the clock": (
        "select 'a' as z, current_date as d, null as n, random() as r from t",
        {"z": "", "d": "", "n": "", "r": "", "*": ""},
    ),
    "a case": (
        "select case when x > 1 then y else 'b' end as z from t",
        {"z": "t.x conditional, t.y transformation", "*": ""},
    ),
    "a case of a value": (
        "select case x when 1 then k when id then 2 end as z from t",
        {"z": "t.id conditional, t.k transformation, t.x conditional", "*": ""},
    ),
    "if": (
        "select if(x > 1, k, id) as z from t",
        {"z": "t.id transformation, t.k transformation, t.x conditional", "*": ""},
    ),
    "where": ("select x from t where y = 'a'", {"x": "t.x identity", "*": "t.y filter"}),
    "count": ("select count(*) as n from t where x > 1", {"n": "", "*": "t.x filter"}),
    "an aggregate with a filter": (
        "select sum(x) filter (where y = 'a') as n from t",
        {"n": "t.x aggregation, t.y conditional", "*": ""},
    ),
    "an ordered aggregate": (
        "select string_agg(y, ',' order by k) as n from t",
        {"n": "t.k sort, t.y aggregation", "*": ""},
    ),
    "the best of a group": (
        "select arg_max(y, k) as n from t",
        {"n": "t.k sort, t.y aggregation", "*": ""},
    ),
    "a quantile": (
        "select percentile_cont(0.5) within group (order by x) as n from t",
        {"n": "t.x aggregation", "*": ""},
    ),
    "group by a column": (
        "select y, max(x) as n from t group by y",
        {"y": "t.y identity", "n": "t.x aggregation", "*": "t.y group_by"},
    ),
    "group by an ordinal": (
        "select lower(y) as z, count(*) as n from t group by 1",
        {"z": "t.y transformation", "n": "", "*": "t.y group_by"},
    ),
    "group by an alias": (
        "select k % 2 as z, count(*) as n from t group by z",
        {"z": "t.k transformation", "n": "", "*": "t.k group_by"},
    ),
    "group by all": (
        "select k, lower(y) as z, sum(x) as n from t group by all",
        {
            "k": "t.k identity",
            "z": "t.y transformation",
            "n": "t.x aggregation",
            "*": "t.k group_by, t.y group_by",
        },
    ),
    "rollup": (
        "select k, y, count(*) as n from t group by rollup (k, y)",
        {"k": "t.k identity", "y": "t.y identity", "n": "", "*": "t.k group_by, t.y group_by"},
    ),
    "having": (
        "select k from t group by k having max(x) > 1",
        {"k": "t.k identity", "*": "t.k group_by, t.x filter"},
    ),
    "having by an alias that is a column, too": (
        "select k, max(x) as id from t group by k having id > 1",
        {
            "k": "t.k identity",
            "id": "t.x aggregation",
            "*": "t.id filter, t.k group_by, t.x filter",
        },
    ),
    "a window": (
        "select sum(x) over (partition by k order by id) as n, y from t",
        {"n": "t.id window, t.k window, t.x aggregation", "y": "t.y identity", "*": ""},
    ),
    "a named window": (
        "select lag(x) over w as n from t window w as (partition by k order by id)",
        {"n": "t.id window, t.k window, t.x transformation", "*": ""},
    ),
    "a place": (
        "select row_number() over (order by id) as n from t",
        {"n": "t.id window", "*": ""},
    ),
    "qualify": (
        "select x from t qualify row_number() over (partition by k order by id) = 1",
        {"x": "t.x identity", "*": "t.id filter, t.k filter"},
    ),
    "order without a limit": ("select x from t order by k", {"x": "t.x identity", "*": ""}),
    "order with a limit": (
        "select x from t order by k, 1 limit 3",
        {"x": "t.x identity", "*": "t.k sort, t.x sort"},
    ),
    "a limit after a union": (
        "select x from t union all select v from u order by x limit 3",
        {"x": "t.x identity, u.v identity", "*": "t.x sort, u.v sort"},
    ),
    "distinct": (
        "select distinct x, y from t",
        {"x": "t.x identity", "y": "t.y identity", "*": "t.x group_by, t.y group_by"},
    ),
    "distinct on": (
        "select distinct on (k) x from t order by id",
        {"x": "t.x identity", "*": "t.id sort, t.k group_by"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_construct(case: str) -> None:
    sql, expected = CASES[case]
    lineage = lineage_of(sql)
    assert columns_of(lineage) == expected
    assert not any(reads.unknown for _, reads in lineage.outputs) and not lineage.rows.unknown
