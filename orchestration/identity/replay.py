"""Trying the links of a component again, one after the other, where all of them break a rule.

Each decision depends on those before it, which no set operation expresses; so this is a loop, over
the components that break a rule and no others. The order is the rows' (replay_items), the rules are
sets that may hold so many values: one of a unique namespace, one record of a source without
duplicates, one side of a pair that must not be linked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

Rule = tuple[str, str]
"""What is limited: the reason that is given, and the namespace, source or pair it is about."""
Item = tuple[int, int, int, Rule | None, int | None, int, float | None]
"""number, left node, right node, rule of the value on the right, its hash, capacity, probability
(None unless a scored pair)."""
IMPLAUSIBLE_SIZE: Rule = ("implausible_size", "")

REFUSED = pa.schema(
    [
        ("component_id", pa.int64()),
        ("place", pa.int64()),
        ("rule", pa.string()),
        ("scope", pa.string()),
    ]
)


class Profiles:
    """Growing profiles: a union-find whose roots know what they hold.

    Parameters:
        held: node, rule and value that a record brings along; each rule takes one value.
        largest: records in a profile that scored pairs may still make larger.
    """

    def __init__(self, held: Iterable[tuple[int, Rule, int]], largest: int) -> None:
        self.parent: dict[int, int] = {}
        self.records: dict[int, int] = {}
        self.values: dict[int, dict[Rule, set[int]]] = {}
        self.capacity: dict[Rule, int] = {}
        self.closed: set[int] = set()
        self.largest = largest
        for node, rule, value in held:
            self.values.setdefault(node, {}).setdefault(rule, set()).add(value)
            self.capacity[rule] = 1

    def find(self, node: int) -> int:
        """The node that stands for a node's profile."""
        root = node
        while (above := self.parent.get(root, root)) != root:
            root = above
        while (above := self.parent.get(node, node)) != root:
            self.parent[node], node = root, above
        return root

    def try_link(self, item: Item) -> Rule | None:
        """Join the two sides of an item unless a rule forbids it.

        Returns:
            The rule that forbids it, None when the two are one profile now.
        """
        _, left, right, rule, value, capacity, probability = item
        if rule is not None and value is not None:
            self.values.setdefault(right, {}).setdefault(rule, set()).add(value)
            self.capacity[rule] = capacity
        a, b = self.find(left), self.find(right)
        if a == b:
            return None
        size_a, size_b = self._records(a), self._records(b)
        is_closed = a in self.closed or b in self.closed
        if probability is not None and (is_closed or size_a + size_b > self.largest):
            # From here on this profile takes surer pairs only, and those have all been tried.
            self.closed.update((a, b))
            return IMPLAUSIBLE_SIZE
        held_a, held_b = self.values.get(a, {}), self.values.get(b, {})
        for shared in sorted(held_a.keys() & held_b.keys()):
            if len(held_a[shared] | held_b[shared]) > self.capacity[shared]:
                return shared
        if len(held_a) < len(held_b):
            a, b = b, a
        self.parent[b] = a
        self.records[a] = size_a + size_b
        merged = self.values.setdefault(a, {})
        for rule_b, values in self.values.pop(b, {}).items():
            merged.setdefault(rule_b, set()).update(values)
        if b in self.closed:
            self.closed.add(a)
        return None

    def _records(self, root: int) -> int:
        # Values are numbered below zero and are no records.
        return self.records.get(root, 1 if root >= 0 else 0)


def decide(
    items: Iterable[Item], held: Iterable[tuple[int, Rule, int]], largest: int
) -> list[tuple[int, Rule]]:
    """Replay items in their order.

    Parameters:
        items: links of components that break a rule, in the order in which they are tried.
        held: what records bring along, see `Profiles`.
        largest: see `Profiles`.

    Returns:
        The refused items with the rule that refuses each.
    """
    profiles = Profiles(held, largest)
    return [(item[0], rule) for item in items if (rule := profiles.try_link(item)) is not None]


def replay(session: Any, items: Any, exclusive: Any, rules: Any) -> Any:
    """Decide over the relations of a dbt Python model.

    Parameters:
        session: the DuckDB connection that dbt runs the model on.
        items: replay_items.
        exclusive: exclusive_records.
        rules: match_settings.

    Returns:
        component_id bigint, place bigint, rule string, scope string of each refused item.
    """
    rows = (
        items.project(
            "component_id, place, left_node, right_node, namespace, value_hash, "
            "coalesce(capacity, 0), match_probability"
        )
        .order("component_id, place")
        .fetchall()
    )
    # A whole source may be without duplicates; only records of broken components are looked at.
    nodes = items.project("left_node as node").union(
        items.filter("right_node >= 0").project("right_node as node")
    )
    held = (
        exclusive.join(nodes, "node", how="semi")
        .project("node, rule, scope, value_hash")
        .fetchall()
    )
    limits = rules.filter("rule = 'largest_plausible_profile'").project("value::bigint").fetchall()
    refused = decide(
        (_item(number, row[2:]) for number, row in enumerate(rows)),
        (((node, (rule, scope), value)) for node, rule, scope, value in held),
        limits[0][0] if limits else 2**62,
    )
    table = _table([(rows[number][0], rows[number][1], *rule) for number, rule in refused])
    return session.from_arrow(table)


def _item(number: int, row: Sequence[Any]) -> Item:
    left, right, namespace, value, capacity, probability = row
    reason = "unique_namespace" if capacity == 1 else "too_many_values"
    rule = (reason, namespace) if capacity else None
    return number, left, right, rule, value, capacity, probability


def _table(refused: Sequence[tuple[int, int, str, str]]) -> pa.Table:
    columns = list(zip(*refused, strict=True)) or [()] * len(REFUSED)
    return pa.table(
        {
            field.name: pa.array(column, field.type)
            for field, column in zip(REFUSED, columns, strict=True)
        }
    )
