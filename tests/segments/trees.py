"""Random rules, as their files would say them."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from orchestration.segments.catalogue import kind_of_type
from tests.segments.world import DERIVED, KINDS_OF_ACTIVITY, SEGMENTS, TEXTS, TYPES, World

UNITS = ("day", "week", "month", "year")
NUMERIC = ("equals", "not_equals", "less_than", "at_most", "more_than", "at_least", "between")
OF_KIND = {
    "text": (
        "equals", "not_equals", "in", "not_in", "contains", "not_contains", "starts_with",
        "ends_with",
    ),
    "number": (*NUMERIC, "in", "not_in"),
    "boolean": ("equals", "not_equals"),
    "date": (
        "equals", "not_equals", "in", "not_in", "between", "before", "after", "in_last", "in_next",
        "anniversary_in_next",
    ),
}  # fmt: skip


class Trees:
    """Makes random rules for a world."""

    def __init__(self, rng: random.Random, world: World) -> None:
        self.rng, self.world = rng, world

    def rule(self) -> dict[str, Any]:
        found = {
            "title": "A",
            "owner": "team:marketing",
            "purpose": "A test.",
            "include": self.clause(self.rng.choice((1, 2, 3))),
        }
        if self.rng.random() < 0.3:
            found["exclude"] = self.clause(self.rng.choice((0, 1)))
        return found

    def clause(self, depth: int) -> dict[str, Any]:
        if depth and self.rng.random() < 0.8:
            word = self.rng.choice(("all", "any", "any", "none"))
            return {word: [self.clause(depth - 1) for _ in range(self.rng.randint(1, 3))]}
        made = self.rng.choice(
            (self.field, self.field, self.event, self.event, self.sequence, self.segments)
        )
        return made()

    def segments(self) -> dict[str, Any]:
        if self.rng.random() < 0.5:
            return {"segment": self.rng.choice(SEGMENTS)}
        parts = [{"union": self.rng.choice(SEGMENTS)}]
        for _ in range(self.rng.randint(1, 3)):
            act = self.rng.choice(("union", "intersect", "except"))
            parts.append({act: self.rng.choice(SEGMENTS)})
        return {"segments": parts}

    def field(self) -> dict[str, Any]:
        table = self.rng.choice(("profiles", "customer_attributes", "deciles", "purchases"))
        column = self.rng.choice(list(TYPES[table]))
        found = {"field": f"{table}.{column}", **self.comparison(table, column)}
        if self.rng.random() < 0.4:
            found["where"] = self.where(table)
        return found

    def where(self, table: str) -> dict[str, Any]:
        columns = self.rng.sample(list(TYPES[table]), self.rng.randint(1, 2))
        return {column: self.shorthand(table, column) for column in columns}

    def shorthand(self, table: str, column: str) -> Any:
        said = self.comparison(table, column)
        return said["value"] if said["operator"] == "equals" else said

    def comparison(self, table: str, column: str) -> dict[str, Any]:
        kind = kind_of_type(TYPES[table][column])
        if self.rng.random() < 0.15:
            return {"operator": self.rng.choice(("is_null", "is_not_null"))}
        operator = self.rng.choice(OF_KIND[kind])
        return {"operator": operator, "value": self.value(operator, kind, table, column)}

    def value(self, operator: str, kind: str, table: str, column: str) -> Any:
        if operator in ("in_last", "in_next", "anniversary_in_next"):
            return self.period(UNITS)
        one = [self.literal(kind, table, column) for _ in range(3)]
        if operator in ("contains", "not_contains", "starts_with", "ends_with"):
            text = one[0]
            return text[: self.rng.randint(1, len(text))] if self.rng.random() < 0.7 else text[-1]
        if operator == "between":
            return sorted(one[:2])
        return one if operator in ("in", "not_in") else one[0]

    def literal(self, kind: str, table: str, column: str) -> Any:
        """Mostly what stands somewhere, so that boundaries are met."""
        there = [row[column] for row in self.world.tables[table] if row[column] is not None]
        if kind == "date":
            if self.rng.random() < 0.5 and there:
                found = self.rng.choice(there)
                return found.date() if hasattr(found, "date") else found
            return self.world.today - timedelta(days=self.rng.randint(-1, 8))
        if kind == "boolean":
            return self.rng.random() < 0.5
        if there and self.rng.random() < 0.8:
            found = self.rng.choice(there)
            return Decimal(found) if isinstance(found, Decimal) else found
        return self.rng.choice(TEXTS) if kind == "text" else self.rng.randint(-2, 10)

    def period(self, units: tuple[str, ...]) -> str:
        return f"{self.rng.choice((1, 2, 7, 30))} {self.rng.choice(units)}s"

    def rows(self, when: float = 0.5, details: bool = True) -> dict[str, Any]:
        found: dict[str, Any] = {}
        draw = self.rng.random()
        if draw < 0.2:
            table = found["table"] = self.rng.choice(("purchases", "visits"))
        else:
            kinds = (*KINDS_OF_ACTIVITY, *(DERIVED if draw > 0.8 else ()))
            names = self.rng.sample(kinds, self.rng.choice((1, 1, 2)))
            found["event"] = names[0] if len(names) == 1 else names
            table = "recorded_activities"
            if details and self.rng.random() < 0.25:
                found["details"] = {
                    "quantifier": self.rng.choice(("any", "all", "none")),
                    "where": self.where("purchases"),
                }
        if self.rng.random() < 0.3:
            found["where"] = self.where(table)
        if self.rng.random() < when:
            found["when"] = self.when()
        return found

    def when(self) -> dict[str, Any]:
        days = sorted(self.world.today - timedelta(days=self.rng.randint(-1, 9)) for _ in range(2))
        choices = {
            "in_last": self.period((*UNITS, "hour", "minute")),
            "between": days,
            "before": days[0],
            "after": days[0],
            "since": {
                **self.rows(when=0, details=self.rng.random() < 0.2),
                "which": self.rng.choice(("first", "last")),
            },
        }
        words = self.rng.sample(list(choices), self.rng.choice((1, 1, 2)))
        return {word: choices[word] for word in words}

    def number(self, least: int = 0, most: int = 4) -> dict[str, Any]:
        operator = self.rng.choice(NUMERIC)
        values = sorted(self.rng.randint(least, most) for _ in range(2))
        return {"operator": operator, "value": values if operator == "between" else values[0]}

    def event(self) -> dict[str, Any]:
        found = self.rows()
        draw = self.rng.random()
        if draw < 0.5:
            found["count"] = self.rng.choice((self.number(), self.number(), 0, 1))
        elif draw < 0.8:
            table = found.get("table", "recorded_activities")
            function = self.rng.choice(("sum", "average", "minimum", "maximum", "count_distinct"))
            numbers = {
                "recorded_activities": ("amount", "points"),
                "purchases": ("line_amount", "quantity"),
                "visits": ("event_count",),
            }[table]
            of = self.rng.choice(numbers)
            if function == "count_distinct":
                of = self.rng.choice(list(TYPES[table]))
            found["aggregate"] = {"function": function, "of": of, **self.number(-2, 8)}
        return found

    def sequence(self) -> dict[str, Any]:
        steps = [self.rows(when=0.1) for _ in range(self.rng.choice((2, 2, 3, 4)))]
        for step in steps[1:]:
            for word in ("within", "after"):
                if self.rng.random() < 0.4:
                    step[word] = self.period((*UNITS, "hour", "minute"))
        found: dict[str, Any] = {"sequence": steps}
        if self.rng.random() < 0.2:
            found["when"] = self.when()
        return found
