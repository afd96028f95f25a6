"""A conformed layer of a few records, and the identity layer that dbt builds over it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.transform.parsing import load_manifest
from tests.own_data import project_copy
from tests.parsed import parsed

EMPTY = (
    "orders", "events", "message_events", "consents", "support_contacts", "interactions",
    "uploaded_records",
)  # fmt: skip


@dataclass
class Record:
    """A source record: the values it shows, when it was last seen with them, and its columns.

    Attributes:
        key: `system:number`.
        values: identity values by namespace.
        seen: the day, ISO 8601.
        attributes: columns of conformed.customer_records besides the keys.
    """

    key: str
    values: Mapping[str, str]
    seen: str = "2026-01-01"
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def system(self) -> str:
        return self.key.split(":")[0]

    @property
    def number(self) -> str:
        return self.key.split(":")[1]


@dataclass
class Lab:
    """A data folder with a project of its own.

    Attributes:
        folder: where both are made.
        namespaces: rows of identity_namespaces, namespace first.
        overrides: rows of identity_overrides.
        duplicate_free: systems without duplicates.
        rules: rows of record_match_rules.
        units: rows of business_units.
        loaded: the policy that is in the warehouse, by name.
    """

    folder: Path
    namespaces: tuple[str, ...]
    overrides: list[str] = field(default_factory=list)
    duplicate_free: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    loaded: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        project = project_copy(self.folder / "project")
        self.settings = parsed(Settings(self.folder / "data", self.folder / "landing", project))
        self._policy("identity_namespaces", self.namespaces)

    def build(self, records: Iterable[Record], is_tested: bool = True) -> None:
        """Fill the conformed layer with these records and nothing else, and build identity.

        Parameters:
            records: all there are.
            is_tested: run dbt's tests of the layer as well, which take most of the time.
        """
        self.fill(records)
        models = ["--select", "customer_360.identity", "--indirect-selection", "cautious"]
        without = ["unit_test"] if is_tested else ["unit_test", "test"]
        excluded = [word for kind in without for word in ("--exclude-resource-type", kind)]
        commands = [["build", *models, *excluded]]
        policy = self._policy_text()
        if policy != self.loaded:
            commands.insert(0, ["seed", "--select", "customer_360.policy", "--full-refresh"])
            self.loaded = policy
        for command in commands:
            failed = [r for r in run_dbt(self.settings, command) if r.is_failure]
            close_connections()
            assert not failed, [(r.unique_id, r.message) for r in failed]

    def fill(self, records: Iterable[Record]) -> None:
        """Fill the conformed layer with these records and nothing else."""
        records = list(records)
        self._policy("identity_overrides", self.overrides)
        self._policy("record_match_rules", self.rules)
        listed = [f"{s},{n},true,x" for n, s in enumerate(self.duplicate_free, start=1)]
        self._policy("source_precedence", listed)
        self._policy("business_units", self.units)
        manifest = load_manifest(self.settings)
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            con.execute("create schema if not exists conformed")
            con.execute("create schema if not exists operations")
            for name in ("customer_records", "identity_observations", *EMPTY):
                columns = manifest["nodes"][f"model.customer_360.{name}"]["columns"].values()
                typed = ", ".join(f"{c['name']} {c['data_type']}" for c in columns)
                con.execute(f"create or replace table conformed.{name} ({typed})")
            _insert(con, "customer_records", [_row(record) for record in records])
            _insert(con, "identity_observations", [o for r in records for o in _observations(r)])

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of the warehouse."""
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as con:
            return con.execute(sql).fetchall()

    def profiles(self) -> dict[str, str]:
        """Each record's profile id."""
        return dict(self.query("select record_key, profile_id from identity.identity_map"))  # type: ignore[arg-type]

    def people(self) -> set[frozenset[str]]:
        """The records of each profile."""
        found: dict[str, set[str]] = {}
        for record, profile in self.profiles().items():
            found.setdefault(profile, set()).add(record)
        return {frozenset(records) for records in found.values()}

    def _policy_text(self) -> dict[str, str]:
        folder = self.settings.dbt_project_dir / "seeds" / "policy"
        return {path.name: path.read_text() for path in folder.glob("*.csv")}

    def _policy(self, seed: str, rows: Iterable[str]) -> None:
        path = self.settings.dbt_project_dir / "seeds" / "policy" / f"{seed}.csv"
        with path.open(newline="") as handle:
            header = next(csv.reader(handle))
        text = "\n".join([",".join(header), *rows]) + "\n"
        if path.read_text() != text:
            path.write_text(text)


def _row(record: Record) -> dict[str, str | None]:
    return {
        "source_system": record.system,
        "source_record_id": record.number,
        "record_key": record.key,
        **record.attributes,
    }


def _observations(record: Record) -> Iterator[dict[str, str | None]]:
    for namespace, value in record.values.items():
        yield {
            "source_system": record.system,
            "source_record_id": record.number,
            "record_key": record.key,
            "namespace": namespace,
            "identity_value": value,
            "observation_count": "1",
            "given_name": record.attributes.get("given_name"),
            "birth_date": record.attributes.get("birth_date"),
            "first_observed_at": record.seen,
            "last_observed_at": record.seen,
        }


def _insert(
    con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, str | None]]
) -> None:
    """Rows into a table of the conformed layer, in one statement."""
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {n: pa.array([row.get(n) for row in rows], pa.string()) for n in names}
    con.register("told", pa.table(columns))
    con.execute(f"insert into conformed.{table} by name from told")
    con.unregister("told")
