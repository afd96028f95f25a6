"""Lineage from column to column, through all models between: down to the sources, and up.

Of each column two sets are kept: the columns that its values are made of, all the way, and those
that decide somewhere on the way. A decision about rows of a model reaches whatever reads that
model, even where it reads none of its columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from orchestration.lineage.edges import ROWS, VALUE_KINDS

VALUE, DECISION = "value", "decision"


class Name(NamedTuple):
    """A column of a table, or its rows (`ROWS`)."""

    table: str
    column: str


class Step(NamedTuple):
    """An edge between two columns: what reads, what is read, and how.

    Attributes:
        of: the column of a model that reads; `ROWS` for what decides the model's rows.
        read: what is read.
        kind: as of `Edge`.
    """

    of: Name
    read: Name
    kind: str


class Origins(NamedTuple):
    """What a column follows from, in columns that no model makes.

    Attributes:
        values: what its values are made of.
        decisions: what decides on the way.
        is_certain: whether all edges on the way are.
    """

    values: frozenset[Name]
    decisions: frozenset[Name]
    is_certain: bool


class Lineage:
    """The edges of all models.

    Parameters:
        steps: all edges; those of a model's rows once, for `ROWS`.
        columns: the columns of all models, and their rows, and whether their edges are certain.
    """

    def __init__(self, steps: Iterable[Step], columns: Mapping[Name, bool]) -> None:
        self._steps: dict[Name, list[Step]] = {}
        for step in steps:
            self._steps.setdefault(step.of, []).append(step)
        self._columns = columns
        self._models = {name.table for name in columns}
        self._of_model: dict[str, list[Name]] = {}
        for name in columns:
            self._of_model.setdefault(name.table, []).append(name)

    @property
    def names(self) -> frozenset[Name]:
        """All that is made or read."""
        read = {step.read for steps in self._steps.values() for step in steps}
        return frozenset({*self._columns, *read})

    def origins(self) -> dict[Name, Origins]:
        """Of every column of every model, and of its rows."""
        terminals: dict[Name, int] = {}
        values: dict[Name, int] = {}
        decisions: dict[Name, int] = {}
        doubts: dict[Name, bool] = {
            name: not is_certain for name, is_certain in self._columns.items()
        }
        names = self._in_order()
        changed = True
        # A model may read what its table was before: then once more, until nothing comes.
        while changed:
            changed = False
            for name in names:
                value, decision = values.get(name, 0), decisions.get(name, 0)
                doubt = doubts.get(name, False)
                for step in self._steps.get(name, ()):
                    read = step.read
                    if read.table in self._models:
                        made, decided = values.get(read, 0), decisions.get(read, 0)
                        doubt |= doubts.get(read, False)
                    else:
                        made, decided = 1 << terminals.setdefault(read, len(terminals)), 0
                    if step.kind in VALUE_KINDS:
                        value, decision = value | made, decision | decided
                    else:
                        decision |= made | decided
                before = values.get(name, 0), decisions.get(name, 0), doubts.get(name, False)
                if (value, decision, doubt) != before:
                    values[name], decisions[name], doubts[name] = value, decision, doubt
                    changed = True
        of_bits = list(terminals)
        sets: dict[int, frozenset[Name]] = {}

        def named(bits: int) -> frozenset[Name]:
            # Columns of a model have much the same.
            if bits not in sets:
                sets[bits] = frozenset(_of(bits, of_bits))
            return sets[bits]

        return {
            name: Origins(
                named(values.get(name, 0)),
                named(decisions.get(name, 0)),
                # Whatever is not known of a model's rows is not known of its columns.
                not (doubts[name] or doubts.get(Name(name.table, ROWS), False)),
            )
            for name in names
        }

    def fed_by(self, start: Name) -> dict[Name, str]:
        """The columns of models that follow from a column, each by value or by decision.

        Parameters:
            start: a column of a source or a model, or a table's rows.
        """
        readers: dict[Name, list[Step]] = {}
        for steps in self._steps.values():
            for step in steps:
                readers.setdefault(step.read, []).append(step)
        found: dict[Name, set[str]] = {}
        left = [(start, VALUE)]
        while left:
            name, how = left.pop()
            for step in readers.get(name, ()):
                kind = how if step.kind in VALUE_KINDS else DECISION
                for reached in self._reached(step.of):
                    if kind not in found.setdefault(reached, set()):
                        found[reached].add(kind)
                        left.append((reached, kind))
        return {
            name: VALUE if VALUE in kinds else DECISION
            for name, kinds in sorted(found.items())
            if name.column != ROWS
        }

    def _reached(self, name: Name) -> list[Name]:
        """What decides a model's rows reaches all of its columns."""
        if name.column != ROWS:
            return [name]
        return self._of_model[name.table]

    def _in_order(self) -> list[Name]:
        """The columns of the models, those first that others read, as far as there is an order."""
        reads: dict[str, set[str]] = {model: set() for model in self._models}
        for name, steps in self._steps.items():
            reads[name.table].update(s.read.table for s in steps if s.read.table in self._models)
        ordered: dict[str, None] = {}
        begun: set[str] = set()

        def visit(model: str) -> None:
            if model not in begun:
                begun.add(model)
                for read in sorted(reads[model]):
                    visit(read)
                ordered[model] = None

        for model in sorted(self._models):
            visit(model)
        places = {model: place for place, model in enumerate(ordered)}
        return sorted(self._columns, key=lambda name: (places[name.table], name))


def _of(bits: int, names: list[Name]) -> Iterator[Name]:
    while bits:
        lowest = bits & -bits
        yield names[lowest.bit_length() - 1]
        bits ^= lowest
