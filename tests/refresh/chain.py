"""All layers that can be refreshed, one after the other, as a run does it."""

from __future__ import annotations

import shutil
from copy import copy
from dataclasses import replace
from datetime import date
from pathlib import Path
from unittest import mock

import duckdb

import orchestration.identity.refresh.refresh as identity
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.transform.dbt import close_connections
from tests.refresh.deliveries import Company
from tests.refresh.lab import WITHOUT, Lab

AFTER = ("profile", "value")
VALUE = (
    "order_amounts",
    "customer_totals",
    "customer_attributes",
    "loyalty_points",
    "campaign_responses",
)
RULES = "the same"


class Chain(Lab):
    """A lab with identity, profile and the tables of value per profile and per order.

    Parameters:
        folder: see `Lab`.
    """

    def __init__(self, folder: Path) -> None:
        others = {path.stem for path in (DBT_PROJECT_DIR / "models" / "value").rglob("*.[sp]*")}
        left_out = [*WITHOUT, *sorted(others - set(VALUE)), "*_unit_tests"]
        super().__init__(folder, ("staging", "conformed", "identity", *AFTER), left_out)
        # Of so few records nothing is learned.
        rules = self.settings.dbt_project_dir / "seeds" / "policy" / "match_rules.csv"
        text = rules.read_text()
        rules.write_text(text.replace("training_records,100,", "training_records,1000000,"))
        assert rules.read_text() != text

    def begin(self, company: Company, today: date) -> None:
        """Everything built whole."""
        self.load(company, today)
        self.build(policy=True)
        self.decide()
        self._build_identity()
        self.build(layers=AFTER)

    def land(self, company: Company, today: date) -> None:
        """What has landed since brought into the first two layers."""
        self.load(company, today)
        self.build(self.refreshed)

    def follow(self) -> bool:
        """Bring it into all others; returns whether identity was refreshed.

        What comes after a layer that was built whole is built whole as well.
        """
        # Of few records many have changed, or are new since it was last tried to learn of them.
        with (
            self.in_environment(),
            mock.patch.object(identity, "LARGEST_SHARE", 1.0),
            mock.patch.object(identity, "is_worth_another_try", return_value=False),
        ):
            refreshed = identity.refresh(self.settings, self.manifest, RULES)
        close_connections()
        if refreshed is None:
            self._build_identity()
        else:
            identity.remember(self.settings, self.manifest, RULES, refreshed)
        self.build(self.refreshed if refreshed else (), layers=AFTER)
        return refreshed is not None

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

    def _build_identity(self) -> None:
        self.build(layers=("identity",))
        identity.remember(self.settings, self.manifest, RULES, None)
