"""Expressions over labels, of which some may be there without anybody knowing.

A label alone, or any, all or not of expressions. What leaves carries known labels, and, where its
lineage is not known, perhaps any other. An expression then may hold, and a policy refuses what may
hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

MOST_DEEP = 8
OPERATORS = ("any", "all", "not")


@dataclass(frozen=True)
class Expression:
    """An expression.

    Attributes:
        operator: label, any, all or not.
        label: of a label alone.
        parts: what is joined, or the one that is denied.
    """

    operator: Literal["label", "any", "all", "not"]
    label: str = ""
    parts: tuple[Expression, ...] = ()

    def may_hold(self, labels: Collection[str], is_known: bool) -> bool:
        """Whether the expression holds, or could.

        Parameters:
            labels: those that are known to be carried.
            is_known: whether no other can be.
        """
        if self.operator == "label":
            return self.label in labels or not is_known
        if self.operator == "not":
            return not self.parts[0].must_hold(labels, is_known)
        found = (part.may_hold(labels, is_known) for part in self.parts)
        return any(found) if self.operator == "any" else all(found)

    def must_hold(self, labels: Collection[str], is_known: bool) -> bool:
        """Whether the expression holds whatever else is carried; parameters as of `may_hold`."""
        if self.operator == "label":
            return self.label in labels
        if self.operator == "not":
            return not self.parts[0].may_hold(labels, is_known)
        found = (part.must_hold(labels, is_known) for part in self.parts)
        return any(found) if self.operator == "any" else all(found)

    def asked_for(self) -> Iterator[str]:
        """The labels whose presence the expression asks for, not those whose absence."""
        yield from self._asked(is_denied=False)

    def _asked(self, is_denied: bool) -> Iterator[str]:
        if self.operator == "label":
            if not is_denied:
                yield self.label
            return
        for part in self.parts:
            yield from part._asked(is_denied != (self.operator == "not"))

    def words(self) -> Iterator[str]:
        """Every label that it names."""
        if self.operator == "label":
            yield self.label
        for part in self.parts:
            yield from part.words()

    def __str__(self) -> str:
        if self.operator == "label":
            return self.label
        if self.operator == "not":
            return f"not {self.parts[0]}"
        word = " or " if self.operator == "any" else " and "
        return word.join(f"({p})" if len(p.parts) > 1 else str(p) for p in self.parts)


def expression(said: Any, depth: int = 0) -> Expression:
    """The expression that a policy's file says.

    Parameters:
        said: a label, or a mapping of any or all to a list, or of not to an expression.
        depth: how deep it is nested.

    Raises:
        ValueError: it is none.
    """
    if isinstance(said, Expression):
        return said
    if isinstance(said, str) and said:
        return Expression("label", said)
    if depth >= MOST_DEEP:
        raise ValueError(f"labels are nested deeper than {MOST_DEEP} levels")
    if not isinstance(said, dict) or len(said) != 1 or not {*said} <= {*OPERATORS}:
        raise ValueError("labels is a label, or {any: [...]}, {all: [...]} or {not: ...}")
    [(operator, inner)] = said.items()
    if operator == "not":
        return Expression("not", parts=(expression(inner, depth + 1),))
    if not isinstance(inner, list) or not inner:
        raise ValueError(f"{operator} is a list of labels or of expressions")
    return Expression(operator, parts=tuple(expression(part, depth + 1) for part in inner))
