"""Second readings, in plain Python: of expressions over labels, and of what columns carry."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Any

import duckdb

LABELS = ("C1", "C2", "I1", "S2")


def holds(said: Any, labels: frozenset[str]) -> bool:
    """A second reading: whether an expression holds for what is carried, all of it known."""
    if isinstance(said, str):
        return said in labels
    [(word, inner)] = said.items()
    if word == "not":
        return not holds(inner, labels)
    return {"any": any, "all": all}[word](holds(part, labels) for part in inner)


def made(chance: random.Random, depth: int) -> Any:
    """A random expression, each label in it once at most."""
    left = chance.sample(LABELS, len(LABELS))

    def part(deep: int) -> Any:
        if not deep or len(left) < 2 or chance.random() < 0.3:
            return left.pop()
        if chance.random() < 0.3:
            return {"not": part(deep - 1)}
        return {
            chance.choice(["any", "all"]): [
                part(deep - 1) for _ in range(chance.randint(1, 2)) if left
            ]
        }

    return part(depth)


def supersets(labels: Collection[str], of: Collection[str] = LABELS) -> Iterator[frozenset[str]]:
    """All sets that have these labels and any of the others."""
    others = sorted(set(of) - set(labels))
    for number in range(len(others) + 1):
        for more in combinations(others, number):
            yield frozenset({*labels, *more})


COMPUTED = {"identity", "transformation", "aggregation", "conditional", "window"}
VALUES = {"identity", "transformation", "aggregation"}
OF_THE_WAREHOUSE = {"source_file", "source_row", "is_deleted"}
Columns = Mapping[tuple[str, str], frozenset[str]]


def carried(con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> Columns:
    """What each column of models carries: labels are handed on to who reads it until none is new.

    A column of which anything may be carried has `unknown` beside the labels that it is known to
    have.

    Parameters:
        con: to the warehouse.
        manifest: dbt's, whose YAML has the labels.
    """
    edges = con.execute(
        "select model, column_name, from_table, from_column, kind from operations.lineage_edges"
    ).fetchall()
    columns = con.execute(
        "select model, column_name, is_certain from operations.lineage_columns"
    ).fetchall()
    own, settled = said_in(manifest)
    made = {model for model, _, _ in columns}
    found: dict[tuple[str, str], set[str]] = {}
    for model, column, is_certain in columns:
        found[model, column] = set(own[model].get(column, own[model][""]))
        if not is_certain and model not in settled:
            found[model, column].add("unknown")
    with_value = {(m, c) for m, c, _, _, kind in edges if kind in VALUES}
    reads: list[tuple[tuple[str, str], tuple[str, str]]] = []
    for m, c, table, column, kind in edges:
        if m.startswith("segments."):
            reached = [c] if c != "*" else [x for model, x, _ in columns if model == m]
            reads += [((m, one), (table, column)) for one in reached]
        elif c != "*" and (kind in COMPUTED or (m, c) not in with_value):
            reads.append(((m, c), (table, column)))
    for table, column in {read for _, read in reads}:
        if table not in made:
            labels = own.get(table, {"": frozenset({"unknown"})})
            every = frozenset().union(*labels.values())
            missing = labels[""] if column in {"*", *OF_THE_WAREHOUSE} else every
            found[table, column] = set(labels.get(column, missing))
    readers: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for of, read in reads:
        readers.setdefault(read, []).append(of)
    left = [name for name, labels in found.items() if labels]
    while left:
        read = left.pop()
        for of in readers.get(read, ()):
            if not found[read] <= found[of]:
                found[of] |= found[read]
                left.append(of)
    return {name: frozenset(labels) for name, labels in found.items()}


def said_in(manifest: Mapping[str, Any]) -> tuple[dict[str, dict[str, frozenset[str]]], set[str]]:
    """Per table the labels by column, `""` for those of the whole, and the tables that say any."""
    own: dict[str, dict[str, frozenset[str]]] = {}
    settled = set()
    for node in (*manifest["nodes"].values(), *manifest["sources"].values()):
        if node["resource_type"] not in ("model", "seed", "source"):
            continue
        schema = "insights" if node["schema"] == "main" else node["schema"]
        table = f"{schema}.{node.get('identifier') or node.get('alias') or node['name']}"
        metas = [node.get("source_meta"), node.get("meta"), node.get("config", {}).get("meta")]
        whole: set[str] = set()
        for meta in filter(None, metas):
            if "labels" in meta:
                settled.add(table)
                whole |= set(meta["labels"])
        own[table] = {"": frozenset(whole)}
        for name, column in node["columns"].items():
            labels = set(whole)
            for meta in (column.get("meta") or {}, column.get("config", {}).get("meta") or {}):
                labels |= {*meta.get("labels", []), *filter(None, [meta.get("label")])}
            own[table][name.lower()] = frozenset(labels)
    return own, settled
