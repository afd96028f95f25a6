"""What a name in a query means: a column of what stands in FROM, an alias, something around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.lineage.edges import (
    NOTHING,
    TRANSFORMATION,
    Output,
    Reads,
    Relation,
    UnknownLineageError,
    together,
)


@dataclass
class Scope:
    """The names of one select.

    Attributes:
        ctes: common table expressions that can be read, by name.
        parent: the names of the query around it.
        relations: what stands in FROM, by alias, in order.
        merged: columns that `using` makes one of several, by name.
        aliases: what the select list has named so far.
        windows: named windows, and what each reads.
        with_aliases: a name may mean an alias as well as a column.
    """

    ctes: Mapping[str, Relation]
    parent: Scope | None = None
    relations: dict[str, Relation] = field(default_factory=dict)
    merged: dict[str, Reads] = field(default_factory=dict)
    aliases: dict[str, Reads] = field(default_factory=dict)
    windows: dict[str, Reads] = field(default_factory=dict)
    with_aliases: bool = False

    def add(self, alias: str, relation: Relation) -> None:
        """Put a relation beside those that stand in FROM already."""
        if alias in self.relations:
            raise UnknownLineageError(f"two relations have the name {alias}")
        self.relations[alias] = relation

    def column(self, name: str) -> Reads | None:
        """What a column of this select's relations reads, None where none has it."""
        if name in self.merged:
            return self.merged[name]
        found = [relation.column(name) for relation in self.relations.values()]
        there = [reads for reads in found if reads is not None]
        return together(there) if there else None

    def resolve(self, parts: Sequence[str]) -> Reads:
        """What a name reads.

        Parameters:
            parts: the name between its dots, in lower case.

        Raises:
            UnknownLineageError: nothing has that name.
        """
        scope: Scope | None = self
        while scope is not None:
            found = scope._local(parts)
            if found is not None:
                return found
            scope = scope.parent
        raise UnknownLineageError(f"there is no column {'.'.join(parts)}")

    def _local(self, parts: Sequence[str]) -> Reads | None:
        first, *others = parts
        if others:
            for number in range(len(others)):
                # A schema, or a catalog and a schema, may stand before the relation's name.
                relation = self.relations.get(parts[number])
                found = relation.column(parts[number + 1]) if relation else None
                if found is not None:
                    return found.raised(TRANSFORMATION) if parts[number + 2 :] else found
        found = self.column(first)
        alias = self.aliases.get(first)
        if found is None or (self.with_aliases and alias is not None):
            found = (found or NOTHING) | alias if alias is not None else None
        if found is not None:
            # Of a struct, which counts as one.
            return found.raised(TRANSFORMATION) if others else found
        if first in self.relations and not others:
            return _whole_row(first, self.relations[first])
        return None

    def star(self, alias: str | None = None) -> list[Output]:
        """The columns that a star stands for, of one relation or of all.

        Raises:
            UnknownLineageError: no relation has that alias.
        """
        if alias is not None:
            if alias not in self.relations:
                raise UnknownLineageError(f"there is no relation {alias}")
            return list(self.relations[alias].outputs)
        outputs: list[Output] = []
        shown = set()
        for relation in self.relations.values():
            for name, reads in relation.outputs:
                if name not in self.merged:
                    outputs.append(Output(name, reads))
                elif name not in shown:
                    shown.add(name)
                    outputs.append(Output(name, self.merged[name]))
        return outputs


def _whole_row(alias: str, relation: Relation) -> Reads:
    everything = relation.everything().raised(TRANSFORMATION)
    return Reads(everything.edges, everything.unknown or f"{alias} is read as a whole row")
