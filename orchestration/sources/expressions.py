"""SQL expressions that turn a column of text into what an entity wants."""

from __future__ import annotations

import re

import duckdb

from orchestration.ingest.sql import literal, quoted
from orchestration.sources.drafts import Column, Table
from orchestration.sources.names import tokens, words

ROW_KEY = "source_file || ':' || cast(source_row as string)"
SAFE_VALUE = re.compile(r"[\w .$€£'-]+")
MAPPED_SHARE = 0.5
FEW = 20


def text(column: Column) -> str:
    """The column as text without outer blanks, null when nothing is left."""
    return _as("as_text", column)


def lower_text(column: Column) -> str:
    """The column as text in lower case."""
    return f"lower({text(column)})"


def url_parameter(column: Column, name: str) -> str:
    """The value of a parameter in the query of an address; null without."""
    return f"nullif(regexp_extract({column.name}, '[?&]{name}=([^&#]*)', 1), '')"


def identifier(column: Column) -> str:
    """The column as a text that identifies: never rounded, never a number with decimals."""
    return _as("as_identifier", column)


def key(column: Column) -> str:
    """The column as a key that rows refer to; null for what stands for nobody."""
    nobody = f", {list(column.nobody)}" if column.nobody else ""
    return _as("as_key", column, nobody)


def says_return(column: Column) -> str:
    """Whether the column says that the row is a return: a kind of document, or a flag."""
    said = {k: [v for v, code in column.codes.items() if code == k] for k in ("return", "sale")}
    arguments = ", is_flag=true" if column.means == "is_return" else ""
    arguments += "".join(f", {k}s={values}" for k, values in said.items() if values)
    return _as("says_return", column, arguments)


def is_marked(column: Column) -> str:
    """Whether a flag is set, or a day says when it was."""
    if column.formats or column.file_type in ("date", "timestamp"):
        return f"{text(column)} is not null"
    return _as("says_return", column, ", is_flag=true")


def names_kind(column: Column) -> bool:
    """Whether the column's name says that its values are kinds of documents."""
    return "".join(t for t in tokens(column.source_name) if t != "code") in words("document_kind")


def postal_code(column: Column) -> str:
    """The column as a postal code, which no apostrophe begins."""
    return _as("as_postal_code", column)


def email(column: Column) -> str:
    """The column as an e-mail address, without what surrounds it."""
    return _as("as_email", column)


def instant(column: Column) -> str:
    """The column as a UTC timestamp; null when it is none."""
    return _dates(column, "as_instant", "as_instant_in")


def birth_date(column: Column) -> str:
    """The column as a birth date; null when there is no such day or it is yet to come."""
    return _dates(column, "as_birth_date", "as_birth_date_in")


def digits_of_no_date(column: Column) -> str | None:
    """The digits of what has the form of a birth date and is none; None for columns of dates."""
    if column.file_type != "string":
        return None
    read = [
        f"{{{{ digits_of_no_date('{column.name}', '{form}') }}}}"
        for form in column.formats or ("iso",)
        if form == "iso" or {"%Y", "%m", "%d"} <= set(re.findall("%.", form))
    ]
    return read[0] if len(read) == 1 else None


def amount(column: Column) -> str:
    """The column as decimal(18, 2) of the major unit."""
    unit = f", minor_digits={column.minor_digits}" if column.minor_digits else ""
    if column.file_type != "string" and not unit:
        return f"try_cast({column.name} as decimal(18, 2))"
    return f"{{{{ as_amount('{_as_string(column)}'{_mark(column)}{unit}) }}}}"


def product_of(quantity: Column, price: Column) -> str:
    """Pieces times price, rounded to cents once."""
    if price.file_type == "string":
        exact = f"{{{{ as_decimal('{price.name}'{_mark(price)}) }}}}"
    else:
        exact = f"try_cast({price.name} as decimal(18, 6))"
    if price.minor_digits:
        exact += f" * 0.{'0' * (price.minor_digits - 1)}1"
    return f"try_cast(\n    {integer(quantity)}\n    * {exact}\n    as decimal(18, 2)\n)"


def on_first_line(amount: str, order: Column) -> str:
    """What an order came to, on the first of its lines in a file; nothing on the others."""
    return (
        f"case\n    when row_number() over (\n        partition by {identifier(order)}, source_file"
        f"\n        order by source_row\n    ) = 1 then {amount}\n    else 0.00\nend"
    )


def integer(column: Column) -> str:
    """The column as a whole number; null when it is none."""
    if column.file_type not in ("string", "double"):
        return f"try_cast({column.name} as int)"
    return f"{{{{ as_integer('{_as_string(column)}'{_mark(column)}) }}}}"


def country(con: duckdb.DuckDBPyConnection, table: Table, column: Column) -> str | None:
    """The column as ISO 3166 codes, out of codes and names; None when it is neither."""
    named = codes(con, table, column, "country", share=0.0)
    if named is None:
        is_code = column.share("two_letters") >= 0.5 or not column.filled
        return f"upper({text(column)})" if is_code else None
    if column.share("two_letters"):
        code = f"when length(trim({column.name})) = 2 then upper(trim({column.name}))"
        named = named.replace("\nend", f"\n    {code}\nend")
    return named


def no_record(key: Column, table: Table) -> str:
    """Whether a row repeats the header, or is a total: a key in words and nothing else."""
    others = [c for c in table.columns if c is not key and c.means][:4]
    empty = " and ".join(f"nullif(cast({c.name} as string), '') is null" for c in others) or "false"
    header = f"trim({key.name}) = {literal(key.title)}"
    if not SAFE_VALUE.fullmatch(key.title):
        header = "false"
    return f"coalesce({header}\n    or ({{{{ is_total('{key.name}') }}}} and {empty}), false)"


def codes(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    column: Column,
    kind: str,
    share: float = MAPPED_SHARE,
) -> str | None:
    """A `case` from the column's values to an entity's codes; None when few of them are known.

    Parameters:
        con: the connection that holds the sample.
        table: the column's table.
        column: the column.
        kind: kind of words: order_status, consent_status, message_event, currency, country.
        share: of the values that must be known.
    """
    known = words(kind)
    rows = con.execute(
        f"select lower(trim({quoted(column.name)})) as v, count(*) as n "
        f"from {quoted(table.sample)} where nullif(trim({quoted(column.name)}), '') is not null "
        "group by 1 order by 1 limit 2000"
    ).fetchall()
    branches: dict[str, list[str]] = {}
    mapped = 0
    for value, count in rows:
        means = known.get("".join(tokens(value)) or value)
        if said := column.codes.get(value):
            means = (said,)
        if means and SAFE_VALUE.fullmatch(value):
            branches.setdefault(means[0], []).append(value)
            mapped += count
    if not branches or mapped < share * sum(n for _, n in rows):
        return None
    whens = [
        f"    when lower(trim({column.name})) in ({', '.join(literal(v) for v in values)})"
        f" then '{code}'"
        for code, values in sorted(branches.items())
    ]
    return "\n".join(["case", *(_folded(w) for w in whens), "end"])


def says(con: duckdb.DuckDBPyConnection, table: Table, column: Column, means: str) -> bool:
    """Whether some value of a column of few values is a word for a meaning."""
    return column.distinct <= FEW and bool(values(con, table, column, "column", means))


def values(
    con: duckdb.DuckDBPyConnection, table: Table, column: Column, kind: str, means: str = ""
) -> list[str]:
    """The values of a column, in lower case, that are words of a kind, or of one meaning of it."""
    rows = con.execute(
        f"select distinct lower(trim({quoted(column.name)})) as v from {quoted(table.sample)} "
        "where v is not null order by v limit 2000"
    ).fetchall()
    known = words(kind)
    found = ((v, known.get("".join(tokens(v)), ())) for (v,) in rows)
    return [v for v, meanings in found if meanings and means in (*meanings, "")]


def _folded(when: str) -> str:
    if len(when) < 95:
        return when
    start, rest = when.split(" in (", 1)
    values, end = rest.rsplit(") then ", 1)
    return f"{start} in (\n        " + values.replace(", ", ",\n        ") + f"\n    ) then {end}"


def either(first: str, second: str) -> str:
    """The second where the first is null."""
    parts = [part.replace("\n", "\n    ") for part in (first, second)]
    return f"coalesce(\n    {parts[0]},\n    {parts[1]}\n)"


def _as(macro: str, column: Column, arguments: str = "") -> str:
    if column.file_type == "double" and column.share("integer") == 1:
        return f"cast(cast({column.name} as bigint) as string)"
    if column.file_type != "string" and not arguments:
        return f"cast({column.name} as string)"
    return f"{{{{ {macro}('{_as_string(column)}'{arguments}) }}}}"


def _as_string(column: Column) -> str:
    return column.name if column.file_type == "string" else f"cast({column.name} as string)"


def _mark(column: Column) -> str:
    return ", ','" if column.decimal_mark == "," else ""


def _dates(column: Column, iso: str, other: str) -> str:
    zone = f", zone='{column.zone}'" if other == "as_instant_in" and column.zone != "UTC" else ""
    if column.file_type in ("date", "timestamp"):
        return f"{{{{ {iso}('cast({column.name} as string)') }}}}"
    read = [
        f"{{{{ {iso}('{column.name}') }}}}" if f == "iso" and not zone
        else f"{{{{ {other}('{_as_string(column)}', '{f}'{zone}) }}}}"
        for f in column.formats or ("iso",)
    ]  # fmt: skip
    if len(read) == 1:
        return read[0]
    return "coalesce(\n    " + ",\n    ".join(read) + "\n)"
