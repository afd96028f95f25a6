"""The labels that the YAML of sources, seeds and models declares.

A column says `meta: {label: I1}` or I2, which also hides its values from whoever only looks, and
`meta: {labels: [S2]}` for all others. A table, or a whole source, says `labels` in its meta: they
are on all of its columns, and on which rows it has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from orchestration.errors import UserError
from orchestration.ingest.state import RESERVED_COLUMNS
from orchestration.lineage.edges import ROWS
from orchestration.lineage.origins import Name
from orchestration.lineage.store import name_of
from orchestration.usage.policies import require_labels

IDENTIFYING = ("I1", "I2")
"""What a column says as `label`; nothing else hides its values."""


class DeclaredLabels:
    """What is declared of each table.

    Parameters:
        manifest: dbt's manifest.json.
        known: the labels that there are.

    Raises:
        UserError: a label is none.
    """

    def __init__(self, manifest: Mapping[str, Any], known: Collection[str]) -> None:
        self._of: dict[Name, frozenset[str]] = {}
        self._any_column: dict[str, frozenset[str]] = {}
        self._settled: set[str] = set()
        self._models: set[str] = set()
        for node in (*manifest["nodes"].values(), *manifest["sources"].values()):
            if node["resource_type"] in ("model", "seed", "source", "snapshot"):
                self._add(node, known)

    def _add(self, node: Mapping[str, Any], known: Collection[str]) -> None:
        table, file = name_of(node), node.get("patch_path") or node["original_file_path"]
        place = str(file).partition("://")[2] or str(file)
        of_table: frozenset[str] = frozenset()
        if node["resource_type"] in ("model", "snapshot"):
            self._models.add(table)
        for meta in (node.get("source_meta") or {}, *_metas(node)):
            if "labels" in meta:
                self._settled.add(table)
                of_table |= _listed(meta, f"{place}: {table}", known)
        self._of[Name(table, ROWS)] = every = of_table
        for name, column in node["columns"].items():
            labels = of_table
            for meta in _metas(column):
                where = f"{place}: {table}.{name}"
                labels |= _listed(meta, where, known)
                if label := meta.get("label"):
                    require_labels([label], IDENTIFYING, where)
                    labels |= {label}
            self._of[Name(table, name.lower())] = labels
            every |= labels
        self._any_column[table] = every

    def knows(self, table: str) -> bool:
        """Whether the project describes a table of that name."""
        return table in self._any_column

    def is_model(self, table: str) -> bool:
        """Whether dbt makes it, so that it has lineage once a run has been."""
        return table in self._models

    def is_settled(self, table: str) -> bool:
        """Whether somebody has said which labels a table has, be it none."""
        return table in self._settled

    def of(self, name: Name, is_made: bool) -> frozenset[str]:
        """The labels declared of a column.

        Parameters:
            name: the column, or its table's rows.
            is_made: whether a model makes it, so that it also has what it is computed of. Of a
                table that no model makes, a column that nobody describes may be any of the others.
        """
        if name in self._of or is_made or name.column in RESERVED_COLUMNS:
            return self._of.get(name, self._of.get(Name(name.table, ROWS), frozenset()))
        return self._any_column.get(name.table, frozenset())


def _metas(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Both places where dbt takes it."""
    yield node.get("meta") or {}
    yield (node.get("config") or {}).get("meta") or {}


def _listed(meta: Mapping[str, Any], place: str, known: Collection[str]) -> frozenset[str]:
    labels = meta.get("labels", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise UserError(f"{place}: labels is a list, such as labels: [S2].", 2)
    require_labels(labels, known, place)
    if wrong := {*labels} & {*IDENTIFYING}:
        raise UserError(
            f"{place}: write {min(wrong)} as `label: {min(wrong)}` of a column, which also hides "
            "its values.",
            2,
        )
    return frozenset(labels)
