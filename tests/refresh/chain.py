"""All layers that can be refreshed, one after the other, as a run does it."""

from __future__ import annotations

import shutil
from copy import copy
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from orchestration.settings import DBT_PROJECT_DIR
from tests.refresh.deliveries import Company
from tests.refresh.lab import WITHOUT, Lab

AFTER = ("identity", "profile", "value")
VALUE = (
    "order_amounts",
    "customer_totals",
    "customer_attributes",
    "loyalty_points",
    "message_conversions",
    "message_responses",
    "campaign_responses",
    "decile_values",
    "period_sums",
    "period_measures",
    "purchase_days",
    "revenue_by_category",
)

MERGE_POLICIES = {
    "merge_policies": ("often,whole_graph,most_frequent,false", "apart,none,recent,false"),
    "merge_rules": (
        "often,email,least_recent",
        "often,address,most_filled",
        "often,member_since,most_frequent",
        "source_precedence,birth_date,least_recent",
    ),
    "merge_source_order": ("source_precedence,phone,email_marketing,1",),
}
"""Policies beside those that are shipped, so that every rule is refreshed, too."""


class Chain(Lab):
    """A lab with identity, profile and the tables of value per profile and per order.

    Parameters:
        folder: see `Lab`.
    """

    def __init__(self, folder: Path) -> None:
        others = {path.stem for path in (DBT_PROJECT_DIR / "models" / "value").rglob("*.[sp]*")}
        left_out = [*WITHOUT, *sorted(others - set(VALUE)), "*_unit_tests"]
        super().__init__(folder, ("staging", "conformed", *AFTER), left_out)
        # Of so few records nothing is learned.
        policy = self.settings.dbt_project_dir / "seeds" / "policy"
        rules = policy / "match_settings.csv"
        text = rules.read_text()
        rules.write_text(text.replace("training_records,100,", "training_records,1000000,"))
        assert rules.read_text() != text
        for seed, rows in MERGE_POLICIES.items():
            with (policy / f"{seed}.csv").open("a") as handle:
                handle.writelines(f"{row},x\n" for row in rows)

    def begin(self, company: Company, today: date) -> None:
        """Everything built whole."""
        self.load(company, today)
        self.build(policy=True)
        self.decide()
        self.remember_nothing()
        self.build(layers=AFTER)

    def land(self, company: Company, today: date) -> None:
        """What has landed since brought into the first two layers."""
        self.load(company, today)
        self.build(self.refreshed)

    def follow(self) -> None:
        """Bring it into all others."""
        self.build(self.refreshed, layers=AFTER)

    def copied(self, folder: Path) -> Chain:
        """The same with a warehouse of its own, as it is now."""
        other = copy(self)
        other.settings = replace(self.settings, data_dir=folder)
        shutil.copytree(self.settings.data_dir, folder)
        return other

    def decide(self, *decisions: str) -> None:
        """Say which records belong together or do not: rows of identity_overrides, and no others.

        Parameters:
            decisions: `always_link` or `never_link` and two records, as `system:number`.
        """
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            con.execute("delete from policy.identity_overrides")
            for decision in decisions:
                kind, one, other = decision.split()
                con.execute(
                    "insert into policy.identity_overrides by name select ? as decision, "
                    "? as source_system_a, ? as source_record_id_a, ? as source_system_b, "
                    "? as source_record_id_b, 'x' as author, 'x' as reason",
                    [kind, *one.split(":"), *other.split(":")],
                )
