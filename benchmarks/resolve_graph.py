"""One way of finding people in a table of observations, in a process of its own.

Run as `python -m benchmarks.resolve_graph WAY DATABASE MEMORY_LIMIT RESULT [ARRIVING]` by the
benchmark `graph`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

from orchestration.identity.contraction import contract

RECORD = "cast('0x' || substr(md5(record_key), 1, 15) as bigint)"
VALUE = "md5(namespace || ' ' || comparison_value)"
SHOWN = f"""
    select
        {RECORD} as node_id,
        cast('0x' || substr({VALUE}, 1, 15) as bigint) as value_id,
        cast('0x' || substr({VALUE}, 16, 15) as bigint) as value_check
    from
"""
"""Two numbers per value, 120 bits of its md5: no two of a company's values have both in common."""
LINKS = """
    with centres as (
        select value_id, value_check, min(node_id) as node_id from {shown}
        group by value_id, value_check having min(node_id) < max(node_id)
    )
    select centres.node_id as node_a, shown.node_id as node_b, value_id
    from {shown} as shown inner join centres using (value_id, value_check)
    where shown.node_id <> centres.node_id
"""


def ours(con: duckdb.DuckDBPyConnection) -> None:
    """Stars and contraction as in models/identity, over hashes of the texts."""
    _link(con)
    contract(con, "components", "from links")
    con.execute(
        f"create table people as with records as (select record_key, {RECORD} as node_id from "
        "(select distinct record_key from observations)) "
        "select record_key, node_id, coalesce(component_id, node_id) as person "
        "from records left join components using (node_id)"
    )
    con.execute("drop table components")


def refresh(con: duckdb.DuckDBPyConnection) -> None:
    """What `ours` left, brought up to date for the records that have arrived.

    The stars of the values that these show are made again, components they touch are contracted
    again, and who is another person than before is replaced.
    """
    con.execute("set checkpoint_threshold = '1TB'")
    con.execute(f"create temp table arrived as select distinct record_key, {RECORD} as node_id "
                "from arriving")  # fmt: skip
    con.execute(f"create temp table shown_now as {SHOWN} arriving")
    con.execute("insert into shown from shown_now")
    of_value = "value_id in (select value_id from shown_now)"
    con.execute(f"create temp table touched as from shown where {of_value}")
    con.execute(f"delete from links where {of_value}")
    con.execute(f"insert into links {LINKS.format(shown='touched')}")
    con.execute(
        "create temp table reached as with persons as (select distinct person from people "
        "where node_id in (select node_id from touched)) "
        "select rowid as place, record_key, node_id, person from people "
        "where person in (from persons)"
    )
    con.execute("insert into reached select null, record_key, node_id, null from arrived "
                "anti join reached using (node_id)")  # fmt: skip
    of_reached = "select node_a, node_b from links where node_a in (select node_id from reached)"
    contract(con, "components", of_reached, temporary=True)
    con.execute(
        "create temp table moved as select place, record_key, node_id, "
        "coalesce(component_id, node_id) as person from reached "
        "left join components using (node_id) "
        "where coalesce(component_id, node_id) is distinct from reached.person"
    )
    con.execute("delete from people where rowid in (select place from moved)")
    con.execute("insert into people select record_key, node_id, person from moved")


def scipy(con: duckdb.DuckDBPyConnection) -> None:
    """Union-find of scipy over the bipartite graph, encoded by Arrow's dictionaries."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    table: Any = con.execute(
        "select record_key, namespace || ' ' || comparison_value as value from observations"
    ).to_arrow_table()
    records, values = (
        table[name].combine_chunks().dictionary_encode() for name in ("record_key", "value")
    )
    del table
    count = len(records.dictionary)
    rows = records.indices.to_numpy()
    columns = values.indices.to_numpy() + count
    size = count + len(values.dictionary)
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    people = {"record_key": records.dictionary, "person": labels[:count]}
    import pyarrow as pa

    con.register("labelled", pa.table(people))
    con.execute("create table people as from labelled")


def networkx(con: duckdb.DuckDBPyConnection) -> None:
    """The textbook: a graph of Python objects."""
    import networkx as nx

    graph = nx.Graph()
    rows = con.execute("select record_key, namespace || ' ' || comparison_value from observations")
    graph.add_edges_from((record, (value,)) for record, value in rows.fetchall())
    with Path("/dev/null").open("w") as nowhere:
        for number, records in enumerate(nx.connected_components(graph)):
            print(number, len(records), file=nowhere)


def splink(con: duckdb.DuckDBPyConnection) -> None:
    """Splink's clustering over the same links."""
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    _link(con)
    api = DuckDBAPI(connection=con)
    con.execute("create table nodes as select distinct node_id as node from shown")
    clusters = cluster_pairwise_predictions_at_threshold(
        nodes=api.register("nodes"),
        edges=api.register("links"),
        db_api=api,
        node_id_column_name="node",
        edge_id_column_name_left="node_a",
        edge_id_column_name_right="node_b",
    )
    con.execute(
        "create table people as select node as record_key, cluster_id as person "
        f"from {clusters.physical_name}"
    )


def labels(con: duckdb.DuckDBPyConnection) -> None:
    """The label of the smallest neighbour, again and again until nothing moves."""
    _link(con)
    con.execute(
        "create table neighbours as select node_a as a, node_b as b from links "
        "union all select node_b, node_a from links"
    )
    con.execute(
        f"create table people as select distinct record_key, {RECORD} as node, {RECORD} as person "
        "from observations"
    )
    moved = 1
    while moved:
        con.execute(
            "create or replace table next as select p.record_key, p.node, "
            "least(p.person, coalesce(min(q.person), p.person)) as person from people as p "
            "left join neighbours on a = p.node left join people as q on q.node = b "
            "group by p.record_key, p.node, p.person"
        )
        row = con.execute(
            "select count(*) from next join people using (node) where next.person <> people.person"
        ).fetchone()
        moved = row[0] if row else 0
        con.execute("drop table people")
        con.execute("alter table next rename to people")


def _link(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"create table shown as {SHOWN} observations")
    con.execute(f"create table links as {LINKS.format(shown='shown')}")


def count(con: duckdb.DuckDBPyConnection) -> None:
    """Print what a way has left: records, people, and a sum over who is whom."""
    [(records, people, total)] = con.execute(
        "select count(*), count(distinct person), sum(hash(record_key, person)::hugeint) "
        "from people"
    ).fetchall()
    print(json.dumps({"records": records, "people": people, "sum": str(total)}))


WAYS = {f.__name__: f for f in (ours, refresh, count, scipy, networkx, splink, labels)}
GOING_ON = ("refresh", "count")
"""Ways that begin with what another one has left."""


def main() -> None:
    """Resolve as the command line says."""
    way, source, limit, left, *arriving = sys.argv[1:]
    if way not in GOING_ON:
        Path(left).unlink(missing_ok=True)
    with duckdb.connect(left) as con:
        con.execute("set memory_limit = ?", [limit])
        con.execute("set threads = 2")
        con.execute("set preserve_insertion_order = false")
        con.execute(f"attach '{source}' as source (read_only)")
        everything = "from source.observations"
        if arriving:
            con.execute(f"attach '{arriving[0]}' as arriving (read_only)")
            con.execute("create temp view arriving as from arriving.observations")
            everything += " union all from arriving.observations"
        con.execute(f"create temp view observations as {everything}")
        WAYS[way](con)


if __name__ == "__main__":
    main()
