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

from benchmarks.contraction import contract

RECORD = "cast('0x' || substr(md5(record_key), 1, 15) as bigint)"
VALUE = "cast('0x' || substr(md5(namespace || ' ' || comparison_value), 1, 15) as bigint)"
LINKS = """
    with centres as (
        select value_id, min(node_id) as node_id from {shown}
        group by value_id having min(node_id) < max(node_id)
    )
    select centres.node_id as node_a, shown.node_id as node_b
    from {shown} as shown inner join centres using (value_id)
    where shown.node_id <> centres.node_id
"""


def ours(con: duckdb.DuckDBPyConnection) -> None:
    """Stars and contraction as in models/identity, over hashes of the texts.

    Leaves shown(node_id, value_id) and people(record_key, node_id, person).
    """
    _link(con)
    components = contract(con, "from links")
    con.execute(
        f"create table people as with records as (select record_key, {RECORD} as node_id from "
        "(select distinct record_key from observations)) "
        "select record_key, node_id, coalesce(target, node_id) as person "
        f"from records left join {components} on node = node_id"
    )
    con.execute("drop table links")


def refresh(con: duckdb.DuckDBPyConnection) -> None:
    """What `ours` left, brought up to date for the records that have arrived.

    As the layer does it: people who show a value of a record that arrived are taken apart and
    joined again with it, from the values they show.
    """
    con.execute(
        f"create temp table arrived as select record_key, {RECORD} as node_id, "
        f"{VALUE} as value_id from arriving"
    )
    con.execute("insert into shown select node_id, value_id from arrived")
    con.execute(
        "create temp table rows_before as select rowid as place, record_key, node_id from people "
        "where person in (select person from people where node_id in (select node_id from shown "
        "where value_id in (select value_id from arrived)))"
    )
    con.execute(
        "create temp table reached as from shown where node_id in (select node_id from rows_before "
        "union all select node_id from arrived)"
    )
    components = contract(con, LINKS.format(shown="reached"))
    con.execute("delete from people where rowid in (select place from rows_before)")
    con.execute(
        "insert into people select record_key, node_id, coalesce(target, node_id) from ("
        "select record_key, node_id from rows_before union select record_key, node_id from arrived"
        f") as records left join {components} on node = node_id"
    )


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
    con.execute(
        f"create table shown as select {RECORD} as node_id, {VALUE} as value_id from observations"
    )
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
