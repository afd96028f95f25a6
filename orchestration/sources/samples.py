"""A large sample of a table as text in DuckDB, on which everything else is decided by SQL."""

from __future__ import annotations

import codecs
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import file_list, first_line, literal, quoted
from orchestration.sources import databases
from orchestration.sources.dialect import header_of, opened
from orchestration.sources.drafts import Column, Table
from orchestration.sources.names import unique_names
from orchestration.sources.overrules import IGNORE, meaning_said

WHOLE_ROWS = 1_000_000
POSITION = '"the row\'s position in its file"'
"""A name that no column of a file has: one may well be called position."""
BLOCK_ROWS = 2_000
FILES = 200
LINE_BYTES = 32 * 1024 * 1024
# What DuckDB decodes without an extension, which would be a download.
NATIVE_ENCODINGS = {"utf-8": "utf-8", "utf-16": "utf-16", "latin-1": "latin-1"}


def read_sample(
    con: duckdb.DuckDBPyConnection, table: Table, renames: dict[str, str] | None = None
) -> None:
    """Fill a table's columns and the DuckDB table `table.sample`.

    The sample has a text column per column, `source_file` and `source_row`. Up to a million rows
    it is everything; beyond that, whole blocks of rows spread over the files, because the lines of
    one order stand together and single rows would look unique.

    Parameters:
        con: a connection in memory.
        table: a table that was found.
        renames: what a column is to be called instead of its name in the file.

    Raises:
        UserError: nothing of the table can be read.
    """
    table.sample = f"sample_{table.name}"
    files = _spread(table.files)
    with tempfile.TemporaryDirectory(prefix="c360_") as folder:
        try:
            select, names, types = _selection(con, table, files, Path(folder))
            table.columns = _columns(names, types, renames or {})
            listed = ", ".join(
                f"cast({quoted(n)} as varchar) as {quoted(c.name)}"
                for n, c in zip(names, table.columns, strict=True)
            )
            # Exports that were joined have their header in the middle as well.
            repeated = " and ".join(f"{quoted(n)} is not distinct from {literal(n)}" for n in names)
            if len(names) > 1 and table.format == "csv":
                select = f"select * from ({select}) where not ({repeated})"
            con.execute(
                f"create or replace table rows_read as select {listed}, source_file, "
                f"row_number() over (partition by source_file order by {POSITION}) as source_row, "
                f"{POSITION} from (select *, row_number() over () as {POSITION} from ({select}))"
            )
        except duckdb.Error as error:
            text = first_line(error).replace(folder, "")
            where = table.files[0] if table.files else table.database_table
            raise UserError(
                f"{where} can't be read as {table.format}: {text[:200]}. Open it and check that it "
                "is what its ending says."
            ) from None
    total = con.execute("select count(*) from rows_read").fetchall()[0][0]
    table.is_whole = total <= WHOLE_ROWS and len(files) == len(table.files)
    step = -(-total // WHOLE_ROWS)
    con.execute(
        f"create or replace table {quoted(table.sample)} as "
        f"select * exclude ({POSITION}), "
        "regexp_matches(source_file, '(^|/)Deletes/') as is_deleted from rows_read "
        f"where {step} <= 1 or (({POSITION} - 1) // {BLOCK_ROWS}) % {max(step, 1)} = 0"
    )
    con.execute("drop table rows_read")
    con.unregister("arrow_rows")
    table.rows = con.execute(f"select count(*) from {quoted(table.sample)}").fetchall()[0][0]


def _spread(files: tuple[Path, ...]) -> list[Path]:
    step = -(-len(files) // FILES) if files else 1
    return list(files[::step])


def _columns(names: Sequence[str], types: Sequence[str], renames: dict[str, str]) -> list[Column]:
    wanted = [renames.get(n, renames.get(n.strip(), n)) for n in names]
    safe = unique_names(
        [n.strip() if w == IGNORE else w.strip() for n, w in zip(names, wanted, strict=True)]
    )
    columns = [
        Column(name=s, source_name=n, file_type=t)
        for s, n, t in zip(safe, names, types, strict=True)
    ]
    for column, name, want in zip(columns, names, wanted, strict=True):
        if want is not name:
            means = meaning_said(want)
            column.means = None if means == IGNORE else means
            column.said.add("meaning")
    return columns


def _selection(
    con: duckdb.DuckDBPyConnection, table: Table, files: list[Path], folder: Path
) -> tuple[str, list[str], list[str]]:
    """A query over the rows with `source_file`, the names in the file and their types."""
    match table.format:
        case "csv":
            return _csv(table, files, folder)
        case "parquet":
            scan = f"read_parquet({file_list(files)}, union_by_name=true, filename=true)"
            described = con.execute(f"describe select * exclude (filename) from {scan}").fetchall()
            names = [str(row[0]) for row in described]
            return _from_scan(table, scan, names), names, [_file_type(str(r[1])) for r in described]
        case "ndjson" | "json":
            listed = file_list(files)
            kind = "newline_delimited" if table.format == "ndjson" else "auto"
            common = (
                f"format='{kind}', ignore_errors={str(table.format == 'ndjson').lower()}, "
                f"filename=true, maximum_object_size={LINE_BYTES}"
            )
            described = con.execute(
                f"describe select * exclude (filename) from read_json({listed}, {common}, "
                "maximum_depth=1, sample_size=-1, union_by_name=true)"
            ).fetchall()
            names = [str(row[0]) for row in described]
            struct = ", ".join(f"{literal(n)}: 'VARCHAR'" for n in names)
            scan = f"read_json({listed}, {common}, columns={{{struct}}})"
            return _from_scan(table, scan, names), names, ["string"] * len(names)
        case "excel":
            return _excel(con, table, files)
        case _:
            return _database(con, table)


def _from_scan(table: Table, scan: str, names: Sequence[str], file_column: str = "filename") -> str:
    told = f"replace({file_column}, {literal(str(table.root) + '/')}, '')"
    return f"select {', '.join(map(quoted, names))}, {told} as source_file from {scan}"


def _csv(table: Table, files: list[Path], folder: Path) -> tuple[str, list[str], list[str]]:
    options = table.options
    encoding = options.get("encoding", "utf-8")
    header = header_of(files[0], options)
    if not header:
        raise UserError(f"{files[0]} has no line that could be a header or a row.")
    # Ingest finds columns by their name, so one without a name of its own can't be loaded.
    times = Counter(header)
    names = [n for n in header if n and times[n] == 1]
    positions = [f"c{i}" for i in range(len(header))]
    table.unnamed = len(header) - len(names)
    readable = []
    for number, path in enumerate(files):
        if encoding in NATIVE_ENCODINGS and path.suffix.lower() != ".zip":
            readable.append(path)
            continue
        # Decoded into a file of its own name, in blocks.
        target = folder / str(number) / path.name.removesuffix(".gz").removesuffix(".zip")
        target.parent.mkdir(parents=True)
        with (
            opened(path, options.get("member"), folder) as raw,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            shutil.copyfileobj(codecs.getreader(encoding)(raw, "replace"), out, 1 << 20)
        readable.append(target)
    listed = file_list(readable)
    native = (
        encoding if encoding in NATIVE_ENCODINGS and ".zip" not in str(readable[0]) else "utf-8"
    )
    skip = options.get("skip_lines", 0)
    common = (
        f"auto_detect=false, filename=true, skip={skip}, ignore_errors=true, null_padding=false, "
        f"encoding={literal(native)}, max_line_size={LINE_BYTES}"
    )
    if options.get("delimiter") == "whitespace":
        cells = ", ".join(f"nullif(parts[{i + 1}], '') as c{i}" for i in range(len(header)))
        first = "offset 1" if options.get("header", True) else ""
        scan = (
            f"(select {cells}, filename from (select filename, "
            "regexp_split_to_array(trim(line), '\\s+') as parts from (select * from read_csv("
            f"{listed}, {common}, header=false, columns={{'line': 'VARCHAR'}}, delim='\x1f', "
            f"quote='', escape='', strict_mode=false) {first}) where trim(line) <> ''))"
        )
    else:
        quote = options.get("quote", '"')
        struct = ", ".join(f"{c}: 'VARCHAR'" for c in positions)
        scan = (
            f"read_csv({listed}, {common}, columns={{{struct}}}, "
            f"header={'true' if options.get('header', True) else 'false'}, "
            f"delim={literal(options.get('delimiter', ','))}, quote={literal(quote)}, "
            f"escape={literal(quote)}, strict_mode=true)"
        )
    named = ", ".join(f"c{i} as {quoted(n)}" for i, n in enumerate(header) if n and times[n] == 1)
    select = _from_scan(table, f"(select {named}, filename from {scan})", names)
    if any(p.is_relative_to(folder) for p in readable):
        select = select.replace(literal(str(table.root) + "/"), literal(str(folder) + "/"))
    return select, names, ["string"] * len(names)


def _excel(
    con: duckdb.DuckDBPyConnection, table: Table, files: list[Path]
) -> tuple[str, list[str], list[str]]:
    import fastexcel

    book = fastexcel.read_excel(str(files[0]))
    sheet = book.load_sheet(table.options["sheet"], dtypes="string")
    names = [c.name for c in sheet.selected_columns]
    con.register("arrow_rows", sheet.to_arrow())
    told = str(files[0].relative_to(table.root))
    return (
        f"select *, {literal(told)} as source_file from arrow_rows",
        names,
        ["string"] * len(names),
    )


def _database(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[str, list[str], list[str]]:
    name = databases.quoted(table.database_table or table.name)
    if table.format == "sqlite":
        name = quoted(table.database_table or table.name)
    with databases.connect(table) as cursor:
        cursor.execute(f"select * from {name} limit 0")
        names = [str(column[0]) for column in cursor.description]
        listed = ", ".join(f"cast({quoted(n)} as text) as {quoted(n)}" for n in names)
        cursor.execute(f"select {listed} from {name} limit {WHOLE_ROWS}")
        con.register("arrow_rows", cursor.fetch_arrow_table())
    told = f"postgresql:{table.database_table}" if table.url else table.files[0].name
    return (
        f"select *, {literal(told)} as source_file from arrow_rows",
        names,
        ["string"] * len(names),
    )


def _file_type(duckdb_type: str) -> str:
    kind = duckdb_type.upper()
    if kind.startswith("DECIMAL"):
        return kind.lower()
    if kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"):
        return "bigint"
    if kind in ("DOUBLE", "FLOAT"):
        return "double"
    if kind.startswith("TIMESTAMP"):
        return "timestamp"
    return kind.lower() if kind in ("DATE", "BOOLEAN") else "string"
