"""The demo company's files as a stranger reads them: standard library only, documented rules only.

A row is set aside when its line has another number of fields than the header (or is no JSON), its
key is missing, its date or amount cannot be read, its date lies after the period, or it is a line
of an order that does not exist. Of rows that are equal in every field, one is kept.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]

INSTANT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ?")
AMOUNT = re.compile(r"-?\d+\.\d\d")


@dataclass(frozen=True)
class Rules:
    """What makes a row of one table unusable: its key, and the columns that must be readable."""

    key: str
    instant: str
    amount: str | None = None


RULES = {
    "web_shop/customers": Rules("customer_id", "updated_at"),
    "web_shop/orders": Rules("order_id", "ordered_at", "total_amount"),
    "web_shop/order_lines": Rules("order_id", "booked_at", "line_amount"),
    "web_tracking/events": Rules("event_id", "occurred_at"),
    "email_marketing/contacts": Rules("contact_id", "updated_at"),
    "email_marketing/message_events": Rules("message_event_id", "occurred_at"),
    "email_marketing/consents": Rules("consent_id", "recorded_at"),
}


@dataclass
class Table:
    """One table's accepted rows and what was set aside."""

    rows: list[Row] = field(default_factory=list)
    bad: Counter[str] = field(default_factory=Counter)
    rows_written: int = 0
    duplicates: int = 0
    late: int = 0


class Company:
    """All files of one demo company, read once."""

    def __init__(self, landing_dir: Path, truth_dir: Path) -> None:
        self.landing_dir, self.truth_dir = landing_dir, truth_dir
        self.totals: Row = json.loads((truth_dir / "totals.json").read_text())
        self.parameters: Row = json.loads((truth_dir / "parameters.json").read_text())
        self.end = self.parameters["end_on"]
        self.tables = {name: self._read(name, rules) for name, rules in RULES.items()}
        self._set_orphans_aside()
        self._read_loyalty()
        self.people = list(read_csv(truth_dir / "people.csv"))
        self.records = list(read_csv(truth_dir / "records.csv"))
        self.products = list(read_csv(landing_dir / "web_shop/products/products.csv"))
        self.campaigns = list(read_csv(landing_dir / "email_marketing/campaigns/campaigns.csv"))

    def rows(self, name: str) -> list[Row]:
        """Accepted rows of a table."""
        return self.tables[name].rows

    def owners(self, source_system: str) -> dict[str, str]:
        """Person by record of one system."""
        return {
            row["source_record_id"]: row["person_id"]
            for row in self.records
            if row["source_system"] == source_system
        }

    def _read(self, name: str, rules: Rules) -> Table:
        table, seen = Table(), set()
        for path in sorted((self.landing_dir / name).rglob("*.*")):
            for values in read_lines(path):
                table.rows_written += 1
                reason = self._reason(values, rules)
                if reason:
                    table.bad[reason] += 1
                    continue
                assert values is not None
                fields = tuple(values.values())
                if fields in seen:
                    table.duplicates += 1
                    continue
                seen.add(fields)
                table.rows.append(values)
                table.late += path.stem.endswith("_late")
        return table

    def _reason(self, row: Row | None, rules: Rules) -> str | None:
        if row is None:
            return "broken_line"
        if not row[rules.key]:
            return "missing_key"
        if not INSTANT.fullmatch(row[rules.instant]):
            return "unreadable_date"
        if row[rules.instant] >= self.end:
            return "future_date"
        if rules.amount and not AMOUNT.fullmatch(row[rules.amount]):
            return "unreadable_amount"
        return None

    def _set_orphans_aside(self) -> None:
        lines = self.tables["web_shop/order_lines"]
        orders = {row["order_id"] for row in self.rows("web_shop/orders")}
        found = len(lines.rows)
        lines.rows = [row for row in lines.rows if row["order_id"] in orders]
        if len(lines.rows) < found:
            lines.bad["orphan"] = found - len(lines.rows)

    def _read_loyalty(self) -> None:
        database = sqlite3.connect(self.landing_dir / "loyalty/loyalty.sqlite")
        database.row_factory = sqlite3.Row
        members, ledger = Table(), Table()
        for row in map(dict, database.execute("select * from members")):
            members.rows_written += 1
            if row["member_no"] is None:
                members.bad["missing_key"] += 1
            else:
                members.rows.append(row)
        for row in map(dict, database.execute("select * from points_ledger")):
            ledger.rows_written += 1
            reason = None
            if row["member_no"] is None:
                reason = "missing_member"
            elif not isinstance(row["points"], int):
                reason = "unreadable_points"
            elif not INSTANT.fullmatch(row["booked_at"]):
                reason = "unreadable_date"
            elif row["booked_at"] >= self.end:
                reason = "future_date"
            if reason:
                ledger.bad[reason] += 1
            else:
                ledger.rows.append(row)
        self.tiers = {
            row["tier"]: row["threshold_points"]
            for row in map(dict, database.execute("select * from tiers"))
        }
        self.tables |= {"loyalty/members": members, "loyalty/points_ledger": ledger}
        database.close()


def read_csv(path: Path) -> Iterator[Row]:
    """Rows of a sound CSV file."""
    with path.open(newline="", encoding="utf-8") as opened:
        yield from csv.DictReader(opened)


def read_lines(path: Path) -> Iterator[Row | None]:
    """Rows of a CSV or NDJSON file; nothing for a line that is no row."""
    with path.open(newline="", encoding="utf-8") as opened:
        if path.suffix == ".ndjson":
            for line in opened:
                try:
                    yield json.loads(line)
                except ValueError:
                    yield None
            return
        lines = csv.reader(opened)
        header = next(lines)
        for fields in lines:
            yield dict(zip(header, fields, strict=True)) if len(fields) == len(header) else None
