"""One way of finding people in a table of observations, in a process of its own.

Run as `python -m benchmarks.resolve_graph WAY DATABASE MEMORY_LIMIT` by the benchmark `graph`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

from orchestration.identity.contraction import contract

HASH = "cast('0x' || substr(md5(record_key), 1, 15) as bigint)"
STARS = f"""
    with accepted as (select {HASH} as node, namespace, comparison_value from observations),
    centres as (
        select namespace, comparison_value, min(node) as node from accepted
        group by namespace, comparison_value having min(node) < max(node)
    )
    select centres.node as node_a, accepted.node as node_b
    from accepted inner join centres using (namespace, comparison_value)
    where accepted.node <> centres.node
"""


def ours(con: duckdb.DuckDBPyConnection) -> int:
    """The statements of models/identity/candidate_links and candidate_components."""
    con.execute(f"create table links as {STARS}")
    contract(con, "components", "from links")
    con.execute(
        f"create table people as with records as (select distinct record_key, {HASH} as node "
        "from observations) select record_key, coalesce(component_id, node) as person "
        "from records left join components on node_id = node"
    )
    return _count(con)


def scipy(con: duckdb.DuckDBPyConnection) -> int:
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
    return _count(con)


def networkx(con: duckdb.DuckDBPyConnection) -> int:
    """The textbook: a graph of Python objects."""
    import networkx as nx

    graph = nx.Graph()
    rows = con.execute("select record_key, namespace || ' ' || comparison_value from observations")
    graph.add_edges_from((record, (value,)) for record, value in rows.fetchall())
    found = 0
    for _ in nx.connected_components(graph):
        found += 1
    return found


def splink(con: duckdb.DuckDBPyConnection) -> int:
    """Splink's clustering over the same links."""
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    con.execute(f"create table links as {STARS}")
    api = DuckDBAPI(connection=con)
    con.execute(f"create table nodes as select distinct {HASH} as node from observations")
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
    return _count(con)


def labels(con: duckdb.DuckDBPyConnection) -> int:
    """The label of the smallest neighbour, again and again until nothing moves."""
    con.execute(
        f"create table links as with l as ({STARS}) select node_a as a, node_b as b from l "
        "union all select node_b, node_a from l"
    )
    con.execute(
        f"create table people as select distinct record_key, {HASH} as node, {HASH} as person "
        "from observations"
    )
    moved = 1
    while moved:
        con.execute(
            "create or replace table next as select p.record_key, p.node, "
            "least(p.person, coalesce(min(q.person), p.person)) as person from people as p "
            "left join links on links.a = p.node left join people as q on q.node = links.b "
            "group by p.record_key, p.node, p.person"
        )
        row = con.execute(
            "select count(*) from next join people using (node) where next.person <> people.person"
        ).fetchone()
        moved = row[0] if row else 0
        con.execute("drop table people")
        con.execute("alter table next rename to people")
    return _count(con)


def _count(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("select count(distinct person) from people").fetchone()
    assert row is not None
    return int(row[0])


WAYS = {f.__name__: f for f in (ours, scipy, networkx, splink, labels)}


def main() -> None:
    """Resolve as the command line says and print the number of people as JSON."""
    way, source, limit = sys.argv[1:]
    scratch = Path(source).with_suffix(".scratch")
    scratch.unlink(missing_ok=True)
    with duckdb.connect(str(scratch)) as con:
        con.execute("set memory_limit = ?", [limit])
        con.execute("set threads = 2")
        con.execute("set preserve_insertion_order = false")
        con.execute(f"attach '{source}' as source (read_only)")
        con.execute("create view observations as from source.observations")
        people = WAYS[way](con)
    scratch.unlink()
    print(json.dumps({"people": people}))


if __name__ == "__main__":
    main()
