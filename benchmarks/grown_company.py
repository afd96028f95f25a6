"""A large company out of a small one: its layers repeated with other ids, addresses and numbers.

A demo company runs once; then each table that is asked for is repeated until there are enough
people, in the order in which its model writes it.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from benchmarks.harness import RESULTS, child, demo_company, environment_for, measure
from orchestration.errors import UserError
from orchestration.limits import Limits
from orchestration.terminal import Console

DEMO = 10_000
AT_ONCE = 16
"""Copies that are put into a table in one statement."""
PERSON = "printf('p%04x', copy) || substr(md5({column}), 1, 12)"
"""Ids in the order of the copies, so that no table with a row per person has to be sorted."""
OWN = "{column} || '-' || copy"
OTHER = {
    "profile_id": PERSON,
    "profile_id_then": PERSON,
    "current_profile_id": PERSON,
    "split_from_profile_id": PERSON,
    "stitched_id": PERSON,
    "household_id": "{column} || copy",
    "record_key": OWN,
    "source_record_id": OWN,
    "order_id": OWN,
    "message_id": OWN,
    "message_event_id": OWN,
    "consent_id": OWN,
    "identity_value": "copy || '-' || {column}",
    "contact_value": "copy || '-' || {column}",
    "email": "copy || '-' || {column}",
    "activity_id": "md5({column} || copy)",
    "key_value": f"case key_kind when 'source_record' then {{column}} || '-' || copy "
    f"when 'identity' then copy || '-' || {{column}} else {PERSON} end",
    # Words of mailboxes and numbers are a person's own, names are not.
    "term": "case when attribute in ('email', 'phone', 'login', 'loyalty_id') "
    "then {column} || copy else {column} end",
}
"""What a column holds in a further copy."""


def grow(
    folder: Path,
    customers: int,
    bytes_per_person: int,
    tables: Callable[[Path], Mapping[str, str]],
    console: Console,
) -> None:
    """The warehouse of a demo company, repeated; made once and kept for further rounds.

    Parameters:
        folder: where it stands.
        customers: people, at least.
        bytes_per_person: of room on the disk that is needed.
        tables: given the company's data folder, the tables that grow, and the columns by which
            each is ordered, empty for none.
        console: where progress goes.

    Raises:
        UserError: there is not enough room on the disk, or the run failed.
    """
    if (folder / "grown").exists():
        return
    RESULTS.mkdir(parents=True, exist_ok=True)
    needed = customers * bytes_per_person
    if shutil.disk_usage(RESULTS).free < needed:
        raise UserError(f"The benchmark needs {needed / 1e9:.0f} GB of free disk in {RESULTS}.")
    company = demo_company(DEMO, console)
    console.print("Running the demo company …")
    measure("run", child("orchestration.cli", "run"), environment_for(company))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(company / "warehouse.duckdb", folder / "warehouse.duckdb")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        limits = Limits.from_env()
        con.execute(f"set memory_limit = '{limits.memory_limit}'; set threads = {limits.threads}")
        con.execute("set preserve_insertion_order = false")
        [(people,)] = con.execute("select count(*) from profile.profiles").fetchall()
        copies = math.ceil(customers / people)
        for table, order in tables(company).items():
            console.print(f"  {table}, {copies} times")
            _repeat(con, table, order, copies)
    (folder / "grown").touch()


def _repeat(con: duckdb.DuckDBPyConnection, table: str, order: str, copies: int) -> None:
    other = ", ".join(
        f"cast({OTHER.get(name, '{column}').format(column=name)} as {kind}) as {name}"
        for name, kind, *_ in con.execute(f"describe {table}").fetchall()
    )
    grown, by = f"{table.split('.')[0]}.grown", f" order by {order}" if order else ""
    con.execute(f"create table {grown} as from {table} limit 0")
    step = AT_ONCE if order.endswith("profile_id") and "term" not in order else copies
    for first in range(0, copies, step):
        con.execute(
            f"insert into {grown} select {other} from {table}, "
            f"range({first}, {min(first + step, copies)}) as copies (copy){by}"
        )
    con.execute(f"drop table {table}")
    con.execute(f"alter table {grown} rename to {table.split('.')[1]}")
