"""Labels reach whatever is computed of a column, through random models, against sets handed on."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from orchestration.lineage.edges import ROWS
from orchestration.lineage.origins import Name
from orchestration.usage.carried import UNKNOWN
from tests.usage.graphs import Graph, labelled, random_graph


def compared(chance: random.Random, models: int) -> tuple[int, int]:
    """Hold a random graph to the second reading.

    Returns:
        How many labels columns carry that they don't declare, and how many columns are unknown.
    """
    graph = random_graph(chance, models)
    inherited = unknown = 0
    with labelled(graph) as carried:
        for name, expected in graph.expected.items():
            found = carried.of(name)
            assert {*found.chains} == expected, (name, graph.sql.get(name.table))
            for label, way in found.chains.items():
                assert way[0] == name and _is_a_way(graph, way, label)
            inherited += len(expected - graph.own[name])
            unknown += not found.is_known
    return inherited, unknown


def _is_a_way(graph: Graph, way: tuple[Name, ...], label: str) -> bool:
    """Each step reads the next, and the last column has the label itself."""
    steps = pairwise(way)
    ends = label == UNKNOWN or label in graph.own[way[-1]]
    return ends and all(read.table in graph.inputs[of.table] for of, read in steps)


def test_no_label_is_lost_or_made_up_on_the_way() -> None:
    chance = random.Random(252)
    found = [compared(chance, chance.randint(3, 12)) for _ in range(7)]
    assert sum(inherited for inherited, _ in found) > 100
    assert sum(unknown for _, unknown in found) > 5


@pytest.mark.slow
def test_no_label_is_lost_in_many_graphs() -> None:
    chance = random.Random(2520)
    found = [compared(chance, chance.randint(2, 40)) for _ in range(400)]
    assert sum(inherited for inherited, _ in found) > 10_000


def test_what_nobody_describes_may_carry_anything() -> None:
    graph = random_graph(random.Random(1), 2)
    graph.nodes.pop("seed.s0")
    for node in graph.nodes.values():
        node["columns"].pop("c0", None)
    with labelled(graph) as carried:
        assert not carried.of(Name("landing.s0", "c1")).is_known
        assert not carried.of(Name("landing.nowhere", "x")).is_known
        # Of a table that is described a column that is not may be any of the others.
        every = {label for c in ("c1", "c2", "c3", "profile_id")
                 for label in graph.own[Name("landing.s1", c)]}  # fmt: skip
        assert {*carried.of(Name("landing.s1", "c0")).chains} == every
        assert carried.of(Name("landing.s1", "source_row")).chains == {}


def test_somebodys_word_settles_what_lineage_does_not_know() -> None:
    graph = Graph()
    chance = random.Random(3)
    while not any(UNKNOWN in labels for labels in graph.expected.values()):
        graph = random_graph(chance, 4)
    doubtful = {name.table for name, labels in graph.expected.items() if UNKNOWN in labels}
    for table in doubtful:
        graph.nodes[f"model.{table.split('.')[1]}"]["config"] = {"meta": {"labels": []}}
    with labelled(graph) as carried:
        for name, expected in graph.expected.items():
            assert {*carried.of(name).chains} == expected - {UNKNOWN}


def test_a_label_of_a_table_is_on_all_of_its_columns_and_its_rows() -> None:
    graph = random_graph(random.Random(4), 3)
    graph.nodes["seed.s1"]["source_meta"] = {"labels": ["C9"]}
    graph.nodes["seed.s1"]["config"] = {"meta": {"labels": ["C8"]}}
    with labelled(graph) as carried:
        for column in (*graph.columns["landing.s1"], ROWS):
            assert {"C8", "C9"} <= carried.of(Name("landing.s1", column)).labels
