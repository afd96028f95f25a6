"""What a column's values say, counted by SQL over the sample, many columns in one query."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.ingest.sql import literal, quoted
from orchestration.sources.drafts import Column, Table
from orchestration.sources.names import tokens
from orchestration.sources.rendering import readers

TIME = r"[T ]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?"
SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "zł": "PLN", "Kč": "CZK", "₺": "TRY",
    "₽": "RUB", "₪": "ILS", "₫": "VND", "₴": "UAH", "฿": "THB", "₱": "PHP", "₦": "NGN", "₸": "KZT",
    "$": "USD", "US$": "USD", "A$": "AUD", "C$": "CAD", "R$": "BRL", "NZ$": "NZD",
}  # fmt: skip
MONEY = r"([A-Z]{0,2}\$|\p{Sc}|kr|zł|Kč|[A-Za-z]{3})"
DOLLARS = frozenset({"USD", "AUD", "CAD", "NZD", "MXN", "SGD", "HKD"})
MINOR_UNITS = frozenset({"cents", "cent", "pence", "minor", "centimes", "rappen", "kopeks", "ore"})
UNIT_WORDS = MINOR_UNITS | {"in"}
"""Words of a name that say the unit: price_in_cents is a price."""
ZONE = re.compile(r"\((?:GMT|UTC)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?\)|\(([A-Z]\w+/\w+)\)")
PATTERNS = {
    "email": r"[^@＠\s,;]+[@＠][^@＠\s,;]+[.．][A-Za-zａ-ｚ]{2,}",
    "phone": r"(\+|00)?[(]?\d[\d ()./-]{5,18}(\s*(x|ext\.?)\s*\d+)?",
    "plus_phone": r"(\+|00)\d[\d ()./-]{6,18}",
    "url": r"(https?://|www\.)\S+",
    "path": r"/\S*",
    "with_at": r".*@.*",
    "uuid": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "integer": r"[+-]?\d{1,18}([.]0+)?",
    "leading_zero": r"0\d+",
    "numeric": r"[^\d@/:]{0,6}\d[\d.,'’\s\p{Z}]*([eE][+-]?\d+)?[^\d@/:]{0,5}",
    "point": r"[^\d]*\d+(,\d{3})*\.\d+[^\d]*",
    "comma": r"[^\d]*\d+([. '’  ]\d{3})*,\d+[^\d]*",
    "comma_group": r"[^\d]*\d{1,3}(,\d{3})+[^\d]*",
    "point_group": r"[^\d]*\d{1,3}(\.\d{3})+[^\d]*",
    "boolean": r"(?i)(true|false|yes|no|ja|nein|nee|oui|non|y|n|t|f|j|o|0|1)",
    "two_letters": r"[A-Za-z]{2}",
    "three_letters": r"[A-Z]{3}",
    "with_blank": r".*[\s,].*",
    "words": r"[^\d@/\\<>{}]*\pL[^\d@/\\<>{}]*",
    "postal": r"(?i)([A-Z]{1,2}-)?\d{3,5}([- ]?([A-Z]{2}|\d{3,4}))?"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "iso_date": rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}({TIME} ?(Z|UTC|[+-]\d{{2}}:?\d{{2}}|[+-]\d{{2}})?)?",
    "iso_half_day": r"\d{4}-\d{1,2}-\d{1,2}[T ]+\d{1,2}:\d{2}(:\d{2})? ?[AaPp][Mm]",
    "compact_date": r"(1[89]|20)\d{6}",
    "compact_other": r"\d{8}",
    "compact_time": rf"(1[89]|20)\d{{6}}{TIME}",
    "named_month_date": rf"\d{{1,2}}[- ][A-Za-z]{{3}}[- ](\d{{4}}|\d{{2}})({TIME})?",
    "named_month_first": rf"[A-Za-z]{{3}} \d{{1,2}}, \d{{4}}({TIME})?",
    "slash_year_first": rf"\d{{4}}/\d{{1,2}}/\d{{1,2}}({TIME})?",
    "slash_date": rf"\d{{1,2}}/\d{{1,2}}/(\d{{4}}|\d{{2}})({TIME})?",
    "dot_date": rf"\d{{1,2}}\.\d{{1,2}}\.(\d{{4}}|\d{{2}})({TIME})?",
    "dash_date": rf"\d{{1,2}}-\d{{1,2}}-(\d{{4}}|\d{{2}})({TIME})?",
    "epoch_seconds": r"(9[5-9]|1\d|20)\d{8}",
    "epoch_millis": r"(9[5-9]|1\d|20)\d{11}",
    "epoch_micros": r"(9[5-9]|1\d|20)\d{14}",
}
TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
DATES = {
    "iso_date": (("iso",), ("",)),
    "iso_half_day": (("%Y-%m-%d",), TIMES[4:]),
    "compact_date": (("%Y%m%d",), ("",)),
    "compact_other": (("%d%m%Y", "%m%d%Y"), ("",)),
    "slash_year_first": (("%Y/%m/%d",), TIMES),
    "slash_date": (("%d/%m/%Y", "%m/%d/%Y"), TIMES),
    "dot_date": (("%d.%m.%Y", "%m.%d.%Y"), TIMES),
    "dash_date": (("%d-%m-%Y", "%m-%d-%Y"), TIMES),
    "compact_time": (("%Y%m%d",), TIMES[1:]),
    "named_month_date": (("%d-%b-%Y", "%d %b %Y"), TIMES),
    "named_month_first": (("%b %d, %Y",), TIMES),
}
EPOCHS = ("epoch_seconds", "epoch_millis", "epoch_micros")
# A year is written with two digits or four where it does not come first.
FORMATS = {
    pattern: tuple(
        date.replace("%Y", year) + time
        for date in dates
        for year in (
            ("%Y", "%y")
            if pattern.endswith(("slash_date", "dot_date", "dash_date", "named_month_date"))
            else ("%Y",)
        )
        for time in times
    )
    for pattern, (dates, times) in DATES.items()
}
KNOWN_FORMATS = (*dict.fromkeys(f for formats in FORMATS.values() for f in formats), *EPOCHS)
BLOCK_COLUMNS, BLOCK_VALUES = 100, 2_000_000
FORMAT_SHARE = 0.02
DATE_SHARE = 0.5


def describe(con: duckdb.DuckDBPyConnection, table: Table, project_dir: Path) -> None:
    """Count, for every column of a table, what its values look like.

    Fills what the values say: counts, shape, shares, formats, decimal mark, unit and zone.

    Parameters:
        con: the connection that holds the sample.
        table: a table whose sample was read.
        project_dir: the dbt project, whose macros say what can be read.
    """
    read = readers(project_dir, KNOWN_FORMATS)
    size = max(1, min(BLOCK_COLUMNS, BLOCK_VALUES // max(table.rows, 1)))
    for start in range(0, len(table.columns), size):
        _describe_columns(con, table, table.columns[start : start + size], read)
    _choose_day_or_month_first(table)
    _choose_decimal_mark(table)


def _describe_columns(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Sequence[Column],
    read: Mapping[str, str],
) -> None:
    # Many columns in one query: each query pays for all columns of its table, and for compiling
    # the patterns.
    values = ", ".join(f"nullif(trim({quoted(column.name)}), '')" for column in columns)
    con.execute(
        "create or replace temp table column_values as select c, v, count(*) as n from "
        f"(select unnest(range({len(columns)})) as c, unnest([{values}]) as v "
        f"from {quoted(table.sample)}) where v is not null group by c, v"
    )
    counted = ", ".join(
        f"coalesce(sum(n) filter (regexp_full_match(v, {literal(pattern)})), 0)"
        for pattern in PATTERNS.values()
    )
    # A shape says how a value is written and never what: letters become x, digits 9.
    shape = (
        "regexp_replace(regexp_replace(regexp_replace(left(v, 40), '\\p{Lu}', 'X', 'g'), "
        "'\\p{Ll}|\\p{Lo}', 'x', 'g'), '\\p{N}', '9', 'g')"
    )
    found = con.execute(
        f"select c, sum(n), count(*), {counted} from column_values group by c"
    ).fetchall()
    shapes = dict(
        con.execute(
            f"select c, {shape} as shape from column_values group by c, shape "
            "qualify row_number() over (partition by c order by sum(n) desc, shape) = 1"
        ).fetchall()
    )
    for column in columns:
        column.rows = table.rows
    for position, filled, distinct, *shares in found:
        column = columns[position]
        column.filled, column.distinct = int(filled), int(distinct)
        column.shape = shapes[position]
        column.shares = {
            name: int(n) / column.filled for name, n in zip(PATTERNS, shares, strict=True)
        }
        column.formats = _formats(con, column, position, read)
        if column.share("with_at") > column.share("email"):
            [(addresses,)] = con.execute(
                f"select coalesce(sum(n) filter (({read['email']}) is not null), 0) "
                f"from column_values where c = {position}"
            ).fetchall()
            column.shares["email"] = int(addresses) / column.filled
        if column.share("numeric") >= 0.3:
            _numbers(con, column, position, read)
        if MINOR_UNITS & {*tokens(column.source_name)}:
            column.minor_digits = 2
        if zone := ZONE.search(column.source_name):
            sign, hours, minutes, name = zone.groups()
            column.zone = name or f"{sign}{int(hours):02}:{minutes or '00'}"


def _formats(
    con: duckdb.DuckDBPyConnection, column: Column, position: int, read: Mapping[str, str]
) -> tuple[str, ...]:
    """The formats in which staging reads the column's dates, by how many values they read."""
    found: dict[str, float] = {}
    for pattern, formats in FORMATS.items():
        if column.share(pattern) < FORMAT_SHARE or (
            pattern == "compact_other" and sum(found.values()) >= DATE_SHARE
        ):
            continue
        counted = ", ".join(
            f"coalesce(sum(n) filter (({read[f]}) is not null), 0)" for f in formats
        )
        row = con.execute(
            f"select {counted} from column_values where c = {position} and "
            f"regexp_full_match(v, {literal(PATTERNS[pattern])})"
        ).fetchall()[0]
        counts = {f: int(n) / max(column.filled, 1) for f, n in zip(formats, row, strict=True)}
        found |= _settle(counts, column, pattern)
    for epoch in EPOCHS:
        if column.share(epoch) >= 0.95:
            found[epoch] = column.share(epoch)
    ordered = sorted((f for f in found if found[f] >= FORMAT_SHARE), key=lambda f: (-found[f], f))
    return tuple(ordered[:4]) if sum(found[f] for f in ordered) >= DATE_SHARE else ()


def _numbers(
    con: duckdb.DuckDBPyConnection, column: Column, position: int, read: Mapping[str, str]
) -> None:
    """Which decimal mark reads the column's numbers, and what is known of them."""
    row = con.execute(
        f"""select
            coalesce(sum(n) filter (p is not null and c is null), 0),
            coalesce(sum(n) filter (c is not null and p is null), 0),
            coalesce(sum(n) filter (p = c), 0),
            coalesce(sum(n) filter (p <> c), 0),
            coalesce(median(abs(coalesce(p, c))), 0),
            coalesce(sum(n) filter (coalesce(p, c) % 100 <> 0), 0) / sum(n),
            coalesce(sum(n) filter (coalesce(p, c) < 0), 0) / sum(n),
            list(distinct regexp_extract(v, {literal(MONEY)}, 1))
        from (select v, n, ({read["."]}) as p, ({read[","]}) as c from column_values
              where c = {position})"""
    ).fetchall()[0]
    point, comma, same, other = (int(n) / column.filled for n in row[:4])
    column.shares["number"] = point + comma + same + other
    column.median, column.share_broken = float(row[4]), float(row[5])
    column.shares["negative"] = float(row[6])
    column.currency = tuple(
        sorted(
            {
                SIGNS.get(sign, sign.upper())
                for sign in row[7]
                if sign and sign.upper() not in ("CR", "DR")
            }
        )
    )
    column.decimal_mark = "," if comma > point else "." if point or not (comma + other) else "?"
    column.is_mark_a_guess = column.decimal_mark == "?" and other > 0


def _month_first(format_text: str) -> str:
    if not format_text.startswith("%d"):
        return format_text
    return format_text.replace("%d", "%_", 1).replace("%m", "%d", 1).replace("%_", "%m", 1)


def _settle(counts: dict[str, float], column: Column, pattern: str) -> dict[str, float]:
    """Day first or month first, by the values that only one of them reads."""
    day_first = {f: n for f, n in counts.items() if not f.startswith("%m") and n}
    month_first = {f: n for f, n in counts.items() if f.startswith("%m") and n}
    if not month_first:
        return day_first
    if sum(day_first.values()) == sum(month_first.values()):
        # Nobody writes 31.12. the other way round.
        column.is_day_first_a_guess = pattern != "dot_date"
        return day_first
    return max(day_first, month_first, key=lambda found: sum(found.values()))


def _choose_day_or_month_first(table: Table) -> None:
    """A column whose dates fit both readings follows the columns that fit one."""
    certain = [
        f for c in table.columns if not c.is_day_first_a_guess for f in c.formats
        if f.startswith(("%d", "%m")) and "%b" not in f
    ]  # fmt: skip
    month_first = {f.startswith("%m") for f in certain}
    if len(month_first) != 1:
        return
    for column in table.columns:
        if column.is_day_first_a_guess:
            column.is_day_first_a_guess = False
            if month_first == {True}:
                column.formats = tuple(_month_first(f) for f in column.formats)


def _choose_decimal_mark(table: Table) -> None:
    """Numbers that fit both marks follow those of the table that fit one."""
    numbers = [c for c in table.columns if c.share("number") >= 0.5]
    settled = {c.decimal_mark for c in numbers if c.share("point") + c.share("comma")} - {"?"}
    for column in numbers:
        if column.decimal_mark == "?":
            column.is_mark_a_guess = column.is_mark_a_guess and len(settled) != 1
            column.decimal_mark = next(iter(settled)) if len(settled) == 1 else "."
