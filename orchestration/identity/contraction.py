"""Connected components by contraction, where dbt does not drive it.

The statements of macros/connected_components.sql, which says why they end and why they are exact.
"""

from __future__ import annotations

import duckdb

ROUNDS = 60


def contract(
    con: duckdb.DuckDBPyConnection, name: str, edges_sql: str, temporary: bool = False
) -> None:
    """Make a table of the components of a graph.

    Parameters:
        con: a connection; intermediate results are its temporary tables.
        name: the table to make, with columns node_id and component_id (the smallest node).
        edges_sql: yields node_a and node_b, bigint hashes.
        temporary: make it a temporary table.

    Raises:
        RuntimeError: links are left after `ROUNDS` rounds; nodes that are no hashes do that.
    """
    con.execute(
        "create or replace temp table e0 as select distinct least(node_a, node_b) as a, "
        f"greatest(node_a, node_b) as b from ({edges_sql}) as links where node_a <> node_b"
    )
    rounds = 0
    while con.execute(f"select count(*) from e{rounds}").fetchall()[0][0]:
        rounds += 1
        if rounds > ROUNDS:
            raise RuntimeError(f"{name}: links are left after {ROUNDS} rounds")
        con.execute(
            "create or replace temp table p as select node, least(node, min(neighbour)) as target "
            f"from (select a as node, b as neighbour from e{rounds - 1} union all "
            f"select b, a from e{rounds - 1}) group by node"
        )
        con.execute(
            f"create or replace temp table m{rounds} as with j as (select x.node, y.target from p "
            "as x join p as y on y.node = x.target) "
            "select x.node, y.target from j as x join j as y on y.node = x.target"
        )
        con.execute(
            f"create or replace temp table e{rounds} as select distinct least(x.target, y.target) "
            f"as a, greatest(x.target, y.target) as b from e{rounds - 1} as e join m{rounds} as x "
            f"on x.node = e.a join m{rounds} as y on y.node = e.b where x.target <> y.target"
        )
    con.execute("create or replace temp table l as select 0::bigint as node, 0::bigint as target")
    con.execute("delete from l")
    for back in range(rounds, 0, -1):
        con.execute(
            "create or replace temp table l as select m.node, coalesce(l.target, m.target) as "
            f"target from m{back} as m left join l on l.node = m.target"
        )
    kind = "temp table" if temporary else "table"
    con.execute(f"create {kind} {name} as select node as node_id, target as component_id from l")
    con.execute("drop table if exists p")
    con.execute("drop table l")
    for number in range(rounds + 1):
        con.execute(f"drop table e{number}")
        con.execute(f"drop table if exists m{number}")
