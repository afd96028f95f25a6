"""200 random graphs through the whole layer, at once and in ten shuffled batches."""

from __future__ import annotations

import random
from pathlib import Path

import networkx as nx
import pytest

from tests.identity.lab import Lab, Record

NAMESPACES = ("email,email,20,false,100000,,,false,x", "device,device,90,false,100000,,,false,x")


def random_graph(seed: int) -> list[Record]:
    """Records that show a few of a few values: from single records to one large component."""
    dice = random.Random(seed)
    size = dice.choice([2, 5, 20, 60])
    values = max(1, int(size * dice.choice([0.3, 0.8, 1.5])))
    return [
        Record(
            f"g{seed}:{i}",
            {
                "email": f"g{seed}v{dice.randrange(values)}@x.org",
                "device": f"g{seed}d{dice.randrange(values)}",
            },
        )
        for i in range(size)
    ]


@pytest.mark.slow
def test_batches_and_order_change_neither_people_nor_ids(tmp_path: Path) -> None:
    everyone = [record for seed in range(200) for record in random_graph(seed)]
    graph = nx.Graph()
    for record in everyone:
        graph.add_node(record.key)
        graph.add_edges_from((record.key, value) for value in record.values.values())
    keys = {record.key for record in everyone}
    expected = {frozenset(c & keys) for c in nx.connected_components(graph)}

    at_once = Lab(tmp_path / "at_once", NAMESPACES)
    at_once.build(everyone)
    assert at_once.people() == expected

    in_batches = Lab(tmp_path / "in_batches", NAMESPACES)
    dice = random.Random(7)
    dice.shuffle(everyone)
    before: dict[str, str] = {}
    for batch in range(1, 11):
        arrived = everyone[: len(everyone) * batch // 10]
        dice.shuffle(arrived)
        in_batches.build(arrived)
        now = in_batches.profiles()
        # Of records that were one person before, all still are: nothing parts, ids only merge.
        moved = {(before[key], now[key]) for key in before}
        assert len(moved) == len({old for old, _ in moved})
        before = now
    assert in_batches.people() == expected
