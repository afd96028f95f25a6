"""What clauses of a rule file are made of: names, texts, periods and comparisons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    WithJsonSchema,
    model_validator,
)

from orchestration.segments.operators import (
    BOOLEAN,
    DATE,
    LIST,
    NOTHING,
    NUMBER,
    NUMERIC,
    ONE,
    OPERATORS,
    PERIOD,
    TEXT,
    TWO,
    UNITS,
)

MOST_VALUES = 1000
NAME = re.compile(r"[a-z][a-z0-9_]{1,62}", re.ASCII)
PERIOD_TEXT = re.compile(r"([1-9][0-9]{0,4}) (" + "|".join(UNITS) + r")s?", re.ASCII)
JINJA = ("{{", "{%", "{#", "}}", "%}", "#}")


def _plain(text: str) -> str:
    """Refuse what dbt would run, and what can't be seen."""
    if any(mark in text for mark in JINJA):
        raise ValueError("holds {{, {%, {# or their ends, which dbt would run. Write it otherwise")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in text):
        raise ValueError("holds characters that can't be seen, such as line ends. Remove them")
    return text


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("is a name of lower case letters a to z, digits and underscores")
    return text


def _field(text: str) -> str:
    table, _, column = text.partition(".")
    if not (NAME.fullmatch(table) and NAME.fullmatch(column)):
        raise ValueError("is table.column, such as customer_attributes.days_since_last_order")
    return text


Name = Annotated[StrictStr, AfterValidator(_name)]
FieldName = Annotated[
    StrictStr, AfterValidator(_field), WithJsonSchema({"type": "string", "format": "field"})
]
Text = Annotated[StrictStr, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Number = StrictInt | Annotated[Decimal, Field(strict=True)]
Day = Annotated[date, Field(strict=True)]
Scalar = StrictBool | StrictInt | Annotated[Decimal, Field(strict=True)] | Day | Text


class Strict(BaseModel):
    """Takes what it names and nothing beside it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _no_nulls(cls, said: Any) -> Any:
        if isinstance(said, Mapping) and None in said.values():
            empty = next(str(key) for key, value in said.items() if value is None)
            raise ValueError(f"{empty} has no value. Write one, or leave the word out")
        return said


class Span(Strict):
    """A length of time, written `90 days`."""

    n: int
    unit: str

    def __str__(self) -> str:
        return f"{self.n} {self.unit}{'s' if self.n > 1 else ''}"


def _span(value: object) -> object:
    match = PERIOD_TEXT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"is a number and a unit ({', '.join(UNITS)}), such as 90 days")
    return Span(n=int(match[1]), unit=match[2])


Period = Annotated[
    Span, BeforeValidator(_span), WithJsonSchema({"type": "string", "format": "period"})
]


def kind_of(value: object) -> str:
    """The kind of a literal."""
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int | Decimal):
        return NUMBER
    return DATE if isinstance(value, date) else TEXT


class Comparison(Strict):
    """An operator with what it compares to."""

    operator: Literal[tuple(OPERATORS)]  # type: ignore[valid-type]
    value: Any = None

    @model_validator(mode="before")
    @classmethod
    def _values(cls, said: Any) -> Any:
        if not isinstance(said, Mapping) or str(said.get("operator")) not in OPERATORS:
            return said
        operator = OPERATORS[said["operator"]]
        value = said.get("value")
        if operator.takes == NOTHING:
            if "value" in said:
                raise ValueError(f"{said['operator']} takes no value")
            return said
        if operator.takes == PERIOD:
            return {**said, "value": _period_of_days(value)}
        values = [value] if operator.takes == ONE else value
        wanted = {ONE: "one value", LIST: "a list of values", TWO: "a list of two values"}
        if (
            not isinstance(values, list)
            or not 1 <= len(values) <= MOST_VALUES
            or (operator.takes == TWO and len(values) != 2)
        ):
            raise ValueError(f"{said['operator']} takes {wanted[operator.takes]}")
        kinds = {kind_of(_scalar(v)) for v in values}
        if len(kinds) > 1:
            raise ValueError(f"values of {said['operator']} are all texts, numbers or days")
        if not kinds <= set(operator.kinds):
            raise ValueError(
                f"{said['operator']} compares {' or '.join(operator.kinds)}, and "
                f"{kinds.pop()} is given"
            )
        if operator.takes == TWO and values[0] > values[1]:
            raise ValueError("between takes the smaller value first")
        return said

    @property
    def values(self) -> list[Any]:
        """What it compares to, as a list."""
        return self.value if isinstance(self.value, list) else [self.value]


def _scalar(value: object) -> object:
    if value is None:
        raise ValueError("a null is compared with by is_null or is_not_null")
    if isinstance(value, bool | int | date | Decimal):
        return value
    if not isinstance(value, str):
        raise ValueError("a value is a text, a number, a day or true or false")
    if not 1 <= len(value) <= 200:
        raise ValueError("a text has 1 to 200 characters")
    return _plain(value)


def _period_of_days(value: object) -> object:
    span = _span(value)
    if isinstance(span, Span) and span.unit in UNITS[:2]:
        raise ValueError("of a column a period is of days, weeks, months or years")
    return span


def _comparison(said: object) -> object:
    """A plain value means that it is equal."""
    if isinstance(said, Mapping | Comparison):
        return said
    return {"operator": "equals", "value": said}


def numeric(said: Comparison) -> Comparison:
    """Refuse what no count and no aggregate is compared by."""
    if said.operator not in NUMERIC or {kind_of(v) for v in said.values} != {NUMBER}:
        raise ValueError(f"is compared with a number by {', '.join(NUMERIC)}")
    return said


def _count(said: Comparison) -> Comparison:
    if any(not isinstance(v, int) or v < 0 for v in said.values):
        raise ValueError("is a whole number, 0 or more")
    return said


COMPARES_NUMBERS: dict[str, Any] = {"compares": NUMBER, "operators": list(NUMERIC)}
"""What the schema of a comparison says beside its words, for who makes a form of it."""
Where = dict[Name, Annotated[Comparison, BeforeValidator(_comparison)]]
Count = Annotated[
    Comparison,
    BeforeValidator(_comparison),
    AfterValidator(numeric),
    AfterValidator(_count),
    Field(json_schema_extra=COMPARES_NUMBERS),
]
