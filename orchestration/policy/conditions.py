"""Conditions over two records: the kinds that a policy seed names, and the SQL of their own.

Nothing of a seed reaches the database as more than a condition: a kind has a column and a number,
and SQL is parsed and may hold columns of the two records and scalar functions, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp

COLUMNS = (
    "source_system", "source_table", "given_name", "given_name_root", "middle_name", "family_name",
    "only_name", "generation", "organisation_name", "birth_date", "gender", "email", "email_name",
    "phone", "phone_end", "loyalty_id", "national_id", "house_number", "street_name",
    "address_line_2", "postal_code", "city", "state", "country_code",
)  # fmt: skip
"""What records are compared by; see `identity.match_records`."""
ATTRIBUTES = "attributes"
DECLARED = re.compile(rf"{ATTRIBUTES}\.([a-z][a-z0-9_]{{0,62}})")
"""An attribute that a source's YAML declares."""
LAST = "else"
OWN = "sql"
KINDS: dict[str, str] = {
    "equal": "{l} = {r}",
    "nearly_equal": "jaro_winkler_similarity({l}, {r}) >= {0}",
    "edits": "damerau_levenshtein({l}, {r}) <= {0}",
    "contains": "contains({l}, {r}) or contains({r}, {l})",
    "initial": "(length({l}) = 1 or length({r}) = 1) and substr({l}, 1, 1) = substr({r}, 1, 1)",
    "same_start": "substr({l}, 1, {0}) = substr({r}, 1, {0})",
    "same_digits": (
        "regexp_replace({l}, '[^0-9]', '', 'g') = regexp_replace({r}, '[^0-9]', '', 'g')"
    ),
    OWN: "",
    LAST: "ELSE",
}
"""What a degree may ask of a column; {l} and {r} are the two records', {0} the argument."""
_SIMILARITY = (
    lambda text: bool(re.fullmatch(r"0\.\d+|1(\.0+)?", text)) and float(text) > 0,
    "Give the least similarity, above 0 and not above 1; 0.92 is usual for names.",
)
_LETTERS = (
    lambda text: bool(re.fullmatch(r"[1-9]\d?", text)),
    "Give a whole number of letters, from 1.",
)
ARGUMENTS: dict[str, tuple[Callable[[str], bool], str]] = {
    "nearly_equal": _SIMILARITY,
    "edits": _LETTERS,
    "same_start": _LETTERS,
}
"""Per kind that has an argument, which one it takes and what to write."""

FUNCTIONS = (
    "abs", "damerau_levenshtein", "hamming", "jaccard", "jaro_similarity", "strip_accents",
)  # fmt: skip
PARTS = (
    "Abs", "Add", "And", "Between", "Boolean", "Case", "Cast", "Coalesce", "Column", "Concat",
    "Contains", "DPipe", "DataType", "Div", "EQ", "EndsWith", "GT", "GTE", "Greatest", "ILike",
    "Identifier", "If", "In", "Is", "JSONExtractScalar", "JSONPath", "JSONPathKey", "JSONPathRoot",
    "JarowinklerSimilarity", "LT", "LTE", "Least", "Left", "Length", "Levenshtein", "Like",
    "Literal", "Lower", "Mod", "Mul", "NEQ", "Neg", "Not", "Null", "NullSafeEQ", "NullSafeNEQ",
    "Nullif", "Or", "Paren", "RegexpExtract", "RegexpLike", "RegexpReplace", "Replace", "Reverse",
    "Right", "SplitPart", "StartsWith", "Sub", "Substring", "Trim", "TryCast", "Upper",
)  # fmt: skip
"""What SQL of one's own may be made of, as the parser calls it."""
SQL_REMEDY = (
    "Write one condition over columns such as given_name_l and given_name_r, with and, or, not, "
    "comparisons and functions of single values."
)


class WrongConditionError(ValueError):
    """A condition that can't be followed: what is wrong, and what to do.

    Attributes:
        what: the mistake.
        remedy: what to write.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}. {remedy}")
        self.what, self.remedy = what, remedy


def checked_column(name: str) -> str:
    """The name of a column of the records, or of a declared attribute."""
    if name in COLUMNS or DECLARED.fullmatch(name):
        return name
    raise WrongConditionError(
        f"there is no column '{name}'",
        f"Use one of {', '.join(COLUMNS)}, or {ATTRIBUTES}.NAME for a declared attribute.",
    )


def value_of(column: str, record: str = "{}") -> str:
    """SQL for the value of a column, or of a declared attribute.

    Parameters:
        column: a checked column.
        record: how a record's columns are written, with {} for the name.
    """
    if declared := DECLARED.fullmatch(column):
        return f"json_extract_string({record.format(ATTRIBUTES)}, '$.{declared[1]}')"
    return record.format(column)


def condition(kind: str, column: str, argument: str) -> str:
    """The SQL of a degree.

    Parameters:
        kind: one of `KINDS`.
        column: what it asks of; empty for `sql` and `else`.
        argument: a number for the kinds of `ARGUMENTS`, the text of `sql`.

    Raises:
        WrongConditionError: it can't be followed.
    """
    if kind not in KINDS:
        raise WrongConditionError(f"kind is '{kind}'", f"Use one of {', '.join(KINDS)}.")
    if kind in (OWN, LAST) and column:
        raise WrongConditionError(f"{kind} asks of no single column", "Leave column empty.")
    if kind == OWN:
        return checked_sql(argument)
    takes, remedy = ARGUMENTS.get(kind, (lambda text: not text, "Leave it empty."))
    if not takes(argument):
        raise WrongConditionError(f"the argument of {kind} is '{argument}'", remedy)
    if kind == LAST:
        return KINDS[kind]
    checked_column(column)
    left, right = value_of(column, "{}_l"), value_of(column, "{}_r")
    return KINDS[kind].format(argument, l=left, r=right)


def is_missing(columns: list[str]) -> str:
    """SQL for that one of two records lacks one of the columns."""
    return " or ".join(
        f"{value_of(column, f'{{}}_{side}')} is null" for column in columns for side in "lr"
    )


def checked_sql(text: str) -> str:
    """SQL of a seed, as it is written there, when it is one condition over the two records.

    Raises:
        WrongConditionError: it is more than that, or can't be read.
    """
    if any(sign in text for sign in (";", "--", "/*", "$$")):
        raise WrongConditionError("the SQL holds a semicolon or a comment", SQL_REMEDY)
    try:
        tree = sqlglot.parse_one(f"select {text}", dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        raise WrongConditionError("the SQL can't be read", SQL_REMEDY) from None
    given = {name for name, value in tree.args.items() if value}
    if not isinstance(tree, exp.Select) or given != {"expressions"} or len(tree.expressions) != 1:
        raise WrongConditionError("the SQL is more than a condition", SQL_REMEDY)
    for part in tree.expressions[0].walk():
        name = part.name if isinstance(part, exp.Anonymous) else type(part).__name__
        if name not in (FUNCTIONS if isinstance(part, exp.Anonymous) else PARTS):
            raise WrongConditionError(f"the SQL may not hold {name}", SQL_REMEDY)
        if isinstance(part, exp.Column):
            _check_side(part)
    return text


def _check_side(column: exp.Column) -> None:
    name, side = column.name[:-2], column.name[-2:]
    if column.table or side not in ("_l", "_r") or name not in (*COLUMNS, ATTRIBUTES):
        raise WrongConditionError(
            f"there is no column '{column.sql()}' in the two records",
            f"Add _l or _r to one of {', '.join(COLUMNS)}.",
        )
