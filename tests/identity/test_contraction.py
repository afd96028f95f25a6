"""Components kept up to date while links come and go, against networkx over all links."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Iterable

import duckdb
import networkx as nx
import pytest

from orchestration.identity.contraction import contract, find_reached

Link = tuple[int, int]

WORLDS = 60
STEPS = 4


def node(number: int) -> int:
    """A hash, as macros/engine.sql makes of a record's key."""
    return int(hashlib.md5(str(number).encode()).hexdigest()[:15], 16)


def expected(links: Iterable[Link]) -> dict[int, int]:
    """By networkx: each linked node with the smallest node of its component."""
    return {
        member: min(component)
        for component in nx.connected_components(nx.Graph(list(links)))
        for member in component
    }


def fill(con: duckdb.DuckDBPyConnection, table: str, rows: Collection[tuple[int, ...]]) -> None:
    con.execute(f"delete from {table}")
    if rows:
        marks = ", ".join("?" * len(next(iter(rows))))
        con.executemany(f"insert into {table} values ({marks})", [*rows])


def components_in(con: duckdb.DuckDBPyConnection, table: str) -> dict[int, int]:
    rows = con.execute(f"select node_id, component_id from {table}").fetchall()
    assert len(dict(rows)) == len(rows), f"{table} has a node twice"
    return dict(rows)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_components_follow_links_that_come_and_go(seed: int) -> None:
    """Whole components stand without their links; what lost one is contracted from its links."""
    dice = random.Random(seed)
    nodes = [node(i) for i in range(dice.choice([6, 30, 120]))]
    possible = [(a, b) for a in nodes for b in dice.sample(nodes, 6) if a < b]
    links = set(dice.sample(possible, len(possible) // 4))
    con = duckdb.connect()
    con.execute("create table links (node_a bigint, node_b bigint)")
    con.execute("create table anew (node_id bigint)")
    con.execute("create table neighbours (node_id bigint)")
    fill(con, "links", links)
    contract(con, "components", "from links")
    assert components_in(con, "components") == expected(links)
    for _ in range(STEPS):
        share = dice.choice([0.0, 0.02, 0.2])
        gone = {link for link in links if dice.random() < share}
        come = {link for link in possible if dice.random() < share} - links
        links = (links - gone) | come
        # A node that lost nothing may be named as well.
        anew = {end for link in gone for end in link[: dice.choice([1, 2])]}
        anew |= {n for n in nodes if dice.random() < share / 4}
        fill(con, "anew", [(n,) for n in anew])
        fill(con, "neighbours", [(n,) for n in anew | {end for link in come for end in link}])
        find_reached(con, "components", "anew", "neighbours")
        standing = components_in(con, "standing")
        assert not anew & standing.keys()
        # Of a component that stands no link of before is handed over.
        needed = [x for x in links if x in come or not set(x) <= standing.keys()]
        reached = components_in(con, "rows_before").keys() | {e for link in come for e in link}
        fill(con, "links", [x for x in needed if set(x) <= reached])
        contract(con, "now", "from links", temporary=True, standing="standing")
        con.execute("delete from components where node_id in (select node_id from rows_before)")
        con.execute("insert into components from now")
        con.execute("drop table now")
        assert components_in(con, "components") == expected(links)


def test_links_that_never_end_are_reported() -> None:
    con = duckdb.connect()
    con.execute("create table links as select i as node_a, i + 1 as node_b from range(2000) t (i)")
    with pytest.raises(RuntimeError, match="links are left after"):
        contract(con, "components", "from links")
