"""The operators of rule files: what each takes, of which kinds, and what it means.

Every operator is true or false. A null satisfies none but `is_null`.
"""

from __future__ import annotations

from dataclasses import dataclass

TEXT, NUMBER, DATE, BOOLEAN = "text", "number", "date", "boolean"
ANY = (TEXT, NUMBER, DATE, BOOLEAN)
NOTHING, ONE, LIST, TWO, PERIOD = "nothing", "a value", "a list", "two values", "a period"


@dataclass(frozen=True)
class Operator:
    """One operator.

    Attributes:
        takes: what `value` holds.
        kinds: the kinds of columns that it compares.
        meaning: when it is true, for the documentation.
        words: how a reason says it.
    """

    takes: str
    kinds: tuple[str, ...]
    meaning: str
    words: str


OPERATORS = {
    "equals": Operator(ONE, ANY, "the same; a text letter by letter, a time by its day", "is"),
    "not_equals": Operator(ONE, ANY, "known and not the same", "is not"),
    "in": Operator(LIST, (TEXT, NUMBER, DATE), "one of the list", "is one of"),
    "not_in": Operator(LIST, (TEXT, NUMBER, DATE), "known and none of the list", "is none of"),
    "contains": Operator(ONE, (TEXT,), "holds the text, letter by letter", "contains"),
    "not_contains": Operator(ONE, (TEXT,), "known and does not hold the text", "does not contain"),
    "starts_with": Operator(ONE, (TEXT,), "begins with the text", "starts with"),
    "ends_with": Operator(ONE, (TEXT,), "ends with the text", "ends with"),
    "less_than": Operator(ONE, (NUMBER,), "smaller than the number", "is less than"),
    "at_most": Operator(ONE, (NUMBER,), "the number or smaller", "is at most"),
    "more_than": Operator(ONE, (NUMBER,), "greater than the number", "is more than"),
    "at_least": Operator(ONE, (NUMBER,), "the number or greater", "is at least"),
    "between": Operator(TWO, (NUMBER, DATE), "from the first to the second, both in", "is between"),
    "before": Operator(ONE, (DATE,), "on a day before that day", "is before"),
    "after": Operator(ONE, (DATE,), "on a day after that day", "is after"),
    "in_last": Operator(
        PERIOD, (DATE,), "in the period that ends with the day of the refresh", "is in the last"
    ),
    "in_next": Operator(
        PERIOD, (DATE,), "in the period that begins the day after the refresh", "is in the next"
    ),
    "anniversary_in_next": Operator(
        PERIOD, (DATE,),
        "its day and month, whatever the year, come on the day of the refresh or within the period "
        "after it; 29 February counts as the 28th in other years; a day yet to come has none",
        "has its anniversary in the next",
    ),
    "is_null": Operator(NOTHING, ANY, "nothing is known: no row, or no value in any", "is unknown"),
    "is_not_null": Operator(NOTHING, ANY, "some value is known", "is known"),
}  # fmt: skip

NUMERIC = ("equals", "not_equals", "less_than", "at_most", "more_than", "at_least", "between")
"""What counts and aggregates are compared with."""

UNITS = ("minute", "hour", "day", "week", "month", "year")
"""Units of periods. Minutes and hours count from instants, all others from days."""

FUNCTIONS = ("sum", "average", "minimum", "maximum", "count_distinct")
