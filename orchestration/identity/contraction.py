"""Connected components by contraction, where dbt does not drive it.

The statements of macros/connected_components.sql, which says why they end and why they are exact.
When links come and go, a component that has lost none is contracted as one node: whoever was
together in it still is.
"""

from __future__ import annotations

import duckdb

ROUNDS = 60


def find_reached(
    con: duckdb.DuckDBPyConnection, components: str, anew: str, neighbours: str
) -> None:
    """Find the rows of components that may differ after links have come and gone.

    Leaves three temporary tables: reached_components (component_id); rows_before, all columns of
    their rows; and standing (node_id, component_id), the rows of those that have lost no link.

    Parameters:
        con: a connection.
        components: relation with node_id and component_id, the smallest node, as they were.
        anew: relation whose node_id names an end of every link that is gone. What else it names is
            contracted node by node, too, which costs more and gives the same.
        neighbours: relation whose node_id names those and both ends of every link that has come.
    """
    con.execute(
        "create or replace temp table reached_components as "
        f"select distinct component_id from {components} "
        f"where node_id in (select node_id from {neighbours})"
    )
    con.execute(
        f"create or replace temp table rows_before as select * from {components} "
        "where component_id in (select component_id from reached_components)"
    )
    con.execute(
        "create or replace temp table standing as select node_id, component_id from rows_before "
        "where component_id not in (select component_id from rows_before "
        f"where node_id in (select node_id from {anew}))"
    )


def contract(
    con: duckdb.DuckDBPyConnection,
    name: str,
    edges_sql: str,
    temporary: bool = False,
    standing: str = "",
) -> None:
    """Make a table of the components of a graph.

    Parameters:
        con: a connection; intermediate results are its temporary tables.
        name: the table to make, with columns node_id and component_id (the smallest node).
        edges_sql: yields node_a and node_b, bigint hashes.
        temporary: make it a temporary table.
        standing: relation with node_id and component_id of whole components that are there already,
            as `find_reached` leaves it: their nodes are in the table, their links may be missing
            from `edges_sql`.

    Raises:
        RuntimeError: links are left after `ROUNDS` rounds; nodes that are no hashes do that.
    """
    links = f"select node_a as a, node_b as b from ({edges_sql}) as links"
    labels = "select node as node_id, target as component_id from l"
    if standing:
        links = (
            "select coalesce(x.component_id, node_a) as a, coalesce(y.component_id, node_b) as b "
            f"from ({edges_sql}) as links left join {standing} as x on x.node_id = node_a "
            f"left join {standing} as y on y.node_id = node_b"
        )
        labels = (
            f"select node_id, coalesce(target, component_id) as component_id from {standing} "
            "left join l on node = component_id union all "
            f"{labels} where node not in (select node_id from {standing})"
        )
    con.execute(
        "create or replace temp table e0 as select distinct least(a, b) as a, "
        f"greatest(a, b) as b from ({links}) as links where a <> b"
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
    con.execute(f"create {kind} {name} as {labels}")
    con.execute("drop table if exists p")
    con.execute("drop table l")
    for number in range(rounds + 1):
        con.execute(f"drop table e{number}")
        con.execute(f"drop table if exists m{number}")
