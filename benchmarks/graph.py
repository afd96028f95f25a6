"""`graph`: records that share values become people, ours beside four other ways.

The graph has the shape of a company's: per customer three or four records and five or six values,
a chain of records each of which shares a value with the next; one customer in a hundred shares a
value with another one. Every way starts from the same table of texts (record, namespace, value) in
DuckDB and ends with a table of records and people, so reading, encoding and writing are in all of
them. The ways take turns.
"""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from orchestration.errors import UserError
from orchestration.terminal import Console

CHAIN = 100_000
MOST_CUSTOMERS = {"networkx": 1_000_000, "splink": 10_000_000, "labels": 10_000_000}
"""Larger graphs were not tried with these: networkx takes 4.6 GB for a million customers."""
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


ARRIVING = """
    create table observations as
    select
        'new:' || record_key as record_key,
        namespace,
        case when hash(record_key) % 200 = 0 then 'x' else '' end || comparison_value
            as comparison_value
    from source.observations
    where hash(record_key) % 100 = 0
"""
"""One record in a hundred comes again under a new key, half of them with values of their own."""


def run(customers: int, console: Console) -> list[Measurement]:
    """Resolve a company's graph and a long chain, and the graph again when records arrive.

    Parameters:
        customers: size of the company; the graph has 3.5 records and 5.5 observations for each.
        console: where progress goes.

    Returns:
        One measurement per way, ours also with 4 GB of memory, on the chain, for one per cent of
        new records and over all of these from the beginning; then the ratios.

    Raises:
        UserError: the refreshed people differ from those found from the beginning, or a way finds
            another number of people than ours.
    """
    folder = RESULTS / f"graph_{customers}"
    environment = environment_for(folder)
    source = _table(folder / "graph.duckdb", OBSERVATIONS.format(customers=customers))
    chain = _table(folder / "chain.duckdb", LONG_CHAIN.format(length=CHAIN))
    arriving = _table(folder / "arriving.duckdb", ARRIVING, source)
    results: dict[str, Measurement] = {}
    people = {}

    def take(name: str, way: str, path: Path, limit: str, *new: Path, left: str = "left") -> None:
        console.print(name)
        kept = folder / f"{left}.duckdb"
        arguments = (str(path), limit, str(kept), *map(str, new))
        results[name] = measure(
            name, child("benchmarks.resolve_graph", way, *arguments), environment
        )
        if way != "networkx":
            counted = child("benchmarks.resolve_graph", "count", *arguments)
            people[name] = measure(name, counted, environment).output

    take("ours", "ours", source, "10GB", left="ours")
    take("ours, one per cent more", "refresh", source, "10GB", arriving, left="ours")
    take("ours, all of them", "ours", source, "10GB", arriving)
    take("scipy", "scipy", source, "10GB")
    for way, most in MOST_CUSTOMERS.items():
        if customers <= most:
            take(way, way, source, "10GB")
    take("ours, 4 GB", "ours", source, "4GB")
    take("ours, chain", "ours", chain, "4GB")
    refreshed, whole = "ours, one per cent more", "ours, all of them"
    if people[refreshed] != people[whole]:
        raise UserError(f"Refreshed people differ: {people[refreshed]}, {people[whole]}")
    for way in people.keys() & {"scipy", "splink", "labels", "ours, 4 GB"}:
        # Ours takes 60-bit hashes for values, scipy the texts: two values with one hash show here.
        if people[way]["people"] != people["ours"]["people"]:
            raise UserError(f"{way} finds other people: {people[way]}, {people['ours']}")
    ratios: dict[str, Any] = {"people": people}
    for name, beside in (("ours", "scipy"), ("ours, 4 GB", "scipy"), (refreshed, whole)):
        ours, other = results[name], results[beside]
        ratios[f"{name} / {beside}"] = {
            "wall": round(ours.wall_seconds / other.wall_seconds, 3),
            "cpu": round(ours.cpu_seconds / other.cpu_seconds, 3),
        }
    return [*results.values(), Measurement("ratios", 0.0, 0.0, 0.0, ratios)]


def _table(path: Path, sql: str, source: Path | None = None) -> Path:
    if not path.exists():
        # In a process of its own: what this one has taken counts as its children's peak.
        made = get_context("spawn").Process(target=_make, args=(path, sql, source))
        made.start()
        made.join()
        if made.exitcode:
            raise UserError(f"{path} could not be made")
    return path


def _make(path: Path, sql: str, source: Path | None) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("set preserve_insertion_order = true")
        if source:
            con.execute(f"attach '{source}' as source (read_only)")
        con.execute(sql)
