"""Queries laid out as the house writes them: one CTE per step, one condition per line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from orchestration.segments.conditions import text_of

WIDTH = 90
INDENT = "    "


@dataclass(frozen=True)
class Select:
    """One select.

    Attributes:
        columns: what it selects, as text.
        source: the CTE it reads.
        joins: the joins, as lines.
        where: conditions that must all hold.
        group: columns to group by.
        having: conditions on the groups.
        is_distinct: whether equal rows are one.
    """

    columns: Sequence[str]
    source: str
    joins: Sequence[str] = ()
    where: Sequence[exp.Expression] = ()
    group: Sequence[str] = ()
    having: Sequence[exp.Expression] = ()
    is_distinct: bool = False

    def text(self) -> list[str]:
        """The lines of the select."""
        word = "select distinct" if self.is_distinct else "select"
        lines = listed(word, self.columns)
        lines += [f"from {self.source}", *self.joins]
        lines += conditions("where", self.where)
        if self.group:
            lines.append(f"group by {', '.join(self.group)}")
        return lines + conditions("having", self.having)


def listed(word: str, columns: Sequence[str]) -> list[str]:
    """A select list: on the line of the word where it is one column."""
    if len(columns) == 1:
        return [f"{word} {columns[0]}"]
    return [word, *indented([f"{c}," for c in columns[:-1]] + [columns[-1]])]


def conditions(word: str, nodes: Sequence[exp.Expression]) -> list[str]:
    """A where or having clause."""
    if not nodes:
        return []
    lines = _joined([_lines(part) for node in nodes for part in _parts(node, exp.And)], "and")
    return [f"{word} {lines[0]}"] if len(lines) == 1 else [word, *indented(lines)]


def indented(lines: Sequence[str]) -> list[str]:
    """The lines, a step further in."""
    return [INDENT + line for line in lines]


def _lines(node: exp.Expression) -> list[str]:
    if isinstance(node, exp.Paren):
        return _lines(node.this)
    if isinstance(node, exp.And | exp.Or):
        word = "and" if isinstance(node, exp.And) else "or"
        parts = [_lines(part) for part in _parts(node, type(node))]
        return ["(", *indented(_joined(parts, word)), ")"]
    text = text_of(node)
    if isinstance(node, exp.Not) and isinstance(node.this, exp.Paren):
        inner = _lines(node.this)
        if len(inner) == 1:
            return [f"not ({inner[0]})"]
        return [f"not {inner[0]}", *inner[1:]]
    long = node.this if isinstance(node, exp.Not) else node
    if isinstance(long, exp.In) and len(text) > WIDTH:
        negation = "not " if long is not node else ""
        values = [text_of(value) for value in long.expressions]
        head = f"{text_of(long.this)} {negation}in ("
        return [head, *indented([f"{v}," for v in values[:-1]] + [values[-1]]), ")"]
    if len(text) > WIDTH and isinstance(
        node, exp.GT | exp.GTE | exp.LT | exp.LTE | exp.EQ | exp.NEQ
    ):
        left = text_of(node.this)
        return [left, text.removeprefix(left + " ")]
    if len(text) > WIDTH and isinstance(node, exp.Between):
        left = text_of(node.this)
        return [left, text.removeprefix(left + " ")]
    return [text]


def _parts(node: exp.Expression, kind: type[exp.Expression]) -> list[exp.Expression]:
    """The operands of a chain of and or or."""
    while isinstance(node, exp.Paren) and isinstance(node.this, kind):
        node = node.this
    if not isinstance(node, kind):
        return [node]
    return [*_parts(node.this, kind), *_parts(node.expression, kind)]


def _joined(parts: Sequence[Sequence[str]], word: str) -> list[str]:
    lines = list(parts[0])
    for part in parts[1:]:
        lines += [f"{word} {part[0]}", *part[1:]]
    return lines
