"""A conformed layer of a few records, and the identity layer that dbt builds over it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

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
    """

    folder: Path
    namespaces: tuple[str, ...]
    overrides: list[str] = field(default_factory=list)
    duplicate_free: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

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
        seeds = ["--select", "customer_360.policy", "--full-refresh"]
        models = ["--select", "customer_360.identity", "--indirect-selection", "cautious"]
        without = ["unit_test"] if is_tested else ["unit_test", "test"]
        excluded = [word for kind in without for word in ("--exclude-resource-type", kind)]
        for command in (["seed", *seeds], ["build", *models, *excluded]):
            failed = [r for r in run_dbt(self.settings, command) if r.is_failure]
            close_connections()
            assert not failed, [(r.unique_id, r.message) for r in failed]

    def fill(self, records: Iterable[Record]) -> None:
        """Fill the conformed layer with these records and nothing else."""
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
            for record in records:
                row = {
                    "source_system": record.system,
                    "source_record_id": record.number,
                    "record_key": record.key,
                    **record.attributes,
                }
                con.execute(
                    f"insert into conformed.customer_records ({', '.join(row)}) "
                    f"values ({', '.join('?' * len(row))})",
                    list(row.values()),
                )
                for namespace, value in record.values.items():
                    con.execute(
                        "insert into conformed.identity_observations by name select "
                        "? as source_system, ? as source_record_id, ? as record_key, "
                        "? as namespace, ? as identity_value, 1 as observation_count, "
                        "? as given_name, ?::date as birth_date, "
                        "?::timestamp as first_observed_at, ?::timestamp as last_observed_at",
                        [record.system, record.number, record.key, namespace, value]
                        + [record.attributes.get(name) for name in ("given_name", "birth_date")]
                        + 2 * [record.seen],
                    )

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

    def _policy(self, seed: str, rows: Iterable[str]) -> None:
        path = self.settings.dbt_project_dir / "seeds" / "policy" / f"{seed}.csv"
        with path.open(newline="") as handle:
            header = next(csv.reader(handle))
        text = "\n".join([",".join(header), *rows]) + "\n"
        if path.read_text() != text:
            path.write_text(text)
