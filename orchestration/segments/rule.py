"""The rule model: what a rule file may say. Anything else is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    StrictStr,
    Tag,
    model_validator,
)

from orchestration.segments.comparisons import (
    COMPARES_NUMBERS,
    Comparison,
    Count,
    Day,
    FieldName,
    Name,
    Period,
    Strict,
    Text,
    Where,
    numeric,
)
from orchestration.segments.declared import OWNER
from orchestration.segments.operators import FUNCTIONS

MOST_CLAUSES = 60
LINES = "purchases"
"""The table of an order's lines."""
EventType = Annotated[Text, Field(json_schema_extra={"format": "event"})]
TableName = Annotated[Name, Field(json_schema_extra={"format": "table"})]
ColumnName = Annotated[Name, Field(json_schema_extra={"format": "column"})]
SegmentName = Annotated[Name, Field(json_schema_extra={"format": "segment"})]


class FieldClause(Comparison):
    """People with a row of a table whose column compares so."""

    field: FieldName
    where: Where = Field(default_factory=dict)

    @property
    def table(self) -> str:
        """The model."""
        return self.field.partition(".")[0]

    @property
    def column(self) -> str:
        """Its column."""
        return self.field.partition(".")[2]


class Details(Strict):
    """A condition on the lines of an order."""

    quantifier: Literal["any", "all", "none"]
    where: Annotated[Where, Field(min_length=1, json_schema_extra={"columns_of": LINES})]


class Rows(Strict):
    """Which activities are meant: those of types, or the rows of another table."""

    model_config = ConfigDict(json_schema_extra={"one_of": ["event", "table"]})

    event: EventType | Annotated[list[EventType], Field(min_length=1, max_length=50)] | None = None
    table: TableName | None = None
    where: Where = Field(default_factory=dict)
    details: Details | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Rows:
        if (self.event is None) == (self.table is None):
            raise ValueError("needs `event`, a type of activity, or `table`")
        if self.details and self.table:
            raise ValueError("`details` are those of an `event` that is an order")
        return self

    @property
    def types(self) -> list[str]:
        """The types of activity; none of another table."""
        if self.event is None:
            return []
        return [self.event] if isinstance(self.event, str) else list(self.event)


class Anchor(Rows):
    """The event since which others count."""

    which: Literal["first", "last"] = "last"


class When(Strict):
    """When it happened; everything that is said must hold."""

    in_last: Period | None = None
    between: Annotated[list[Day], Field(min_length=2, max_length=2)] | None = None
    before: Day | None = None
    after: Day | None = None
    since: Anchor | None = None

    @model_validator(mode="after")
    def _something(self) -> When:
        if not self.model_fields_set:
            raise ValueError("needs in_last, between, before, after or since")
        if self.between and self.between[0] > self.between[1]:
            raise ValueError("between takes the earlier day first")
        return self


class TimedRows(Rows):
    """Activities in a time."""

    when: When | None = None


class Aggregate(Comparison):
    """A number made of a column of the activities, and its comparison."""

    model_config = ConfigDict(json_schema_extra=COMPARES_NUMBERS)

    function: Literal[FUNCTIONS]  # type: ignore[valid-type]
    of: ColumnName

    @model_validator(mode="after")
    def _number(self) -> Aggregate:
        numeric(self)
        return self


class EventClause(TimedRows):
    """People by how often something happened to them, or by what it adds up to."""

    count: Count | None = None
    aggregate: Aggregate | None = None

    @model_validator(mode="after")
    def _one_number(self) -> EventClause:
        if self.count and self.aggregate:
            raise ValueError("takes `count` or `aggregate`. Write two clauses for both")
        return self

    @property
    def counted(self) -> Comparison:
        """The comparison of the count; once at least where nothing is said."""
        return self.count or Comparison(operator="at_least", value=1)


class Step(TimedRows):
    """A step of a sequence, with its distance from the step before."""

    within: Period | None = None
    after: Period | None = None


class SequenceClause(Strict):
    """People to whom things happened in this order."""

    sequence: Annotated[list[Step], Field(min_length=2, max_length=20)]
    when: When | None = None

    @model_validator(mode="after")
    def _first_step(self) -> SequenceClause:
        if self.sequence[0].within or self.sequence[0].after:
            raise ValueError("the first step has no step before, so no `within` and no `after`")
        return self


class SegmentClause(Strict):
    """The members of another segment."""

    segment: SegmentName


class Part(Strict):
    """What one more segment does to those before it."""

    model_config = ConfigDict(json_schema_extra={"one_of": ["union", "intersect", "except"]})

    union: SegmentName | None = None
    intersect: SegmentName | None = None
    except_: Annotated[SegmentName | None, Field(alias="except")] = None

    @model_validator(mode="after")
    def _one(self) -> Part:
        if len(self.model_fields_set) != 1:
            raise ValueError("takes one of union, intersect and except, with a segment")
        return self

    @property
    def name(self) -> str:
        """The segment."""
        return self.union or self.intersect or self.except_  # type: ignore[return-value]

    @property
    def act(self) -> str:
        """union, intersect or except."""
        return next(iter(self.model_fields_set)).strip("_")


class SegmentsClause(Strict):
    """Segments put together in order, beginning with nobody."""

    segments: Annotated[list[Part], Field(min_length=2, max_length=20)]

    @model_validator(mode="after")
    def _begins(self) -> SegmentsClause:
        if self.segments[0].act != "union":
            raise ValueError("the first segment is a union: before it there is nobody")
        return self


class All(Strict):
    """Every one of the clauses."""

    all: Annotated[list[Clause], Field(min_length=1, max_length=MOST_CLAUSES)]


class AnyOf(Strict):
    """At least one of the clauses."""

    any: Annotated[list[Clause], Field(min_length=1, max_length=MOST_CLAUSES)]


class NoneOf(Strict):
    """Not one of the clauses."""

    none: Annotated[list[Clause], Field(min_length=1, max_length=MOST_CLAUSES)]


KINDS = ("all", "any", "none", "field", "sequence", "segments", "segment", "event", "table")


def _kind(said: Any) -> str | None:
    if isinstance(said, Mapping):
        found = next((k for k in KINDS if k in said), None)
        return "event" if found == "table" else found
    return None


Clause = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NoneOf, Tag("none")]
    | Annotated[FieldClause, Tag("field")]
    | Annotated[SequenceClause, Tag("sequence")]
    | Annotated[SegmentsClause, Tag("segments")]
    | Annotated[SegmentClause, Tag("segment")]
    | Annotated[EventClause, Tag("event")],
    Discriminator(_kind),
]
Container = All | AnyOf | NoneOf


class Rule(Strict):
    """A segment: who is in it, who answers for it and what for."""

    title: Annotated[Text, Field(max_length=80)]
    owner: Annotated[StrictStr, Field(pattern=f"^({OWNER})$", max_length=80)]
    purpose: Text
    state: Literal["draft", "active", "inactive"] = "active"
    uses: Annotated[list[Text], Field(max_length=20)] = Field(default_factory=list)
    keeps_opted_out: bool = False
    id: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    include: Clause
    exclude: Clause | None = None


def children(clause: Container) -> list[Any]:
    """The clauses of a container."""
    if isinstance(clause, All):
        return clause.all
    return clause.any if isinstance(clause, AnyOf) else clause.none


def leaves(clause: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Any, tuple[str | int, ...]]]:
    """The clauses of a tree that are no containers, each with its path."""
    if isinstance(clause, All | AnyOf | NoneOf):
        word = next(iter(type(clause).model_fields))
        for place, child in enumerate(children(clause)):
            yield from leaves(child, (*path, word, place))
    else:
        yield clause, path
