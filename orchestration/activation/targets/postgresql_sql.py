"""The statements of a PostgreSQL destination: how a batch becomes rows of the table."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.activation.definitions import Sync
from orchestration.ingest.sql import quoted

BATCH = "pg_temp.c360_batch"
MARKERS = "customer_360_batches"
"""In the schema of the table: which batches arrived. Its rows are written with theirs."""
OF_ROWS = (
    "data_exception or integrity_constraint_violation or cardinality_violation or raise_exception "
    "or program_limit_exceeded"
)
"""Conditions that are about a row, and not about the table or the server."""
COLUMNS = """
    select a.attname::text
    from pg_attribute as a
    join pg_class as c on c.oid = a.attrelid
    join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped
        and c.relkind in ('r', 'p', 'v', 'f')
    order by a.attnum
"""
UNIQUE = """
    select count(*)
    from pg_index as i
    join pg_class as c on c.oid = i.indrelid
    join pg_namespace as n on n.oid = c.relnamespace
    join pg_attribute as a on a.attrelid = c.oid and a.attnum = i.indkey[0]
    where n.nspname = $1 and c.relname = $2 and a.attname = $3 and i.indisunique
        and i.indnkeyatts = 1 and i.indpred is null and i.indexprs is null
"""


@dataclass(frozen=True)
class Table:
    """The table of a destination, and what a sync does with it.

    Attributes:
        schema, name: of the table.
        sync: whose rows come.
    """

    schema: str
    name: str
    sync: Sync

    @property
    def place(self) -> str:
        """The table, quoted."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def markers(self) -> str:
        """The table of arrived batches, quoted."""
        return f"{quoted(self.schema)}.{MARKERS}"

    @property
    def columns(self) -> list[str]:
        """The columns that a sync writes, the key first."""
        return [self.sync.key, *(name for name in self.sync.columns if name != self.sync.key)]

    @property
    def needs_unique(self) -> bool:
        """Whether the table has to know that a key has one row."""
        return self.sync.mode not in ("append", "update")

    def statement(self, operation: str) -> str:
        """Write the whole batch, or row by row where single ones are refused.

        What was refused is named in the batch's column `reason`; everything else is done.
        """
        whole, single = (self._write(operation, rows) for rows in ("true", "b.place = r"))
        return f"""
            do $c360$
            declare r integer; code text; named text;
            begin
                begin
                    {whole};
                exception when {OF_ROWS} then
                    for r in select place from {BATCH} order by place loop
                        begin
                            {single};
                        exception when {OF_ROWS} then
                            get stacked diagnostics code = returned_sqlstate,
                                named = constraint_name;
                            update {BATCH} set reason = code || '.' || named where place = r;
                        end;
                    end loop;
                end;
            end $c360$
        """

    def _write(self, operation: str, which: str) -> str:
        key = quoted(self.sync.key)
        typed = (
            f"select b.place, x.* from {BATCH} as b cross join lateral jsonb_populate_record("
            f"null::{self.place}, b.payload::jsonb || b.key::jsonb) as x where {which}"
        )
        if operation == "remove":
            return f"delete from {self.place} as t using ({typed}) as x where t.{key} = x.{key}"
        listed = ", ".join(quoted(name) for name in self.columns)
        values = ", ".join(f"x.{quoted(name)}" for name in self.columns)
        changed = ", ".join(
            f"{quoted(name)} = {self._new(name, '{}')}" for name in self.columns[1:]
        ).replace("{}", "excluded" if self.sync.mode != "update" else "x")
        if self.sync.mode == "update":
            return (
                f"with done as (update {self.place} as t set {changed} from ({typed}) as x "
                f"where t.{key} = x.{key} returning x.place) update {BATCH} as b "
                f"set reason = 'absent' where {which} "
                "and not exists (select 1 from done where done.place = b.place)"
            )
        insert = f"insert into {self.place} as t ({listed}) select {values} from ({typed}) as x"
        if self.sync.mode == "append":
            return insert
        how = f"update set {changed}" if changed else "nothing"
        return f"{insert} on conflict ({key}) do {how}"

    def _new(self, name: str, where: str) -> str:
        """A column's new value; what was left out because it is empty stays as it is there."""
        new = f"{where}.{quoted(name)}"
        return new if self.sync.nulls == "send" else f"coalesce({new}, t.{quoted(name)})"
