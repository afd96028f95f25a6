"""What joins, subqueries, table expressions, set operations and lists read; as test_constructs."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.lineage.reading import columns_of, lineage_of

CASES: Mapping[str, tuple[str, dict[str, str]]] = {
    "a join": (
        "select t.x, u.w from t join u on t.k = u.k and u.v > 1",
        {"x": "t.x identity", "w": "u.w identity", "*": "t.k join, u.k join, u.v join"},
    ),
    "a left join": (
        "select t.x, u.w from t left join u on t.id = u.id",
        {"x": "t.x identity", "w": "u.w identity", "*": "t.id join, u.id join"},
    ),
    "using": (
        "select k, x, v from t join u using (k)",
        {"k": "t.k identity", "x": "t.x identity", "v": "u.v identity", "*": "t.k join, u.k join"},
    ),
    "a full join using": (
        "select k from t full join u using (k)",
        {"k": "t.k transformation, u.k transformation", "*": "t.k join, u.k join"},
    ),
    "a right join using": (
        "select k from t right join u using (k)",
        {"k": "u.k identity", "*": "t.k join, u.k join"},
    ),
    "a star over using": (
        "select * from (select k, x from t) join (select v, k from u) using (k)",
        {"k": "t.k identity", "x": "t.x identity", "v": "u.v identity", "*": "t.k join, u.k join"},
    ),
    "a semi join": (
        "select x from t semi join u on t.k = u.k and u.w = 'a'",
        {"x": "t.x identity", "*": "t.k join, u.k join, u.w join"},
    ),
    "an anti join": (
        "select x from t anti join (select id as k from u where v > 1) as gone using (k)",
        {"x": "t.x identity", "*": "t.k join, u.id join, u.v filter"},
    ),
    "exists": (
        "select x from t where exists (select 1 from u where u.k = t.k and u.v > 1)",
        {"x": "t.x identity", "*": "t.k filter, u.k filter, u.v filter"},
    ),
    "not exists": (
        "select x from t where not exists (from u where u.k = t.k)",
        {"x": "t.x identity", "*": "t.k filter, u.k filter"},
    ),
    "in": (
        "select x from t where k in (select id from u where w = 'a')",
        {"x": "t.x identity", "*": "t.k filter, u.id filter, u.w filter"},
    ),
    "in, of two columns": (
        "select x from t where (id, k) not in (select id, v from u)",
        {"x": "t.x identity", "*": "t.id filter, t.k filter, u.id filter, u.v filter"},
    ),
    "a flag by exists": (
        "select x, exists (select 1 from u where u.k = t.k) as z from t",
        {"x": "t.x identity", "z": "t.k filter, u.k filter", "*": ""},
    ),
    "a scalar subquery": (
        "select x, (select max(v) from u where u.k = t.k) as z from t",
        {"x": "t.x identity", "z": "t.k filter, u.k filter, u.v aggregation", "*": ""},
    ),
    "a lateral alias": (
        "select x + 1 as a, a * k as b from t",
        {"a": "t.x transformation", "b": "t.k transformation, t.x transformation", "*": ""},
    ),
    "an alias that is a column, too": (
        "select lower(y) as x, x as z from t where x > 1",
        {"x": "t.y transformation", "z": "t.x identity", "*": "t.x filter"},
    ),
    "an order by an alias that is a column, too": (
        "select id as x from t order by x limit 1",
        {"x": "t.id identity", "*": "t.id sort, t.x sort"},
    ),
    "stars through common table expressions": (
        "with a as (select * exclude (l, s) from t), "
        "b as (select *, x + k as z from a where id > 1) "
        "select * exclude (y) replace (k * 2 as k) from b",
        {
            "id": "t.id identity",
            "k": "t.k transformation",
            "x": "t.x identity",
            "z": "t.k transformation, t.x transformation",
            "*": "t.id filter",
        },
    ),
    "a star of one of two": (
        "select b.*, a.x from t as a join (select id, v from u where w = 'a') as b on a.id = b.id",
        {
            "id": "u.id identity",
            "v": "u.v identity",
            "x": "t.x identity",
            "*": "t.id join, u.id join, u.w filter",
        },
    ),
    "columns that an alias names": (
        "with a(p, q) as (select k, x from t) select c.z from a as c(z, n)",
        {"z": "t.k identity", "*": ""},
    ),
    "a table expression before a table of its name": (
        "with u as (select x as v from t) select v from \"u\"",
        {"v": "t.x identity", "*": ""},
    ),
    "union all": (
        "select x, y from t union all select v, w from u where id > 1",
        {"x": "t.x identity, u.v identity", "y": "t.y identity, u.w identity", "*": "u.id filter"},
    ),
    "union": (
        "select x from t union select v from u",
        {"x": "t.x identity, u.v identity", "*": "t.x group_by, u.v group_by"},
    ),
    "union by name": (
        "select x as a, y as b from t union all by name select w as b, v as c from u",
        {"a": "t.x identity", "b": "t.y identity, u.w identity", "c": "u.v identity", "*": ""},
    ),
    "except": (
        "select x from t except select v from u where w = 'a'",
        {
            "x": "t.x identity",
            "*": "t.x filter, t.x group_by, u.v filter, u.v group_by, u.w filter",
        },
    ),
    "intersect": (
        "select x from t intersect select v from u",
        {
            "x": "t.x identity, u.v identity",
            "*": "t.x filter, t.x group_by, u.v filter, u.v group_by",
        },
    ),
    "a list that is unnested": (
        "select t.id, i.e from t, unnest(t.l) as i(e)",
        {"id": "t.id identity", "e": "t.l transformation", "*": "t.l join"},
    ),
    "unnest among the columns": (
        "select id, unnest(l) as e from t",
        {"id": "t.id identity", "e": "t.l transformation", "*": "t.l join"},
    ),
    "a lateral join": (
        "select t.x, b.z from t, lateral (select max(v) as z from u where u.k = t.k) as b",
        {"x": "t.x identity", "z": "u.v aggregation", "*": "t.k filter, u.k filter"},
    ),
    "a series": (
        "select n from t, generate_series(1, x) as g(n)",
        {"n": "t.x transformation", "*": "t.x join"},
    ),
    "a field of a struct": (
        "select s.a as p, t.s.b as q, s['a'] as r from t",
        {"p": "t.s transformation", "q": "t.s transformation", "r": "t.s transformation", "*": ""},
    ),
    "a struct that is made and read": (
        "with a as (select {'p': x, 'q': y} as z from t) select z.p as n from a",
        {"n": "t.x transformation, t.y transformation", "*": ""},
    ),
    "a lambda": (
        "select list_transform(l, lambda e: e + k) as n from t",
        {"n": "t.k transformation, t.l transformation", "*": ""},
    ),
    "a lambda that filters": (
        "select list_filter(l, lambda x: x > 1) as n from t",
        {"n": "t.l transformation", "*": ""},
    ),
    "values": (
        "select a, b, x from t join (values (1, 'p'), (2, 'q')) as v(a, b) on v.a = t.k",
        {"a": "", "b": "", "x": "t.x identity", "*": "t.k join"},
    ),
    "a table expression that reads itself": (
        "with recursive r as (select id, k, 0 as n from t where y = 'a' union all "
        "select u.id, r.k, r.n + u.v from r join u on u.k = r.id) select id, k, n from r",
        {
            "id": "t.id identity, u.id identity",
            "k": "t.k identity",
            "n": "u.v transformation",
            "*": "t.id join, t.y filter, u.id join, u.k join",
        },
    ),
    "an asof join": (
        "select t.x, u.v from t asof join u on t.k = u.k and t.id >= u.id",
        {"x": "t.x identity", "v": "u.v identity", "*": "t.id join, t.k join, u.id join, u.k join"},
    ),
    "all columns of a relation in a function": (
        "select struct_pack(*columns(* exclude (l, s, y))) as n from t",
        {"n": "t.id transformation, t.k transformation, t.x transformation", "*": ""},
    ),
    "a decision within, seen outside": (
        "with a as (select x from t where y = 'a' qualify rank() over (order by k) = 1) "
        "select count(*) as n from a",
        {"n": "", "*": "t.k filter, t.y filter"},
    ),
    "a value that is chosen within decides outside": (
        "with a as (select case when y = 'a' then x end as z from t) "
        "select 1 as n from a where z > 1",
        {"n": "", "*": "t.x filter, t.y filter"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_construct(case: str) -> None:
    sql, expected = CASES[case]
    lineage = lineage_of(sql)
    assert columns_of(lineage) == expected
    assert not any(reads.unknown for _, reads in lineage.outputs) and not lineage.rows.unknown
