"""The evidence path between two records against networkx, on graphs of records and values."""

from __future__ import annotations

import random
from collections.abc import Iterator

import duckdb
import networkx as nx
import pytest

from orchestration.identity.paths import Link, shortest_path

Shown = tuple[str, str, str]
"""A record, a namespace and the value that it shows."""

PRIORITIES = {"login": 10, "email": 20, "cookie": 90}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("create schema identity")
        con.execute("create schema policy")
        con.execute(
            "create table identity.links (record_key_a varchar, record_key_b varchar, "
            "link_kind varchar, namespace varchar, comparison_value varchar, "
            "match_probability double)"
        )
        con.execute(
            "create table identity.identity_map "
            "(source_system varchar, source_record_id varchar, profile_id varchar)"
        )
        con.execute(
            "create table policy.identity_namespaces as from (values ('login', 10), "
            "('email', 20), ('cookie', 90)) as listed (namespace, priority)"
        )
        yield con


def fill(con: duckdb.DuckDBPyConnection, shown: list[Shown], pairs: list[Link] = []) -> nx.Graph:  # noqa: B006
    """Write stars as the model `links` does, and give the same as a graph of records and values."""
    graph = nx.Graph()
    by_value: dict[tuple[str, str], list[str]] = {}
    for record, namespace, value in shown:
        by_value.setdefault((namespace, value), []).append(record)
        graph.add_edge(record, (namespace, value))
    for (namespace, value), records in by_value.items():
        centre, *others = sorted(set(records))
        for other in others:
            con.execute(
                "insert into identity.links values (?, ?, 'exact', ?, ?, null)",
                [centre, other, namespace, value],
            )
    for pair in pairs:
        con.execute(
            "insert into identity.links values (?, ?, ?, null, null, ?)",
            [pair.record_a, pair.record_b, pair.link_kind, pair.match_probability],
        )
        graph.add_edge(pair.record_a, (pair.record_a, pair.record_b))
        graph.add_edge(pair.record_b, (pair.record_a, pair.record_b))
    linked = {record for record, _, _ in shown} | {
        r for pair in pairs for r in (pair.record_a, pair.record_b)
    }
    con.executemany(
        "insert into identity.identity_map values ('s', ?, 'p')",
        [[record.removeprefix("s:")] for record in sorted(linked)],
    )
    return graph


def random_graph(seed: int) -> list[Shown]:
    dice = random.Random(seed)
    records = [f"s:{i}" for i in range(dice.choice([3, 10, 40]))]
    values = [(n, f"{n}{i}") for n in PRIORITIES for i in range(dice.choice([2, 6, 20]))]
    return [(r, *v) for r in records for v in dice.sample(values, dice.choice([1, 1, 2, 3]))]


@pytest.mark.parametrize("seed", range(15))
def test_no_path_is_shorter(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    shown = random_graph(seed)
    graph = fill(con, shown)
    dice = random.Random(seed)
    records = sorted({record for record, _, _ in shown})
    for _ in range(8):
        a, b = dice.sample(records, 2)
        path = shortest_path(con, "p", a, b)
        if not nx.has_path(graph, a, b):
            assert path == []
            continue
        assert len(path) == nx.shortest_path_length(graph, a, b) / 2
        assert [path[0].record_a, *(link.record_b for link in path)][-1] == b
        for link in path:
            value = (link.namespace, link.comparison_value)
            assert graph.has_edge(link.record_a, value) and graph.has_edge(link.record_b, value)


def test_of_equals_the_stronger_and_then_the_first_by_name(con: duckdb.DuckDBPyConnection) -> None:
    fill(
        con,
        [(r, n, n) for n in ("cookie", "email") for r in ("s:1", "s:2")]
        + [(r, "email", v) for v in ("b", "a") for r in ("s:3", "s:4")],
    )
    assert [link.namespace for link in shortest_path(con, "p", "s:1", "s:2")] == ["email"]
    assert [link.comparison_value for link in shortest_path(con, "p", "s:3", "s:4")] == ["a"]


def test_decisions_are_stronger_than_values_and_those_than_scores(
    con: duckdb.DuckDBPyConnection,
) -> None:
    scored = Link("s:1", "s:2", "probabilistic", None, None, 0.999)
    decided = Link("s:3", "s:4", "always_link", None, None, None)
    shown = [
        (r, "cookie", v) for v, rs in (("x", "12"), ("y", "34")) for r in map("s:{}".format, rs)
    ]
    fill(con, shown, [scored, decided])
    assert shortest_path(con, "p", "s:1", "s:2")[0].link_kind == "exact"
    assert shortest_path(con, "p", "s:4", "s:3")[0].link_kind == "always_link"


def test_the_search_stays_in_the_profile(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [("s:1", "email", "e"), ("s:2", "email", "e")])
    assert shortest_path(con, "another", "s:1", "s:2") == []


def test_a_long_chain_is_walked_to_its_end(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [(f"s:{i}", "email", str(v)) for i in range(120) for v in (i, i + 1)])
    assert len(shortest_path(con, "p", "s:0", "s:119")) == 119
