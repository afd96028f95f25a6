"""A rule against what there is: unknown names with those nearest, types, sizes, circles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from orchestration.errors import UserError
from orchestration.segments.catalogue import EVENT_TABLES, Catalogue, nearest
from orchestration.segments.comparisons import Comparison, kind_of
from orchestration.segments.comparisons import Span as Period
from orchestration.segments.operators import DATE, NUMBER, OPERATORS
from orchestration.segments.queries import event_table
from orchestration.segments.reading import Document, Path_, shown
from orchestration.segments.refusals import path_in, refused
from orchestration.segments.rule import (
    LINES,
    MOST_CLAUSES,
    EventClause,
    FieldClause,
    Rows,
    Rule,
    SegmentClause,
    SegmentsClause,
    SequenceClause,
    TimedRows,
    When,
    leaves,
)

DOCS = "docs/segment-rules.md says what a rule file holds."


def read_rule(document: Document) -> Rule:
    """The rule of a file.

    Raises:
        UserError: it says something that rules can't say.
    """
    try:
        return Rule.model_validate(document.data)
    except ValidationError as error:
        faults = [_fault(document, dict(found)) for found in error.errors(include_url=False)]
    raise refused(faults, DOCS)


def _fault(document: Document, found: Mapping[str, Any]) -> str:
    path = path_in(document, found["loc"])
    kind, message = found["type"], str(found["msg"]).removeprefix("Value error, ")
    last = found["loc"][-1] if found["loc"] else ""
    if kind == "extra_forbidden":
        return f"{document.place(path)}: '{shown(last)}' is no word of a rule there"
    if kind == "missing":
        return f"{document.place(path)}: '{shown(last)}' is missing"
    if kind == "union_tag_not_found":
        return (
            f"{document.place(path)}: is no clause. A clause has one of all, any, none, field, "
            "event, table, sequence, segment and segments"
        )
    if kind in ("too_short", "string_too_short"):
        least = found["ctx"]["min_length"]
        few = "is empty" if least == 1 else f"has too few: {least} at least"
        return f"{document.place(path)}: {few}"
    if kind == "string_pattern_mismatch":
        return f"{document.place(path)}: is a team, as team:marketing, or an address of mail"
    return f"{document.place(path)}: {shown(message, 200)}"


def check_rule(name: str, rule: Rule, catalogue: Catalogue, document: Document) -> None:
    """Refuse a rule that names what is not there, or compares what can't be.

    Parameters:
        name: of the segment.
        rule: what was read from its file.
        catalogue: what rules may read.
        document: the file, for the places.
    """
    check = _Check(name, catalogue, document)
    count = 0
    for side in ("include", "exclude"):
        clause = getattr(rule, side)
        if clause is not None:
            for leaf, path in leaves(clause, (side,)):
                check.leaf(leaf, path)
                count += 1
    if count > MOST_CLAUSES:
        check.faults.append(
            f"{document.name}: has {count} clauses, and {MOST_CLAUSES} is the most. Make segments "
            "of parts and build on them"
        )
    if check.faults:
        raise refused(check.faults, DOCS)


class _Check:
    def __init__(self, name: str, catalogue: Catalogue, document: Document) -> None:
        self.name, self.catalogue, self.document = name, catalogue, document
        self.faults: list[str] = []

    def leaf(self, clause: Any, path: Path_) -> None:
        if isinstance(clause, FieldClause):
            self.comparison(clause.table, clause.column, clause, path)
            self.where(clause.table, clause.where, path)
        elif isinstance(clause, SegmentClause):
            self.segment(clause.segment, (*path, "segment"))
        elif isinstance(clause, SegmentsClause):
            for place, part in enumerate(clause.segments):
                self.segment(part.name, (*path, "segments", place))
        elif isinstance(clause, SequenceClause):
            for place, step in enumerate(clause.sequence):
                self.rows(step, (*path, "sequence", place))
            self.when(clause.when, path)
        elif isinstance(clause, EventClause):
            self.rows(clause, path)
            if clause.aggregate and self.rows_table(clause) is not None:
                made = clause.aggregate
                kinds = None if made.function == "count_distinct" else NUMBER
                self.column(event_table(clause), made.of, kinds, (*path, "aggregate"))

    def rows_table(self, rows: Rows) -> str | None:
        table = event_table(rows)
        return table if table in EVENT_TABLES and table in self.catalogue.tables else None

    def rows(self, rows: Rows, path: Path_) -> None:
        table = self.rows_table(rows)
        if table is None:
            known = set(EVENT_TABLES) & set(self.catalogue.tables)
            close = nearest(str(rows.table), known)
            what = f"'{event_table(rows)}' is no table of what happened{close}"
            self.fault((*path, "table"), what)
            return
        self.where(table, rows.where, path)
        if rows.details:
            self.where(LINES, rows.details.where, (*path, "details"))
        if isinstance(rows, TimedRows):
            self.when(rows.when, path)

    def when(self, when: When | None, path: Path_) -> None:
        if when and when.since:
            self.rows(when.since, (*path, "when", "since"))

    def where(self, table: str, where: Mapping[str, Comparison], path: Path_) -> None:
        for column, said in where.items():
            self.comparison(table, column, said, (*path, "where", column))

    def comparison(self, table: str, column: str, said: Comparison, path: Path_) -> None:
        if isinstance(said.value, Period):
            kind: str | None = DATE
        elif said.value is None:
            kind = None
        else:
            kind = kind_of(said.values[0])
        self.column(table, column, kind, path, OPERATORS[said.operator].kinds)

    def column(
        self,
        table: str,
        column: str,
        kind: str | None,
        path: Path_,
        kinds: Iterable[str] = (),
    ) -> None:
        try:
            known = self.catalogue.column(table, column).kind
        except UserError as error:
            self.fault(path, str(error))
            return
        if known is not None and kind is not None and known != kind:
            self.fault(
                path,
                f"{table}.{column} is {known}, and the rule compares it as {kind}. "
                f"{_remedy(known)}",
            )

    def segment(self, name: str, path: Path_) -> None:
        if name == self.name:
            self.fault(path, "a segment can't build on itself")
        elif name not in self.catalogue.segments:
            self.fault(
                path,
                f"there is no segment '{name}'{nearest(name, self.catalogue.segments)}",
            )

    def fault(self, path: Path_, what: str) -> None:
        self.faults.append(f"{self.document.place(path)}: {what}")


def _remedy(kind: str) -> str:
    return {
        "text": "Write texts in quotes",
        "number": "Write numbers without quotes",
        "date": "Write days like 2026-01-31, without quotes, or take in_last",
        "boolean": "Write true or false, without quotes",
    }.get(kind, "Take another column")


def check_circles(reads: Mapping[str, Iterable[str]]) -> None:
    """Refuse segments that build on each other in a circle.

    Parameters:
        reads: the segments that each segment reads.

    Raises:
        UserError: there is a circle; the message names it.
    """
    done: set[str] = set()
    for start in sorted(reads):
        path: list[str] = []
        stack = [(start, iter(sorted(reads[start])))]
        path.append(start)
        while stack:
            rest = stack[-1][1]
            following = next((n for n in rest if n in reads and n not in done), None)
            if following is None:
                stack.pop()
                done.add(path.pop())
            elif following in path:
                circle = " → ".join([*path[path.index(following) :], following])
                raise UserError(
                    f"Segments build on each other in a circle: {circle}. Take one of them out of "
                    "another's rule.",
                    2,
                )
            else:
                path.append(following)
                stack.append((following, iter(sorted(reads[following]))))


def segments_read(rule: Rule) -> set[str]:
    """The segments that a rule builds on."""
    found = set()
    for side in (rule.include, rule.exclude):
        if side is not None:
            for leaf, _ in leaves(side, ()):
                if isinstance(leaf, SegmentClause):
                    found.add(leaf.segment)
                elif isinstance(leaf, SegmentsClause):
                    found.update(part.name for part in leaf.segments)
    return found
