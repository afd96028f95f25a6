"""A definition as clauses joined by and, or and in turn, and what of it decided a change.

A person's clauses are the bits of a number. A definition only gains by a clause that becomes as it
asks: negations stand at the clauses. So of a change of the whole, the parts that changed the same
way lead to the clauses that made it, and that is SQL over the two numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

MOST_CLAUSES = 62
"""Bits of a bigint that is never negative."""


@dataclass(frozen=True)
class Leaf:
    """A clause, as the definition asks for it.

    Attributes:
        number: of the clause, from 0.
        is_wanted: whether it must be true; false where it must not.
    """

    number: int
    is_wanted: bool = True


@dataclass(frozen=True)
class Node:
    """Parts that are joined.

    Attributes:
        how: `all` of them, `any` of them, or all `in_turn`: a later part is looked at only where
            the earlier ones hold, as the rows of a `where` are those that the joins leave.
        parts: one at least.
    """

    how: Literal["all", "any", "in_turn"]
    parts: tuple[Formula, ...]


Formula = Leaf | Node


def holds(formula: Formula, states: str) -> str:
    """SQL that says whether a definition holds.

    Parameters:
        formula: of the definition.
        states: SQL of the person's clauses, a number.
    """
    if isinstance(formula, Leaf):
        sign = "<>" if formula.is_wanted else "="
        return f"(({states} & {1 << formula.number}) {sign} 0)"
    word = " or " if formula.how == "any" else " and "
    return f"({word.join(holds(part, states) for part in formula.parts)})"


def decided(formula: Formula, source: str) -> str:
    """A select of a source's columns, and of what decided the changes in it.

    Parameters:
        formula: of the definition.
        source: a table with the numbers `before` and `now`, of the clauses that held and hold.

    Returns:
        SQL that adds `held` and `holds` (the definition, then and now) and, where these differ,
        clauses as bits: `alone`, of which each undoes the change when it is as it was, and
        `together`, which undo it all at once, and no fewer of them: of several such sets, that of
        the parts that stand first.
    """
    parts = list(_parts(formula))
    values = [
        f"{holds(part, 'before')} as held_{n}, {holds(part, 'now')} as holds_{n}"
        for n, part in enumerate(parts)
    ]
    changes = [f"held_{n} <> holds_{n} as changed_{n}" for n in range(len(parts))]
    paths = list(_paths(formula, 0))
    added = ", ".join(f"held_{n}, holds_{n}, changed_{n}" for n in range(len(parts)))
    return (
        f"select * exclude ({added}), held_0 as held, holds_0 as holds, "
        f"{_bits((leaf, alone) for leaf, alone, _ in paths)} as alone, "
        f"{_bits((leaf, first) for leaf, _, first in paths)} as together "
        f"from (select *, {', '.join(changes)} from "
        f"(select *, {', '.join(values)} from {source}) as valued) as compared"
    )


def _parts(formula: Formula) -> Iterator[Formula]:
    """A formula and all in it, each before what is in it."""
    yield formula
    if isinstance(formula, Node):
        for part in formula.parts:
            yield from _parts(part)


def _paths(formula: Formula, number: int) -> Iterator[tuple[Leaf, Sequence[str], Sequence[str]]]:
    """Each clause with what must be so that it decides: alone, and as one of the first set.

    Parameters:
        formula: a part of the definition.
        number: its place among all parts.
    """
    own = f"changed_{number}"
    if isinstance(formula, Leaf):
        yield formula, [own], [own]
        return
    numbers = [number + 1]
    for part in formula.parts:
        numbers.append(numbers[-1] + sum(1 for _ in _parts(part)))
    changed = [f"changed_{n}" for n in numbers[:-1]]
    for place, part in enumerate(formula.parts):
        first = _none(changed[:place])
        alone = together = first
        if formula.how != "in_turn":
            # What all parts gave is undone by one of them, what any gave by all that did.
            one_undoes = "holds_0" if formula.how == "all" else "held_0"
            alone = f"({one_undoes} or {_none([*changed[:place], *changed[place + 1 :]])})"
            together = f"(not {one_undoes} or {first})"
        for leaf, of_alone, of_together in _paths(part, numbers[place]):
            yield leaf, [own, alone, *of_alone], [own, together, *of_together]


def _bits(clauses: Iterable[tuple[Leaf, Sequence[str]]]) -> str:
    terms = [
        f"case when {' and '.join(conditions)} then {1 << leaf.number} else 0 end"
        for leaf, conditions in clauses
    ]
    return f"cast({' | '.join(terms)} as bigint)"


def _none(conditions: Sequence[str]) -> str:
    return f"not ({' or '.join(conditions)})" if conditions else "true"
