"""A night's delivery: new, late, changed, repeated and withdrawn rows of every source, as files.

DuckDB chooses and makes the rows from what the files hold, by set operations and a hash, so equal
files and an equal seed give an equal delivery. What is chosen is a unit (an account, an order with
its lines, a visit), and each unit has one fate. CSV and NDJSON get new files; rows are withdrawn by
a file below `Deletes/`. The loyalty programme is its own database, so its rows are changed there.

A second delivery comes over what the first has left: it takes up many of the first one's units
again, withdraws its file of late rows, and takes half of the rows out of its file of changed ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb

from benchmarks.delivered_tables import LATEST, NDJSON, SQLITE, TABLES, DeliveredTable

SHARES = {"new": 0.006, "changed": 0.002, "withdrawn": 0.001, "late": 0.0005, "repeated": 0.0005}
"""Of the units there are: one per cent in all, and at least one unit of each."""

DAYS = 3
"""New rows are spread over as many days as the company takes for so much."""

AGAIN = 20
"""How much likelier than others a unit of an earlier delivery is chosen."""

FILE = "update-{number:04d}"
"""Sorts behind `part-`: between versions of one instant the later file name decides."""

Counts = dict[str, dict[str, int]]


def deliver(landing_dir: Path, number: int, end_on: date, seed: int, spill_dir: Path) -> Counts:
    """Put a delivery beside the files that are there.

    Parameters:
        landing_dir: the landing folder of a demo company, with the earlier deliveries.
        number: counts from 1.
        end_on: first day after the company's history; the deliveries' days follow it.
        seed: the same seed chooses the same rows.
        spill_dir: where DuckDB may spill.

    Returns:
        Rows of each fate by table.
    """
    counts: Counts = {}
    with duckdb.connect(
        config={"threads": 2, "memory_limit": "1800MB", "temp_directory": str(spill_dir)}
    ) as con:
        con.execute("set enable_progress_bar = false")
        night = _Night(con, landing_dir, number, end_on, seed)
        for table in TABLES:
            night.choose(table)
            counts[table.name] = night.make(table)
        # Only now, so that all of them were chosen from the same files.
        for table in TABLES:
            night.write(table)
            night.take_back(table)
    return counts


class _Night:
    """One delivery on its way."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        landing_dir: Path,
        number: int,
        end_on: date,
        seed: int,
    ) -> None:
        self.con, self.landing_dir, self.number, self.seed = con, landing_dir, number, seed
        self.first_on = end_on + timedelta(days=DAYS * (number - 1))
        # The night before the last of its days, so that no account is told of from the future.
        last_on = self.first_on + timedelta(days=DAYS - 1)
        self.delivered_at = datetime.combine(last_on, time(hour=3))

    def choose(self, table: DeliveredTable) -> None:
        """Choose units and what becomes of each: table `chosen_<source>_<table>`."""
        self._read(table)
        if table.chosen_by:
            return
        units, drawn = "units_of_table", f"hash(unit || '{self.seed} {self.number}')"
        self.con.execute(
            f"create or replace temp table {units} as select {table.unit} as unit, "
            f"min(cast({table.instant} as timestamp)) as begins_at, "
            f"bool_or(filename like '%update-%') as is_again from ({_sound(table)}) group by 1"
        )
        (count,) = self.con.execute(f"select count(*) from {units}").fetchall()[0]
        limits, placed = [], 0
        for fate, share in SHARES.items():
            placed += max(1, round(count * share))
            limits.append(f"when place <= {placed} then '{fate}'")
        self.con.execute(
            f"create or replace temp table {_chosen(table)} as select unit, "
            f"case {' '.join(limits)} end as kind, hash(unit || 'other') % 2 = 0 as is_other, "
            f"case when place <= {max(1, round(count * SHARES['new']))} then "
            f"date_diff('day', begins_at, timestamp '{self.first_on}') "
            f"+ (hash(unit || 'day') % {DAYS})::int else 0 end as shift "
            f"from (select *, row_number() over (order by {drawn}::double "
            f"/ case when is_again then {AGAIN} else 1 end, unit) as place from {units}) "
            f"where place <= {placed}"
        )

    def make(self, table: DeliveredTable) -> dict[str, int]:
        """Make the rows: table `made_<source>_<table>`, the file's columns and `kind`."""
        end_at = datetime.combine(self.first_on + timedelta(days=DAYS), time())
        values = []
        for column in table.columns:
            new, changed = (x.get(column, column) for x in (table.new, table.changed))
            value = f"case when kind in ('new', 'late') then ({new})::varchar "
            value += f"when kind = 'changed' then ({changed})::varchar "
            if table.is_told_anew and column == table.instant:
                value += "when kind = 'withdrawn' then delivered_at "
            values.append(f"{value} else {column} end as {column}")
        self.con.execute(
            f"create or replace temp table {_made(table)} as with newest as ("
            f"select rows.*, kind, is_other, shift, '{self.number}' as number, "
            f"'{self.delivered_at}' as delivered_at from ({_sound(table)}) as rows "
            f"inner join {_chosen(table)} on unit = {table.unit} where {table.sound} "
            f"qualify row_number() over (partition by {', '.join(table.key)} "
            f"order by cast({table.instant} as timestamp) desc, rows) = 1) "
            f"select {', '.join(values)}, kind from newest"
        )
        # What happens within a unit after the delivery's last day has not happened yet.
        self.con.execute(
            f"delete from {_made(table)} where kind = 'new' "
            f"and cast({table.instant} as timestamp) >= timestamp '{end_at}'"
        )
        found = self.con.execute(f"select kind, count(*) from {_made(table)} group by 1").fetchall()
        return {fate: dict(found).get(fate, 0) for fate in SHARES}

    def write(self, table: DeliveredTable) -> None:
        """Bring the rows to where the source's declaration expects them."""
        if table.format == SQLITE:
            self._change_database(table)
            return
        for fate in SHARES:
            columns = ", ".join(table.columns)
            path = self._file(table, fate, self.number)
            if fate == "withdrawn":
                columns = ", ".join((*table.key, table.instant))
            path.parent.mkdir(parents=True, exist_ok=True)
            query = f"select {columns} from {_made(table)} where kind = '{fate}' order by all"
            self._copy(query, path)

    def take_back(self, table: DeliveredTable) -> None:
        """Withdraw a file of the delivery before, and half of the rows of another one."""
        if table.format == SQLITE or self.number == 1:
            return
        self._file(table, "late", self.number - 1).unlink(missing_ok=True)
        path = self._file(table, "changed", self.number - 1)
        rows = f"from {_scan(table, [path])} where hash({table.unit}) % 2 = 0"
        part = path.with_suffix(".part")
        self._copy(f"select {', '.join(table.columns)} {rows} order by all", part, path.suffix)
        part.replace(path)

    def _copy(self, query: str, path: Path, suffix: str = "") -> None:
        is_json = (suffix or path.suffix) == ".ndjson"
        form = "format json" if is_json else "format csv, header"
        self.con.execute(f"copy ({query}) to {_text(path)} ({form})")

    def _file(self, table: DeliveredTable, fate: str, number: int) -> Path:
        folder = self.landing_dir / table.system / table.table
        if fate == "withdrawn":
            folder /= "Deletes"
        return folder / f"{FILE.format(number=number)}-{fate}.{table.format}"

    def _read(self, table: DeliveredTable) -> None:
        """Show the rows that the files hold, but deletions: view or table `<source>_<table>`."""
        name = table.name.replace(".", "_")
        if table.format == SQLITE:
            # DuckDB's extension for SQLite would be a download.
            import adbc_driver_sqlite.dbapi as sqlite

            with sqlite.connect(str(self._database)) as database, database.cursor() as cursor:
                # As text: a column of SQLite may hold values of several types.
                texts = (f"cast({column} as text) as {column}" for column in table.columns)
                cursor.execute(f"select {', '.join(texts)} from {table.table}")
                found = cursor.fetch_arrow_table()
            self.con.register("found", found)
            # Rows of an earlier delivery end with its number.
            again = f"case when regexp_matches({table.key[0]}, '-[0-9]$') then 'update-' end"
            self.con.execute(
                f"create or replace temp table {name} as select *, {again} as filename from found"
            )
            self.con.unregister("found")
            return
        folder = self.landing_dir / table.system / table.table
        files = sorted(f for f in folder.rglob(f"*.{table.format}") if f.parent.name != "Deletes")
        self.con.execute(f"create or replace temp view {name} as from {_scan(table, files)}")

    @property
    def _database(self) -> Path:
        return self.landing_dir / "loyalty" / "loyalty.sqlite"

    def _change_database(self, table: DeliveredTable) -> None:
        made, key = _made(table), table.key[0]
        with closing(sqlite3.connect(self._database)) as database, database:
            gone = self.con.execute(f"select {key} from {made} where kind = 'withdrawn'").fetchall()
            database.executemany(f"delete from {table.table} where {key} = ?", gone)
            # Its primary key leaves no room for a repetition: the row is written over itself.
            told = self.con.execute(
                f"select {', '.join(table.columns)} from {made} where kind <> 'withdrawn' "
                "order by all"
            ).fetchall()
            marks = ", ".join("?" * len(table.columns))
            database.executemany(f"insert or replace into {table.table} values ({marks})", told)


def _sound(table: DeliveredTable) -> str:
    """Rows with a key and an instant that can be."""
    keys = [f"coalesce({column}, '') <> ''" for column in table.key]
    instant = f"try_cast({table.instant} as timestamp) < timestamp '{LATEST}'"
    source = table.name.replace(".", "_")
    return f"select * from {source} where {' and '.join([*keys, instant])}"


def _scan(table: DeliveredTable, files: Sequence[Path]) -> str:
    names = f"[{', '.join(map(_text, files))}]"
    columns = ", ".join(f"'{column}': 'varchar'" for column in table.columns)
    form = f"columns = {{{columns}}}, filename = true, ignore_errors = true"
    if table.format == NDJSON:
        return f"read_json({names}, format = 'newline_delimited', {form})"
    return f"read_csv({names}, header = true, auto_detect = false, {form})"


def _chosen(table: DeliveredTable) -> str:
    return f"chosen_{(table.chosen_by or table.name).replace('.', '_')}"


def _made(table: DeliveredTable) -> str:
    return f"made_{table.name.replace('.', '_')}"


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
