"""Replaying links against a slow replay that looks at the whole graph after every link."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from orchestration.identity.replay import IMPLAUSIBLE_SIZE, Item, Rule, decide

RULES: tuple[Rule, ...] = (("unique_namespace", "card"), ("too_many_values", "email"))
CAPACITY = {RULES[0]: 1, RULES[1]: 2}
SOURCE: Rule = ("duplicate_free_source", "shop")

records = st.integers(0, 7)
values = st.integers(0, 5)
observations = st.tuples(st.just("value"), records, values)
pairs = st.tuples(st.just("pair"), records, records)
decisions = st.tuples(st.just("always"), records, records)


def item(number: int, kind: str, left: int, right: int) -> Item:
    if kind == "value":
        # Two values of the card, two of the e-mail, two that nothing limits.
        rule = (*RULES, None)[right // 2]
        limited = rule is not None
        return (
            number,
            left,
            -1 - right,
            rule,
            right if limited else None,
            CAPACITY.get(rule or SOURCE, 0),
            None,
        )
    return number, left, right, None, None, 0, 0.9 if kind == "pair" else None


def breaks(graph: nx.Graph, held: dict[int, set[tuple[Rule, int]]], node: int) -> bool:
    """Whether the profile around a node holds too many values of a rule."""
    found: dict[Rule, set[int]] = {}
    for member in nx.node_connected_component(graph, node):
        for rule, value in held.get(member, set()):
            found.setdefault(rule, set()).add(value)
    return any(len(v) > CAPACITY.get(rule, 1) for rule, v in found.items())


def slow_decide(
    items: list[Item], held: dict[int, set[tuple[Rule, int]]], largest: int
) -> set[int]:
    """The refused items, found by trying each link on a whole graph."""
    graph = nx.Graph()
    closed: set[int] = set()
    refused = set()
    for number, left, right, rule, value, _, probability in items:
        graph.add_nodes_from((left, right))
        if rule is not None and value is not None:
            held.setdefault(right, set()).add((rule, value))
        both = nx.node_connected_component(graph, left) | nx.node_connected_component(graph, right)
        if right in nx.node_connected_component(graph, left):
            continue
        too_large = len([n for n in both if n >= 0]) > largest
        if probability is not None and (too_large or closed & both):
            closed |= both
            refused.add(number)
            continue
        graph.add_edge(left, right)
        if breaks(graph, held, left):
            graph.remove_edge(left, right)
            refused.add(number)
    return refused


@given(
    st.lists(st.one_of(observations, decisions), max_size=25),
    st.lists(pairs, max_size=12),
    st.sets(records, max_size=4),
    st.integers(1, 6),
)
def test_replay_equals_trying_each_link_on_the_whole_graph(
    first: list[tuple[str, int, int]],
    scored: list[tuple[str, int, int]],
    of_source: set[int],
    largest: int,
) -> None:
    items = [item(n, *link) for n, link in enumerate([*first, *scored])]
    held = [(node, SOURCE, node) for node in sorted(of_source)]
    refused = {number for number, _ in decide(items, held, largest)}
    slow = slow_decide(items, {n: {(r, v)} for n, r, v in held}, largest)
    assert refused == slow


def test_the_threshold_rises_until_a_chain_falls_apart() -> None:
    """Surer pairs stay; below the first that makes the profile too large nothing is added."""
    chain: list[Item] = [
        (0, 1, 2, None, None, 0, 0.999),
        (1, 3, 4, None, None, 0, 0.998),
        (2, 2, 3, None, None, 0, 0.99),
        (3, 4, 5, None, None, 0, 0.98),
        (4, 6, 7, None, None, 0, 0.97),
    ]
    assert decide(chain, [], 3) == [(2, IMPLAUSIBLE_SIZE), (3, IMPLAUSIBLE_SIZE)]


def test_a_long_chain_costs_no_recursion() -> None:
    chain: list[Item] = [(n, n, n + 1, None, None, 0, None) for n in range(100_000)]
    forbidden: Rule = ("never_link", "a b")
    held = [(0, forbidden, 0), (100_000, forbidden, 1)]
    assert decide(chain, held, 10) == [(99_999, forbidden)]
