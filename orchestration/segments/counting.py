"""How many people each clause of a rule holds of: alone, and with those before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from orchestration.segments.catalogue import Catalogue
from orchestration.segments.compiler import Clauses, add_clauses, holds
from orchestration.segments.conditions import text_of
from orchestration.segments.layout import indented
from orchestration.segments.queries import Query, join
from orchestration.segments.rule import All, AnyOf, NoneOf, Rule, children

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Counted:
    """What is counted of a clause.

    Attributes:
        path: of the clause in its rule.
        alone: whether the clause holds.
        so_far: whether it and those before it in its container do what the container asks; of
            `exclude`, whether who is included stays.
    """

    path: Path
    alone: exp.Expression
    so_far: exp.Expression


def counting_sql(rule: Rule, catalogue: Catalogue) -> tuple[str, list[Path]]:
    """The SQL that counts people per clause, in one row.

    Parameters:
        rule: who is in a segment; its names are in the catalogue, as `check_rule` sees to.
        catalogue: the only source of identifiers.

    Returns:
        The SQL as a model's, and the clauses: of each in their order two columns, who it holds of
        and who is left so far.
    """
    query, found = Query(catalogue), Clauses()
    for clause in (rule.include, rule.exclude):
        if clause is not None:
            add_clauses(query, clause, found, is_told=False)
    counted = list(_of_rule(rule, found))
    columns = [
        f"count(*) filter (where {text_of(condition)}) as {name}_{number}"
        for number, one in enumerate(counted)
        for name, condition in (("alone", one.alone), ("so_far", one.so_far))
    ]
    last = [
        "select",
        *indented([f"{column}," for column in columns[:-1]] + [columns[-1]]),
        "from profiles",
        *(line for clause in found.values() for line in join(clause.name, "profiles", "left")),
    ]
    return "\n".join(["with", ",\n".join(query.text()), *last]), [one.path for one in counted]


def _of_rule(rule: Rule, found: Clauses) -> Iterator[Counted]:
    included = holds(rule.include, found)
    yield from _of_clause(rule.include, ("include",), included, found)
    if rule.exclude is not None:
        stays = exp.and_(included, exp.Not(this=exp.paren(holds(rule.exclude, found))))
        yield from _of_clause(rule.exclude, ("exclude",), stays, found)


def _of_clause(
    clause: Any, path: Path, so_far: exp.Expression, found: Clauses
) -> Iterator[Counted]:
    yield Counted(path, holds(clause, found), so_far)
    if isinstance(clause, All | AnyOf | NoneOf):
        word = next(iter(type(clause).model_fields))
        before: list[exp.Expression] = []
        for place, child in enumerate(children(clause)):
            before.append(holds(child, found))
            together = exp.and_(*before) if isinstance(clause, All) else exp.or_(*before)
            if isinstance(clause, NoneOf):
                together = exp.Not(this=exp.paren(together))
            yield from _of_clause(child, (*path, word, place), together, found)
