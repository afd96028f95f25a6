"""Orders of a test's own, and the lifetime models that dbt builds over them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections, run_dbt
from tests.own_data import project_copy
from tests.parsed import parsed

MODELS = ("clv_settings", "path:models/value/lifetime_value", "customer_lifetime_value")
TABLES = (
    "clv_splits", "clv_inputs", "clv_parameters", "clv_scores", "clv_judged", "clv_cutoffs",
    "clv_uncertainty", "clv_intervals", "clv_coverage", "clv_calibration", "clv_candidates",
    "clv_backtest",
)  # fmt: skip


@dataclass
class Lab:
    """A data folder with a project of its own.

    Attributes:
        folder: where both are made.
    """

    folder: Path

    def __post_init__(self) -> None:
        project = project_copy(self.folder / "project")
        self.settings = parsed(Settings(self.folder / "data", self.folder / "landing", project))

    def set(self, **values: float) -> None:
        """Change settings in the project's seed."""
        path = self.settings.dbt_project_dir / "seeds" / "policy" / "clv_settings.csv"
        lines = path.read_text().splitlines()
        for name, value in values.items():
            place = next(n for n, line in enumerate(lines) if line.startswith(name + ","))
            comment = lines[place].split(",", 2)[2]
            lines[place] = f"{name},{value},{comment}"
        path.write_text("\n".join(lines) + "\n")

    def fill(self, orders: Iterable[tuple[str, date, float]], as_of: date) -> None:
        """Orders as value.order_amounts and value.customer_attributes hold them, and the clock."""
        who, on, amount = zip(*orders, strict=True) if orders else ((), (), ())
        rows = pa.table(
            {
                "profile_id": pa.array(who, pa.string()),
                "bought_on": pa.array(on, pa.date32()),
                "amount": pa.array(amount, pa.float64()),
            }
        )
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            con.register("rows", rows)
            con.execute("create schema if not exists value")
            con.execute("create schema if not exists conformed")
            con.execute("create schema if not exists operations")
            con.execute(
                "create or replace table value.order_amounts as select profile_id, "
                "'shop' as source_system, bought_on::timestamp as ordered_at, true as is_order, "
                "amount >= 0 as is_kept, null::decimal(18, 2) as margin_amount, "
                "0::decimal(18, 2) as returned_amount, amount::decimal(18, 2) as net_amount, "
                "amount::decimal(18, 2) as gross_amount, 'USD' as currency from rows"
            )
            con.execute(
                "create or replace table value.customer_attributes as select profile_id, "
                "sum(net_amount)::decimal(18, 2) as net_amount, min(currency) as currency, "
                "min(ordered_at) as first_ordered_at, max(ordered_at) as last_ordered_at, "
                "count(*) as order_count from value.order_amounts group by profile_id"
            )
            con.execute(
                "create or replace table conformed.refresh_period as select "
                "?::timestamp as as_of_at, ?::date as as_of_on, "
                "date_trunc('month', ?::date)::date as month_start_on",
                [as_of, as_of, as_of],
            )

    def build(self, *options: str) -> None:
        """Build and test the models.

        Raises:
            AssertionError: a model or a test failed.
        """
        try:
            command = ["build", "--select", *MODELS, "--indirect-selection", "cautious"]
            command += ["--exclude-resource-type", "unit_test", *options]
            failed = [r for r in run_dbt(self.settings, command) if r.is_failure]
        finally:
            close_connections()
        assert failed == []

    def write(self, *statements: str) -> None:
        """Change tables behind the models' back."""
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            for statement in statements:
                con.execute(statement)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as con:
            return con.execute(sql).fetchall()

    def content(self, table: str) -> list[tuple[Any, ...]]:
        """All of a table, in an order of its own."""
        return self.rows(f"select * from value.{table} order by all")
