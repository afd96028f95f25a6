"""A demo company whose data arrive day by day."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

ARRIVES = {
    "customers": "updated_at",
    "orders": "ordered_at",
    "order_lines": "booked_at",
    "contacts": "updated_at",
    "consents": "recorded_at",
    "campaigns": "started_at",
    "message_events": "occurred_at",
    "events": "occurred_at",
}
"""By folder, the column that says when a row comes; what has none is there from the start."""
LOYALTY = {"members": "updated_at", "points_ledger": "booked_at"}


class Arriving:
    """The rows of a company on their way into a landing folder.

    Parameters:
        whole: the landing folder with all of them.
        landing: the folder they arrive in.
    """

    def __init__(self, whole: Path, landing: Path) -> None:
        self.whole, self.landing = whole, landing
        self.last = date.min

    def until(self, day: date) -> None:
        """Deliver what came since the last delivery: a new file per table, a database anew."""
        for path in sorted(self.whole.rglob("*.*")):
            if path.suffix in (".csv", ".ndjson"):
                self._deliver(path, day)
        target = self.landing / "loyalty" / "loyalty.sqlite"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.whole / "loyalty" / target.name, target)
        with closing(sqlite3.connect(target)) as loyalty:
            for table, column in LOYALTY.items():
                loyalty.execute(f"delete from {table} where date({column}) > ?", [str(day)])
            loyalty.commit()
        self.last = day

    def _deliver(self, path: Path, day: date) -> None:
        lines = path.read_text().split("\n")[:-1]
        header = [lines.pop(0)] if path.suffix == ".csv" else []
        column = ARRIVES.get(path.parent.name, "")
        news = [ln for ln in lines if self.last < _came(ln, header, column) <= day]
        if news:
            folder = self.landing / path.parent.relative_to(self.whole)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{path.stem}-{day}{path.suffix}").write_text("\n".join([*header, *news, ""]))


def _came(line: str, header: list[str], column: str) -> date:
    """When a row comes; what can't be read comes at once."""
    try:
        row = dict(zip(*csv.reader([*header, line]), strict=False)) if header else json.loads(line)
        return date.fromisoformat(str(row.get(column))[:10])
    except (ValueError, csv.Error):
        return date(1, 1, 2)
