"""`graph`: records that share values become people, ours beside four other ways.

The graph has the shape of a company's: per customer three or four records and five or six values,
a chain of records each of which shares a value with the next; one customer in a hundred shares a
value with another one. Every way starts from the same table of texts (record, namespace, value) in
DuckDB and ends with a table of records and people, so reading, encoding and writing are in all of
them. The ways take turns.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
from rich.console import Console

from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure

CHAIN = 100_000
MOST_CUSTOMERS = {"networkx": 500_000, "splink": 1_000_000, "labels": 1_000_000}
"""Beyond these the others need more memory or patience than there is."""
OBSERVATIONS = """
    create table observations as
    with records as (
        select i % {customers} as customer, i // {customers} as place
        from range(7 * {customers} // 2) as t (i)
    ),
    shown as (
        select customer, place, 'email' as namespace, 'e' || customer || '_' || place // 2 as value
        from records
        union all
        select customer, place, 'login', 'l' || customer from records where place in (1, 2)
        union all
        select customer, place, 'phone', 'p' || customer // 100 from records
        where place = 0 and customer % 100 < 2
    )
    select
        ['shop', 'loyalty', 'mail', 'web'][1 + place] || ':' || md5(customer::varchar)[:10]
            as record_key,
        namespace,
        value as comparison_value
    from shown
    order by hash(customer, place, namespace)
"""
LONG_CHAIN = """
    create table observations as
    select 'chain:' || (i + side) // 2 as record_key, 'device' as namespace,
        'd' || i // 2 as comparison_value
    from range({length}) as t (i), (values (0), (1)) as s (side)
"""


def run(customers: int, console: Console) -> list[Measurement]:
    """Resolve a company's graph and a long chain.

    Parameters:
        customers: size of the company; the graph has 3.5 records and 5.5 observations for each.
        console: where progress goes.

    Returns:
        One measurement per way, ours also with 4 GB of memory and on the chain, and the ratios.
    """
    folder = RESULTS / f"graph_{customers}"
    environment = environment_for(folder)
    source = _table(folder / "graph.duckdb", OBSERVATIONS.format(customers=customers))
    chain = _table(folder / "chain.duckdb", LONG_CHAIN.format(length=CHAIN))
    ways = ["ours", "scipy", *(w for w, most in MOST_CUSTOMERS.items() if customers <= most)]
    results = []
    for way, path, limit in [
        *((way, source, "10GB") for way in ways),
        ("ours", source, "4GB"),
        ("ours", chain, "4GB"),
    ]:
        name = f"{way}, {path.stem}, memory_limit {limit}"
        console.print(name)
        command = child("benchmarks.resolve_graph", way, str(path), limit)
        results.append(measure(name, command, environment))
    counts = {r.name: r.output for r in results[: len(ways)]}
    ratio = {
        "wall, ours / scipy": round(results[0].wall_seconds / results[1].wall_seconds, 2),
        "cpu, ours / scipy": round(results[0].cpu_seconds / results[1].cpu_seconds, 2),
        "people": counts,
    }
    return [*results, Measurement("ratios", 0.0, 0.0, 0.0, ratio)]


def _table(path: Path, sql: str) -> Path:
    if not path.exists():
        with duckdb.connect(str(path)) as con:
            con.execute("set preserve_insertion_order = true")
            con.execute(sql)
    return path
