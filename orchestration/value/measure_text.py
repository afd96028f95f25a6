"""What a measure is, and its model and YAML as text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import yaml

FUNCTIONS = (
    *("sum", "average", "count", "count_distinct", "max", "min"),
    *("first", "last", "arg_max", "arg_min"),
)


class Shape(StrEnum):
    """The four shapes of a measure, see docs/value.md."""

    CUSTOMER_ATTRIBUTE = "customer-attribute"
    CUSTOMER_MEASURE = "customer-measure"
    CUSTOMER_TABLE = "customer-table"
    BUSINESS_MEASURE = "business-measure"


@dataclass(frozen=True)
class Measure:
    """What a measure calculates.

    Attributes:
        name: the model's name; of the column as well where there is one calculation.
        shape: what a row is.
        table: the model of profile or value that it reads.
        function: one of `FUNCTIONS`.
        value: the column it is about; None counts rows.
        where: a condition on the rows that count, None for all.
        by: the column that first, last, arg_max and arg_min go by.
        tie: the column that decides between equal `by`.
        per: the dimensions beside the customer.
        owner: who answers for it.
    """

    name: str
    shape: Shape
    table: str = "purchases"
    function: str = "sum"
    value: str | None = "line_amount"
    where: str | None = None
    by: str | None = None
    tie: str | None = None
    per: tuple[str, ...] = ()
    owner: str = "team:marketing-analytics"

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that a row is one of; none for a measure of one row."""
        customer = () if self.shape is Shape.BUSINESS_MEASURE else ("profile_id",)
        return (*customer, *self.per)


def sql_of(wanted: Measure) -> str:
    """The model: import, calculate, list the columns."""
    calculations = {wanted.name: _calculation(wanted)}
    if wanted.shape is Shape.CUSTOMER_TABLE:
        # The shape of several calculations on one path; the second is there to be replaced.
        rows = replace(wanted, function="count", value=None, by=None, tie=None)
        calculations["row_count"] = _calculation(rows)
    scalar = not wanted.keys
    keys = [f"        {key},\n" for key in wanted.keys]
    cells = [f"        {sql} as {name}" for name, sql in calculations.items()]
    # An order may be nobody's.
    people = "\n    where profile_id is not null" if "profile_id" in wanted.keys else ""
    grouped = f"{people}\n    group by {', '.join(wanted.keys)}" if wanted.keys else ""
    clock = (
        ",\n\nrefresh_period as (\n    select as_of_on\n    from {{ ref('refresh_period') }}\n)"
        if scalar
        else ""
    )
    prefix = "calculated." if scalar else ""
    listed = [*wanted.keys, *(prefix + name for name in calculations)]
    if scalar:
        listed.insert(0, "refresh_period.as_of_on")
    return (
        "with\n\n"
        f"calculated as (\n    select\n{''.join(keys)}" + ",\n".join(cells) + "\n"
        f"    from {{{{ ref('{wanted.table}') }}}}{grouped}\n){clock}\n\n"
        "select\n    "
        + ",\n    ".join(listed)
        + "\nfrom calculated"
        + ("\ncross join refresh_period" if scalar else "")
        + "\n"
    )


def _calculation(wanted: Measure) -> str:
    arguments = [repr(wanted.function)]
    if wanted.value is not None:
        arguments.append(repr(wanted.value))
    for name in ("where", "by", "tie"):
        text = getattr(wanted, name)
        if text is not None:
            arguments.append(f"{name}={_quoted(text)}")
    call = f"{{{{ measure({', '.join(arguments)}) }}}}"
    if len(call) > 85:
        lines = ",\n".join(f"                {argument}" for argument in arguments)
        call = f"{{{{ measure(\n{lines}\n            ) }}}}"
    types = {"count": "bigint", "count_distinct": "bigint", "sum": "decimal(18, 2)"}
    types["average"] = types["sum"]
    if wanted.function not in types:
        return call
    kind = types[wanted.function]
    if len(call) < 60:
        return f"cast({call} as {kind})"
    return f"cast(\n            {call}\n            as {kind}\n        )"


def _quoted(text: str) -> str:
    """A text as a literal of Jinja, in which a backslash escapes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def yaml_of(wanted: Measure) -> str:
    """Its description, which ends in the grain, its columns and a test of the grain."""
    scalar = not wanted.keys
    of = f"{wanted.value} of {wanted.table}" if wanted.value else f"rows of {wanted.table}"
    what = f"The {wanted.function.replace('_', ' ')} of {of}"
    grain = " and ".join(k.removesuffix("_id").replace("_", " ") for k in wanted.keys)
    condition = f", where {wanted.where}" if wanted.where else ""
    columns = [{"name": key, "description": _key_description(key)} for key in wanted.keys]
    if scalar:
        columns.append({"name": "as_of_on", "description": "Day of the refresh."})
    columns.append({"name": wanted.name, "description": what + condition + "."})
    if wanted.shape is Shape.CUSTOMER_TABLE:
        columns.append({"name": "row_count", "description": f"Rows of {wanted.table}{condition}."})
    model: dict[str, object] = {
        "name": wanted.name,
        "description": f"{what}{condition}. One row per {grain or 'refresh'}.",
        "config": {"meta": {"owner": wanted.owner}},
    }
    if len(wanted.keys) > 1:
        model["data_tests"] = [
            {"unique_combination": {"arguments": {"columns": list(wanted.keys)}}}
        ]
    else:
        columns[0] = {**columns[0], "data_tests": ["unique", "not_null"]}  # type: ignore[dict-item]
    model["columns"] = columns
    return _dump({"version": 2, "models": [model]})


def _key_description(key: str) -> str:
    if key == "profile_id":
        return "The person; see `profile.profiles`."
    return f"The {key.replace('_', ' ')}."


def _dump(content: dict[str, object]) -> str:
    """YAML in the house's form: sequences indented below their key."""

    class Indented(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

    return yaml.dump(content, Dumper=Indented, sort_keys=False, width=100)
