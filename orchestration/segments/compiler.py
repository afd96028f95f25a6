"""A rule as the SQL of a model; nothing that a rule says is code in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlglot import exp

from orchestration.errors import UserError
from orchestration.segments.catalogue import Catalogue
from orchestration.segments.clauses import add_clause
from orchestration.segments.comparisons import JINJA
from orchestration.segments.conditions import literal, text_of
from orchestration.segments.layout import conditions, indented
from orchestration.segments.queries import Found, Query, event_table, join
from orchestration.segments.rule import All, AnyOf, NoneOf, Rule, children
from orchestration.segments.words import static_words

HEADER = "{#- Compiled from segment_rules/{name}.yml by `c360 segment compile`; edit that file. -#}"
IS_COMPILED = "{#- Compiled from segment_rules/"
READ = re.compile(r"\{\{ ref\('[a-z][a-z0-9_]*'\) \}\}")
LONGEST_LITERAL, LONGEST_LINE = 70, 110
Clauses = dict[int, Found]
"""What each clause of a rule became, by its identity."""


def compile_rule(name: str, rule: Rule, catalogue: Catalogue) -> str:
    """The SQL of a segment's model.

    Parameters:
        name: of the segment.
        rule: who is in it; its names are in the catalogue, as `check_rule` sees to.
        catalogue: the only source of identifiers.
    """
    query = Query(catalogue)
    found = Clauses()
    add_clauses(query, rule.include, found, True)
    if rule.exclude is not None:
        add_clauses(query, rule.exclude, found, False)
    include = holds(rule.include, found)
    asked = [include]
    if rule.exclude is not None:
        asked.append(exp.Not(this=exp.paren(holds(rule.exclude, found))))
    reasons = _separated(list(_reasons(rule.include, found, True, catalogue)))
    members = [
        "select",
        *indented(["profiles.profile_id,", *reasons]),
        "from profiles",
        *(line for clause in found.values() for line in join(clause.name, "profiles", "left")),
        *conditions("where", asked),
    ]
    steps = [*query.text(), "\n".join(["members as (", *indented(members), ")"])]
    last = ["select", *indented(["profile_id,", "reason"]), "from members"]
    body = "\n".join(["with", "", ",\n\n".join(steps), "", *last, ""])
    is_long = any(len(line) > LONGEST_LINE for line in body.splitlines())
    start = ["-- noqa: disable=LT05", ""] if is_long else []
    return _without_code("\n".join([HEADER.replace("{name}", name), "", *start, body]))


def _without_code(text: str) -> str:
    """The text, of which dbt runs the references and nothing else."""
    rest = READ.sub("", text.split("\n", 1)[1])
    if any(mark in rest for mark in JINJA):
        raise UserError("A rule would reach dbt as code. Write its texts without braces.", 2)
    return text


def add_clauses(query: Query, clause: Any, found: Clauses, is_told: bool) -> None:
    """Add the steps of a clause; what no reason tells is not selected.

    Parameters:
        query: what they are added to.
        clause: any clause.
        found: takes what each clause that is no container became.
        is_told: whether a reason tells it.
    """
    if isinstance(clause, All | AnyOf | NoneOf):
        for child in children(clause):
            add_clauses(query, child, found, is_told and not isinstance(clause, NoneOf))
    else:
        found[id(clause)] = add_clause(query, clause, is_told)


def holds(clause: Any, found: Clauses) -> exp.Expression:
    """Whether a clause holds; never unknown.

    Parameters:
        clause: any clause.
        found: what `add_clauses` made of it.
    """
    if not isinstance(clause, All | AnyOf | NoneOf):
        return found[id(clause)].is_found
    parts = [holds(child, found) for child in children(clause)]
    if isinstance(clause, All):
        return exp.and_(*parts)
    either = exp.or_(*parts)
    return exp.Not(this=exp.paren(either)) if isinstance(clause, NoneOf) else either


def _reasons(
    clause: Any, found: Clauses, is_true: bool, catalogue: Catalogue
) -> Iterator[list[str]]:
    """The reasons of a clause, each an expression that is null where it is none.

    Parameters:
        is_true: whether the clause holds of every member.
    """
    if isinstance(clause, AnyOf) or (isinstance(clause, All) and is_true):
        every = is_true and (isinstance(clause, All) or len(clause.any) == 1)
        for child in children(clause):
            yield from _reasons(child, found, every, catalogue)
        return
    if isinstance(clause, All):
        inner = _separated([r for c in clause.all for r in _reasons(c, found, True, catalogue)])
        inner[-1] = inner[-1].removesuffix(" as reason")
    elif isinstance(clause, NoneOf):
        inner = _literals([static_words(clause, catalogue, event_table)])
    else:
        inner = _literals(found[id(clause)].words)
    if is_true:
        yield inner
        return
    asked = conditions("when", [holds(clause, found)])
    then = [f"then {inner[0]}"] if len(inner) == 1 else ["then", *indented(inner)]
    yield ["case", *indented([*asked, *indented(then)]), "end"]


def _separated(reasons: Sequence[list[str]]) -> list[str]:
    """One expression of all reasons; those that are null leave no separator."""
    if len(reasons) == 1:
        *lines, last = reasons[0]
        return [*lines, f"{last} as reason"]
    parts = ["'; ',"]
    for reason in reasons[:-1]:
        parts += [*reason[:-1], reason[-1] + ","]
    return ["concat_ws(", *indented([*parts, *reasons[-1]]), ") as reason"]


def _literals(words: Sequence[str | exp.Expression]) -> list[str]:
    """Texts and columns put together, over as many lines as they need."""
    parts = []
    for word in words:
        if isinstance(word, str):
            parts += [text_of(literal(part)) for part in _broken(word)]
        else:
            parts.append(text_of(exp.cast(word.copy(), "text")).replace(" as text)", " as string)"))
    short = " || ".join(parts)
    if len(short) <= LONGEST_LITERAL:
        return [short]
    return [parts[0], *(f"|| {part}" for part in parts[1:])]


def _broken(text: str) -> Iterator[str]:
    """A text in parts, each up to a blank where there is one."""
    while len(text) > LONGEST_LITERAL:
        end = text.rfind(" ", LONGEST_LITERAL // 2, LONGEST_LITERAL) + 1 or LONGEST_LITERAL
        yield text[:end]
        text = text[end:]
    yield text
